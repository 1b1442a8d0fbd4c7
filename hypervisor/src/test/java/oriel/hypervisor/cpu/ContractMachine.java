package oriel.hypervisor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.bus.Mmio;
import oriel.hypervisor.bus.PortIo;
import oriel.hypervisor.memory.GuestMemory;

/** A processor of either back end with memory, ports that are noted, and an APIC that a test scripts. */
public final class ContractMachine implements AutoCloseable, PortIo, Mmio {
    /** Where 32- and 64-bit code goes. */
    public static final long CODE = 0x10_0000;

    /** Where handlers of exceptions and interrupts are. */
    public static final long HANDLER = 0x11_0000;

    /** A stack's end. */
    public static final long STACK = 0x20_0000;

    /** Where real-mode code goes. */
    public static final long REAL_CODE = 0x7C00;

    /** A window of memory-mapped registers. */
    public static final long REGISTERS = 0xFEC0_0000L;

    /** Page tables of long mode: the first 16 MiB as they are, in pages of 2 MiB. */
    public static final long TABLES = 0x8000;

    private static final long GDT = 0x5000, IDT = 0x6000;
    private static final int CODE32 = 0x08, CODE64 = 0x10, DATA = 0x18;

    /** As long as a guest of a few instructions may take on the slowest host. */
    private static final int TURNS = 2000;

    private static final long TURN = 10_000_000;

    /** 16 MiB. */
    public final GuestMemory memory = new GuestMemory(16 << 20);

    /** With all ports below 1000H, and {@link #REGISTERS}. */
    public final IoBus bus = new IoBus();

    /** Its interrupts. */
    public final ScriptedInterrupts interrupts = new ScriptedInterrupts();

    /** What the guest did to devices. */
    public final List<String> accesses = new ArrayList<>();

    /** The processor. */
    public final Vcpu cpu;

    /** What to do at an access, after it was noted. */
    public Runnable atAccess = () -> {};

    /** What a test makes its processor of. */
    public record Parts(GuestMemory memory, IoBus bus, InterruptSource interrupts, MachineClock clock) {}

    /** Around a processor. */
    public ContractMachine(Function<Parts, Vcpu> processor) {
        bus.addPorts(0, 0x1000, this);
        bus.addMmio(REGISTERS, 0x1000, this);
        cpu = processor.apply(new Parts(memory, bus, interrupts, new HostClock()));
    }

    @Override
    public int readPort(int port, int size) {
        accesses.add("in%d %x".formatted(8 * size, port));
        atAccess.run();
        return 0x4142_4344 + port;
    }

    @Override
    public void writePort(int port, int size, int value) {
        accesses.add("out%d %x %x".formatted(8 * size, port, value));
        atAccess.run();
    }

    @Override
    public long readMmio(long offset, int size) {
        accesses.add("read%d %x".formatted(8 * size, offset));
        atAccess.run();
        return 0x8877_6655_4433_2211L;
    }

    @Override
    public void writeMmio(long offset, int size, long value) {
        accesses.add("write%d %x %x".formatted(8 * size, offset, value));
        atAccess.run();
    }

    /** Puts bytes into memory. */
    public void load(long at, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        memory.write(at, bytes, 0, bytes.length);
    }

    /** Real mode at {@link #REAL_CODE}, with an interrupt table of zeroes and a stack at 7000H. */
    public void realMode(String code) {
        load(REAL_CODE, code);
        cpu.reset();
        CpuState state = cpu.state();
        for (int i = 0; i < 6; i++) {
            state.segments[i].set(0, 0, 0xFFFF, i == CpuState.CS ? 0x9B : 0x93);
        }
        state.rip = REAL_CODE;
        state.gpr[CpuState.RSP] = 0x7000;
        cpu.stateChanged();
    }

    /** Protected mode, flat, at privilege level 0. */
    public void protectedMode(String code) {
        prepareFlat(code);
        enter(CODE32, 0xC09B);
        cpu.state().cr0 = 0x33;
        cpu.stateChanged();
    }

    /** 64-bit mode at privilege level 0; every exception and interrupt ends at {@link #HANDLER}. */
    public void longMode(String code) {
        prepareFlat(code);
        enter(CODE64, 0xA09B);
        CpuState state = cpu.state();
        state.cr0 = 0x8000_0033L;
        state.cr3 = TABLES;
        state.cr4 = 0x620;
        state.efer = 0x500;
        cpu.stateChanged();
    }

    private void prepareFlat(String code) {
        load(CODE, code);
        memory.write(GDT + CODE32, 8, 0x00CF_9B00_0000_FFFFL);
        memory.write(GDT + CODE64, 8, 0x00AF_9B00_0000_FFFFL);
        memory.write(GDT + DATA, 8, 0x00CF_9300_0000_FFFFL);
        long gate = interruptGate(HANDLER);
        for (int vector = 0; vector < 256; vector++) {
            memory.write(IDT + vector * 16L, 8, gate);
        }
        memory.write(TABLES, 8, TABLES + 0x1000 | 3);
        memory.write(TABLES + 0x1000, 8, TABLES + 0x2000 | 3);
        for (int i = 0; i < 8; i++) {
            memory.write(TABLES + 0x2000 + i * 8L, 8, (long) i << 21 | 0x83);
        }
        // The devices, the fourth GiB's last 32 MiB.
        memory.write(TABLES + 0x1000 + 3 * 8, 8, TABLES + 0x3000 | 3);
        for (int i = 496; i < 512; i++) {
            memory.write(TABLES + 0x3000 + i * 8L, 8, 0xC000_0000L + ((long) i << 21) | 0x83);
        }
    }

    private static long interruptGate(long handler) {
        return handler & 0xFFFF | (long) CODE64 << 16 | 0x8E00L << 32 | (handler >> 16) << 48;
    }

    private void enter(int selector, int access) {
        cpu.reset();
        CpuState state = cpu.state();
        state.segments[CpuState.CS].set(selector, 0, 0xFFFF_FFFFL, access);
        for (int i : new int[] {CpuState.ES, CpuState.SS, CpuState.DS, CpuState.FS, CpuState.GS}) {
            state.segments[i].set(DATA, 0, 0xFFFF_FFFFL, 0xC093);
        }
        state.gdtBase = GDT;
        state.gdtLimit = 0x1F;
        state.idtBase = IDT;
        state.idtLimit = 0xFFF;
        state.rip = CODE;
        state.gpr[CpuState.RSP] = STACK;
    }

    /** Runs to HLT. */
    public CpuState run() {
        assertThat(runOn()).isEqualTo(CpuExit.HALTED);
        return cpu.state();
    }

    /** Runs to HLT or a shutdown. */
    public CpuExit runOn() {
        for (int i = 0; i < TURNS; i++) {
            CpuExit exit = cpu.run(TURN);
            if (exit != CpuExit.BUDGET) {
                return exit;
            }
        }
        throw new AssertionError("still running at " + Long.toHexString(cpu.state().rip));
    }

    @Override
    public void close() {
        cpu.close();
        memory.close();
    }

    /** The host's time; nothing happens by timers here. */
    private static final class HostClock implements MachineClock {
        private final long start = System.nanoTime();

        @Override
        public long nanos() {
            return System.nanoTime() - start;
        }

        @Override
        public long wallNanos() {
            return 0;
        }

        @Override
        public Timer newTimer(String name, Runnable expired) {
            return new Timer() {
                @Override
                public void armAt(long deadlineNanos) {}

                @Override
                public void cancel() {}

                @Override
                public long deadline() {
                    return Long.MAX_VALUE;
                }
            };
        }
    }
}
