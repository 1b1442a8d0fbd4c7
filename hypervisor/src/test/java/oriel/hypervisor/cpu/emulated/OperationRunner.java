package oriel.hypervisor.cpu.emulated;

import java.util.Arrays;
import java.util.Random;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.cpu.CpuState;

/** Executes operations that no decoder made, one at a time: an interpreter with the units it needs, in long mode. */
final class OperationRunner implements AutoCloseable {
    private static final int DISTANCE = 16, BLOCKS = 4096;

    private final TestMachine machine = TestMachine.longMode(false, TranslationPolicy.NEVER);
    private final GuestFault fault = new GuestFault();
    private final Mmu mmu;
    private final CodeCache cache;
    private final Interpreter interpreter;
    private final BlockBuilder builder = new BlockBuilder();
    private int blocks;

    /**
     * What came of it.
     *
     * @param vector of the exception, or -1
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by its user
    record Result(int vector, long[] slots, long flags, byte[] data) {}

    private static final class NoClock implements MachineClock {
        @Override
        public long nanos() {
            return 0;
        }

        @Override
        public long wallNanos() {
            return 0;
        }

        @Override
        public Timer newTimer(String name, Runnable expired) {
            throw new UnsupportedOperationException();
        }
    }

    OperationRunner(TranslationPolicy policy) {
        CpuState state = machine.state;
        CpuModel model = CpuModel.orielV2();
        mmu = new Mmu(state, machine.memory, machine.bus, fault);
        cache = new CodeCache(machine.memory, mmu, state, policy, model, null);
        SystemUnit system = new SystemUnit(state, mmu, fault, machine.bus, machine.interrupts, new NoClock(), model);
        Units units = new Units(
                system,
                new SseUnit(state, mmu, fault),
                new X87Unit(state, mmu, fault),
                new Random(TestMachine.RANDOM_SEED));
        Decoder decoder = new Decoder(machine.memory, mmu, cache, model);
        interpreter = new Interpreter(state, mmu, cache, decoder, fault, units);
        mmu.contextChanged();
    }

    /**
     * Runs one.
     *
     * @param slots the registers' and the temporaries'
     * @param data what is at {@link TestMachine#DATA}
     */
    Result run(long word, long[] slots, long flags, byte[] data) {
        if (++blocks == BLOCKS) {
            cache.clear();
            blocks = 1;
        }
        long at = TestMachine.CODE + (long) blocks * DISTANCE;
        CpuState state = machine.state;
        machine.memory.write(TestMachine.DATA, data, 0, data.length);
        System.arraycopy(slots, 0, state.gpr, 0, slots.length);
        state.rflags = flags;
        state.rip = at;
        interpreter.refresh(false);
        builder.reset();
        builder.beginInstruction((int) at & 0xFFF);
        builder.add(word);
        builder.op(Op.FALL_THROUGH, 0, 0, (int) (at + DISTANCE) & 0xFFF);
        CodeCache.Block block = cache.add(builder, at, interpreter.mode, DISTANCE, -1, 0);
        state.gpr[Op.RIP_BASE] = at & -0x1000;
        interpreter.left = 1;
        interpreter.flagKind = Flags.EAGER;
        int vector = interpreter.execute(block.start) ? -1 : fault.vector;
        interpreter.materialise();
        byte[] after = new byte[data.length];
        machine.memory.read(TestMachine.DATA, after, 0, after.length);
        return new Result(vector, Arrays.copyOf(state.gpr, slots.length), state.rflags, after);
    }

    @Override
    public void close() {
        if (cache.translations != null) {
            cache.translations.close();
        }
        machine.close();
    }
}
