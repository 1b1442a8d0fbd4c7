package oriel.hypervisor.cpu.kvm;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.bus.PortIo;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.GuestGate;
import oriel.hypervisor.cpu.InterruptSource;
import oriel.hypervisor.cpu.emulated.CpuModel;
import oriel.hypervisor.memory.GuestMemory;

/**
 * What this host's KVM is good for, found out by running a guest of a few bytes in it. There are hosts with a
 * {@code /dev/kvm} that interprets what a kernel executes: everything works there, a thousand times slower than by our own
 * processor. Immutable.
 *
 * @param instructionsPerSecond of a loop at privilege level 0
 * @param exitsPerSecond port writes that reach a device of ours
 * @param tscKhz rate of the time stamp counter
 * @param stampSettable whether that counter can be set
 * @param deadlineExits whether a write of IA32_TSC_DEADLINE reaches us
 * @param supported what CPUID can say
 */
public record KvmHost(
        long instructionsPerSecond,
        long exitsPerSecond,
        int tscKhz,
        boolean stampSettable,
        boolean deadlineExits,
        List<Kvm.SupportedLeaf> supported) {
    /** A loop must run at 500 million instructions a second: any real processor does four times that. */
    public static final long FAST_INSTRUCTIONS = 500_000_000;

    /** And 20,000 exits a second must be possible: a nested hypervisor does that, an interpreter behind it doesn't. */
    public static final long FAST_EXITS = 20_000;

    private static final long PROBE_NANOS = 10_000_000, LONGEST_NANOS = 5_000_000_000L;
    private static final int TRIES = 3, PORT = 0x80, MEMORY = 1 << 20, CODE = 0x1000;

    /** Why KVM can't be used at all, or what it is good for. */
    public sealed interface Finding {
        /** It can't. */
        record Unusable(String reason) implements Finding {}

        /** It can. */
        record Usable(KvmHost host) implements Finding {}
    }

    private static final class Once {
        static final Finding FINDING = probe();
    }

    /** Looks, the first time for up to some 80 ms; it doesn't change while this process lives. */
    public static Finding look() {
        return Kvm.present() ? Once.FINDING : new Finding.Unusable("there is no /dev/kvm that may be used");
    }

    /** The host, if its KVM can be used and is fast. */
    public static Optional<KvmHost> fastHost() {
        return look() instanceof Finding.Usable(KvmHost host) && host.fast() ? Optional.of(host) : Optional.empty();
    }

    /** Whether machines run faster by it than by our own processor. */
    public boolean fast() {
        return instructionsPerSecond >= FAST_INSTRUCTIONS && exitsPerSecond >= FAST_EXITS;
    }

    /** In what a processor of a model would fall short of it. */
    public HostLimits limits(CpuModel model) {
        boolean deadline = deadlineExits && tscKhz == HostLimits.TSC_KHZ;
        return HostLimits.of(new CpuidOffer(model, supported, deadline, tscKhz).missing(), tscKhz, stampSettable);
    }

    /** For people. */
    @Override
    public String toString() {
        return "KVM runs a loop at %.1f million instructions a second and leaves its guest up to %d times a second"
                .formatted(instructionsPerSecond / 1e6, exitsPerSecond);
    }

    /** Looks now. */
    static Finding probe() {
        try {
            return new Finding.Usable(measure());
        } catch (KvmException e) {
            return new Finding.Unusable(String.valueOf(e.getMessage()));
        }
    }

    private static KvmHost measure() {
        try (GuestMemory memory = new GuestMemory(MEMORY);
                Guest guest = new Guest(memory)) {
            guest.rate(() -> guest.writes, 0xE6, PORT, 0xEB, 0xFC); // has everything loaded that the others need
            // inc ecx; jmp back: two instructions a turn
            long instructions =
                    2 * guest.best(FAST_INSTRUCTIONS, () -> guest.cpu.state().gpr[CpuState.RCX], 0x41, 0xEB, 0xFD);
            // out 80h, al; jmp back
            long exits = guest.best(FAST_EXITS, () -> guest.writes, 0xE6, PORT, 0xEB, 0xFC);
            // mov ecx, 6E0h; wrmsr; hlt
            guest.load(0xB9, 0xE0, 0x06, 0x00, 0x00, 0x0F, 0x30, 0xF4);
            guest.runToHalt();
            return new KvmHost(
                    instructions,
                    exits,
                    guest.cpu.limits().tscKhz(),
                    guest.cpu.canSetTimeStamp(),
                    guest.deadlines > 0,
                    guest.machine.kvm().supportedCpuid());
        }
    }

    /** A processor in 32-bit mode without paging, with a clock, a port, and an APIC that never interrupts. */
    private static final class Guest implements AutoCloseable, PortIo, InterruptSource {
        final KvmMachine machine;
        final KvmCpu cpu;
        long writes;
        int deadlines;
        private final GuestMemory memory;
        private long base = 0xFEE0_0900L;
        private int priority;

        Guest(GuestMemory memory) {
            this.memory = memory;
            IoBus bus = new IoBus();
            bus.addPorts(PORT, 1, this);
            machine = new KvmMachine(memory, bus, new FreeClock(), true);
            boolean made = false;
            try {
                cpu = new KvmCpu(machine, 0, this, CpuModel.named("x86-64-v1"), new NoGate());
                made = true;
            } finally {
                if (!made) {
                    machine.close();
                }
            }
        }

        void load(int... code) {
            for (int i = 0; i < code.length; i++) {
                memory.write(CODE + i, 1, code[i]);
            }
            CpuState state = cpu.state();
            state.cr0 = 0x11; // PE, ET
            state.segments[CpuState.CS].set(0x08, 0, 0xFFFF_FFFFL, 0xC09B);
            for (int i : new int[] {CpuState.ES, CpuState.SS, CpuState.DS, CpuState.FS, CpuState.GS}) {
                state.segments[i].set(0x10, 0, 0xFFFF_FFFFL, 0xC093);
            }
            state.gpr[CpuState.RCX] = 0;
            state.rip = CODE;
            state.halted = false;
            cpu.stateChanged();
        }

        /** The best of some tries, as the host may have more to do. */
        long best(long enough, LongSupplier counter, int... code) {
            long best = 0;
            for (int i = 0; i < TRIES && best < enough; i++) {
                best = Math.max(best, rate(counter, code));
            }
            return best;
        }

        /** How far a counter comes in a second of the host processor's time. */
        long rate(LongSupplier counter, int... code) {
            load(code);
            long before = counter.getAsLong();
            ThreadMXBean threads = ManagementFactory.getThreadMXBean();
            long begin = threads.getCurrentThreadCpuTime();
            CpuExit exit = cpu.run(PROBE_NANOS);
            long nanos = threads.getCurrentThreadCpuTime() - begin;
            if (exit != CpuExit.BUDGET) {
                throw new KvmException("this host's KVM doesn't run a loop of two instructions: use --accel emulated");
            }
            return (counter.getAsLong() - before) * 1_000_000_000 / Math.max(1, nanos);
        }

        void runToHalt() {
            if (cpu.run(LONGEST_NANOS) != CpuExit.HALTED) {
                throw new KvmException("this host's KVM doesn't write a register: use --accel emulated");
            }
        }

        @Override
        public int readPort(int port, int size) {
            return 0;
        }

        @Override
        public void writePort(int port, int size, int value) {
            writes++;
        }

        @Override
        public boolean interruptPending() {
            return false;
        }

        @Override
        public int acknowledge() {
            throw new IllegalStateException("nothing is pending");
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
            return base;
        }

        @Override
        public void setApicBase(long value) {
            base = value;
        }

        @Override
        public long tscDeadline() {
            return 0;
        }

        @Override
        public void setTscDeadline(long tsc) {
            deadlines++;
        }

        @Override
        public void close() {
            cpu.close();
            machine.close();
        }
    }

    private static final class NoGate implements GuestGate {
        @Override
        public void leave() {}

        @Override
        public void enter() {}

        @Override
        public void select() {}
    }

    /** The host's time, and timers that nobody waits for. */
    private static final class FreeClock implements MachineClock {
        @Override
        public long nanos() {
            return System.nanoTime();
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
