package oriel.hypervisor.cpu.emulated;

import java.util.Random;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.InterruptSource;
import oriel.hypervisor.memory.GuestMemory;

/** A processor with memory and nothing else, in the mode a test wants, with helpers to load code and look at results. */
final class TestMachine implements AutoCloseable {
    /** Where code goes. */
    static final long CODE = 0x10_0000;

    /** Where the stack starts, downwards. */
    static final long STACK = 0x20_0000;

    /** Scratch data. */
    static final long DATA = 0x30_0000;

    /** Page tables of long mode: identity for the first GiB. */
    static final long TABLES = 0x8000;

    /** Of what RDRAND gives. */
    static final long RANDOM_SEED = 42;

    private static final int RING0_DATA = 0xC093, RING3_DATA = 0xC0F3;

    final GuestMemory memory = new GuestMemory(16 << 20);
    final IoBus bus = new IoBus();
    final Pic interrupts = new Pic();
    final EmulatedCpu cpu;
    final CpuState state;

    private TestMachine(TranslationPolicy policy) {
        this(policy, CpuModel.orielV2());
    }

    private TestMachine(TranslationPolicy policy, CpuModel model) {
        this(policy, model, null);
    }

    private TestMachine(TranslationPolicy policy, CpuModel model, @Nullable SharedCode shared) {
        cpu = new EmulatedCpu(
                memory, bus, interrupts, new StoppedClock(), new Random(RANDOM_SEED), model, policy, shared);
        state = cpu.state();
    }

    /** {@code -Doriel.test.translate=everything} runs the tests in translated code. */
    private static TranslationPolicy policy() {
        return "everything".equals(System.getProperty("oriel.test.translate"))
                ? TranslationPolicy.EVERYTHING
                : TranslationPolicy.HOT;
    }

    /** One interrupt line. */
    static final class Pic implements InterruptSource {
        int pending = -1;
        int priority;

        @Override
        public boolean interruptPending() {
            return pending >= 0;
        }

        @Override
        public int acknowledge() {
            int vector = pending;
            pending = -1;
            return vector;
        }

        @Override
        public int taskPriority() {
            return priority;
        }

        @Override
        public void setTaskPriority(int priorityClass) {
            priority = priorityClass;
        }

        @Override
        public long apicBase() {
            return 0xFEE0_0900L;
        }

        @Override
        public void setApicBase(long value) {}

        @Override
        public long tscDeadline() {
            return 0;
        }

        @Override
        public void setTscDeadline(long tsc) {}
    }

    private static final class StoppedClock implements MachineClock {
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

    /** 64-bit mode at privilege level 0 or 3, identity-mapped by 4 KiB pages in the first 16 MiB. */
    static TestMachine longMode(boolean user) {
        return longMode(user, policy());
    }

    /** The same with a policy of its own. */
    static TestMachine longMode(boolean user, TranslationPolicy policy) {
        return longMode(user, new TestMachine(policy));
    }

    /** The same with a processor of its own. */
    static TestMachine longMode(boolean user, CpuModel model) {
        return longMode(user, new TestMachine(policy(), model));
    }

    /** The same, sharing code with others. */
    static TestMachine longMode(TranslationPolicy policy, CpuModel model, SharedCode shared) {
        return longMode(false, new TestMachine(policy, model, shared));
    }

    private static TestMachine longMode(boolean user, TestMachine machine) {
        GuestMemory memory = machine.memory;
        memory.write(TABLES, 8, TABLES + 0x1000 | 7);
        memory.write(TABLES + 0x1000, 8, TABLES + 0x2000 | 7);
        for (int i = 0; i < 8; i++) {
            memory.write(TABLES + 0x2000 + i * 8L, 8, TABLES + 0x3000 + i * 0x1000L | 7);
            for (int k = 0; k < 512; k++) {
                memory.write(TABLES + 0x3000 + i * 0x1000L + k * 8L, 8, (i * 512L + k) << 12 | 7);
            }
        }
        machine.enterLongMode(user);
        return machine;
    }

    /** As new, but for memory. */
    void enterLongMode(boolean user) {
        state.halted = false;
        state.cr0 = 0x8001_0033L;
        state.cr3 = TABLES;
        state.cr4 = 0x6A0;
        state.efer = 0xD01;
        state.segments[CpuState.CS].set(user ? 0x33 : 0x10, 0, 0xFFFF_FFFFL, user ? 0xA0FB : 0xA09B);
        for (int i : new int[] {CpuState.ES, CpuState.SS, CpuState.DS, CpuState.FS, CpuState.GS}) {
            state.segments[i].set(user ? 0x2B : 0x18, 0, 0xFFFF_FFFFL, user ? RING3_DATA : RING0_DATA);
        }
        start(CODE);
    }

    /** 32-bit protected mode at privilege level 0, flat, no paging. */
    static TestMachine protectedMode() {
        return protectedMode(new TestMachine(policy()));
    }

    /** The same, sharing code with others. */
    static TestMachine protectedMode(TranslationPolicy policy, SharedCode shared) {
        return protectedMode(new TestMachine(policy, CpuModel.orielV2(), shared));
    }

    private static TestMachine protectedMode(TestMachine machine) {
        CpuState state = machine.state;
        state.cr0 = 0x33;
        state.segments[CpuState.CS].set(0x08, 0, 0xFFFF_FFFFL, 0xC09B);
        for (int i : new int[] {CpuState.ES, CpuState.SS, CpuState.DS, CpuState.FS, CpuState.GS}) {
            state.segments[i].set(0x10, 0, 0xFFFF_FFFFL, RING0_DATA);
        }
        machine.start(CODE);
        return machine;
    }

    /** Real mode at 0000:7C00. */
    static TestMachine realMode() {
        TestMachine machine = new TestMachine(policy());
        CpuState state = machine.state;
        for (int i = 0; i < 6; i++) {
            state.segments[i].set(0, 0, 0xFFFF, i == CpuState.CS ? 0x9B : 0x93);
        }
        machine.start(0x7C00);
        state.gpr[CpuState.RSP] = 0x7000;
        return machine;
    }

    private void start(long rip) {
        state.rip = rip;
        state.rflags = 2;
        java.util.Arrays.fill(state.gpr, 0);
        state.gpr[CpuState.RSP] = STACK;
        cpu.stateChanged();
    }

    /** Writes code at the instruction pointer, with HLT behind it. */
    TestMachine code(int... bytes) {
        load(state.rip, bytes);
        memory.write(state.rip + bytes.length, 1, 0xF4);
        return this;
    }

    void load(long at, int... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            memory.write(at + i, 1, bytes[i]);
        }
    }

    /** Runs to HLT. */
    TestMachine run() {
        CpuExit exit = cpu.run(1_000_000);
        if (exit != CpuExit.HALTED) {
            throw new AssertionError(exit + " at " + Long.toHexString(state.rip));
        }
        return this;
    }

    long register(int index) {
        return state.gpr[index];
    }

    @Override
    public void close() {
        cpu.close();
        memory.close();
    }
}
