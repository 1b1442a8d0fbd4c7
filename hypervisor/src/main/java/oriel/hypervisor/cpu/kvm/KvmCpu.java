package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.GuestGate;
import oriel.hypervisor.cpu.InterruptSource;
import oriel.hypervisor.cpu.ParallelVcpu;
import oriel.hypervisor.cpu.emulated.CpuModel;
import oriel.hypervisor.cpu.emulated.ResetState;
import oriel.hypervisor.memory.GuestMemory;

/**
 * A processor by KVM. The kernel has its registers while it runs; {@link #state} fetches them, {@link #stateChanged} sends
 * them back before the guest goes on.
 *
 * <p>An access to a device is an exit of KVM_RUN. The kernel completes the instruction when KVM_RUN is next called, so
 * before registers are looked at it is called once more, to return at once ({@code immediate_exit}).
 *
 * <p>All but {@link #kick} and {@link #nudge} is called with the machine's lock held, by any thread. A thread that wants
 * something of a processor whose guest executes gets it out first, and may find an access to a device that the
 * processor's own thread, waiting for the lock, hasn't done yet: it then does it in its place.
 */
public final class KvmCpu implements ParallelVcpu {
    private static final int IF = 0x200;
    private static final long SHORTEST_RUN_NANOS = 1_000_000;
    private static final long LOOK_AGAIN_NANOS = 20_000;

    private final KvmMachine machine;
    private final GuestMemory memory;
    private final IoBus bus;
    private final MachineClock clock;
    private final InterruptSource interrupts;
    private final GuestGate gate;
    private final KernelFile file;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment vector = arena.allocate(4, 4);
    private final RunPage page;
    private final RegisterFile registers;
    private final ExtendedState extended;
    private final ModelRegisters models;
    private final EventState events;
    private final HostLimits limits;
    private final CpuState state = new CpuState();
    private final ResetState resets;

    /** {@link #state} is what the processor has. */
    private boolean fetched;

    /** {@link #state} is what the processor is to have. */
    private boolean changed;

    /** The time stamp counter is to be set anew: the machine stood still. */
    private boolean stampStale = true;

    /** As {@link CpuState#tscOffset} was at last, at the latest when the guest asked for a timer. */
    private long stampOffset;

    private boolean shutdown;

    /** The guest will leave when it can take an interrupt. */
    private boolean windowRequested;

    /** The kernel was given an interrupt, and KVM_RUN hasn't been called since. */
    private boolean given;

    /** KVM_RUN returned for something that isn't done yet. */
    private boolean exitWaits;

    private int exitResult;

    /** It is done, but the kernel hasn't completed the instruction. */
    private boolean instructionWaits;

    private volatile boolean executing;
    private volatile boolean nudged;
    private volatile boolean kicked;
    private volatile @Nullable Object limited;
    private @Nullable Thread runner;
    private volatile int runnerNumber;

    /**
     * A processor in its reset state.
     *
     * @param number 0 for the boot processor; its APIC's id
     * @throws KvmException if the host can't run such a one
     */
    public KvmCpu(KvmMachine machine, int number, InterruptSource interrupts, CpuModel model, GuestGate gate) {
        this.machine = machine;
        this.memory = machine.memory();
        this.bus = machine.bus();
        this.clock = machine.clock();
        this.interrupts = interrupts;
        this.gate = gate;
        this.resets = new ResetState(state, model);
        file = machine.createProcessor(number);
        boolean made = false;
        try {
            Kvm kvm = machine.kvm();
            MemorySegment runPages = file.map(kvm.runPageSize);
            page = new RunPage(runPages);
            registers = new RegisterFile(file, arena);
            extended = new ExtendedState(file, arena, kvm.extension(Kvm.CAP_XCRS) > 0);
            models = new ModelRegisters(file, arena);
            events = new EventState(file, arena);
            limits = offer(kvm, model);
            reset();
            machine.add(this, runPages);
            made = true;
        } finally {
            if (!made) {
                close();
            }
        }
    }

    private HostLimits offer(Kvm kvm, CpuModel model) {
        if (kvm.extension(Kvm.CAP_TSC_CONTROL) > 0) {
            file.tryCall(Request.SET_TSC_KHZ, HostLimits.TSC_KHZ);
        }
        int khz = file.call(Request.GET_TSC_KHZ, 0);
        boolean deadline = machine.deadlineExits() && khz == HostLimits.TSC_KHZ;
        CpuidOffer offer = new CpuidOffer(model, kvm.supportedCpuid(), deadline, khz);
        offer.install(file);
        return HostLimits.of(offer.missing(), khz, models.canSetTimeStamp());
    }

    boolean canSetTimeStamp() {
        return models.canSetTimeStamp();
    }

    /** In what it falls short of its model. */
    public HostLimits limits() {
        return limits;
    }

    // ---- Running

    @Override
    public CpuExit run(long instructionBudget) {
        if (runner != Thread.currentThread()) {
            runner = Thread.currentThread();
            runnerNumber = KickSignal.thread();
        }
        Object limit = limit(instructionBudget);
        try {
            while (true) {
                nudged = false;
                if (kicked) {
                    kicked = false;
                    return CpuExit.BUDGET;
                }
                if (shutdown) {
                    return CpuExit.SHUTDOWN;
                }
                if (!runnable()) {
                    return CpuExit.HALTED;
                }
                if (limit != null && limited != limit) {
                    return CpuExit.BUDGET;
                }
                enter();
            }
        } finally {
            limited = null;
        }
    }

    /** KVM can't count instructions: an instruction is taken for a nanosecond. */
    private @Nullable Object limit(long instructions) {
        if (instructions == Long.MAX_VALUE) {
            return null;
        }
        Object limit = new Object();
        limited = limit;
        CompletableFuture.delayedExecutor(
                        Math.max(SHORTEST_RUN_NANOS, instructions), TimeUnit.NANOSECONDS, Runnable::run)
                .execute(() -> {
                    if (limited == limit) {
                        limited = null;
                        nudge();
                    }
                });
        return limit;
    }

    private boolean runnable() {
        if (state.waitForSipi || shutdown) {
            return false;
        }
        if (!state.halted) {
            return true;
        }
        return state.nmiPending && !state().nmiBlocked || interruptFlag() && interrupts.interruptPending();
    }

    private boolean interruptFlag() {
        return changed || fetched ? (state.rflags & IF) != 0 : page.interruptFlag();
    }

    private boolean readyForInterrupt() {
        if (changed) {
            return (state.rflags & IF) != 0 && !state.interruptShadow && state.interruptedDelivery == null;
        }
        return !given && page.readyForInterrupt();
    }

    private void enter() {
        machine.entering();
        offerInterrupt();
        if (stampStale) {
            setStamp();
        }
        page.cr8(interrupts.taskPriority());
        page.immediateExit(false);
        fetched = false;
        executing = true;
        gate.leave();
        try {
            // Whoever nudged before `executing` was set relies on this look; who comes later, on immediate_exit.
            if (!nudged) {
                exitResult = file.tryCall(Request.RUN, 0);
                exitWaits = true;
            }
        } finally {
            executing = false;
            gate.enter();
        }
        finishExit();
    }

    /** Gives the processor an interrupt if one waits and it can take it, else has it say when it can. */
    private void offerInterrupt() {
        boolean ready = readyForInterrupt();
        if (changed) {
            send();
        }
        if (state.nmiPending) {
            state.nmiPending = false;
            state.halted = false;
            file.call(Request.NMI, 0);
        }
        if (ready && interrupts.interruptPending()) {
            vector.set(JAVA_INT, 0, interrupts.acknowledge());
            file.call(Request.INTERRUPT, vector);
            given = true;
            state.halted = false;
        }
        windowRequested = interrupts.interruptPending();
        page.requestInterruptWindow(windowRequested);
    }

    /** Does what KVM_RUN returned for. */
    private void finishExit() {
        if (!exitWaits) {
            return; // another thread has done it, or the guest wasn't entered
        }
        exitWaits = false;
        given = false;
        if (exitResult == -KernelFile.EINTR || exitResult == -KernelFile.EAGAIN) {
            instructionWaits = false; // what waited has been completed before the kernel looked for signals
            took();
            return;
        }
        if (exitResult < 0) {
            throw new KvmException("KVM_RUN failed (error %d)".formatted(-exitResult));
        }
        instructionWaits = false;
        took();
        gate.select();
        machine.flushPutOff();
        switch (page.exitReason()) {
            case RunPage.EXIT_IO -> io();
            case RunPage.EXIT_MMIO -> mmio();
            case RunPage.EXIT_RDMSR -> readRegister();
            case RunPage.EXIT_WRMSR -> writeRegister();
            case RunPage.EXIT_HLT -> state.halted = true;
            case RunPage.EXIT_SHUTDOWN -> shutdown = true;
            case RunPage.EXIT_INTR, RunPage.EXIT_WINDOW, RunPage.EXIT_SET_TPR -> {}
            case RunPage.EXIT_INTERNAL_ERROR ->
                throw new KvmException(
                        "this host's KVM gave the guest up at %x (internal error %d): use --accel emulated"
                                .formatted(state().rip, page.internalError()));
            case RunPage.EXIT_FAIL_ENTRY ->
                throw new KvmException(
                        "the host's processor refuses the guest's state (reason %x): use --accel emulated"
                                .formatted(page.hardwareReason()));
            default -> throw new KvmException("KVM stopped for an unknown reason " + page.exitReason());
        }
    }

    /** Takes over what the guest did to its local APIC by registers of the processor. */
    private void took() {
        if (page.cr8() != interrupts.taskPriority()) {
            interrupts.setTaskPriority(page.cr8());
        }
        if (page.apicBase() != interrupts.apicBase()) {
            interrupts.setApicBase(page.apicBase());
        }
    }

    private void io() {
        instructionWaits = true;
        int port = page.ioPort();
        int size = page.ioSize();
        boolean out = page.ioOut();
        for (int i = 0; i < page.ioCount(); i++) {
            gate.select(); // an access may make us finish another processor's
            if (out) {
                bus.writePort(port, size, page.ioData(i));
            } else {
                page.ioData(i, bus.readPort(port, size));
            }
        }
    }

    private void mmio() {
        instructionWaits = true;
        long address = page.mmioAddress();
        int length = page.mmioLength();
        if (!memory.isMemory(address)) {
            if (page.mmioWrite()) {
                Accesses.write(bus, address, length, page.mmioData());
            } else {
                page.mmioData(Accesses.read(bus, address, length));
            }
            return;
        }
        // A ROM that is written, or memory that appeared while the access was under way.
        for (int i = 0; i < length; i++) {
            if (page.mmioWrite()) {
                memory.store(address + i, 1, page.mmioData() >>> 8 * i);
            } else {
                long mask = 0xFFL << 8 * i;
                page.mmioData(page.mmioData() & ~mask | memory.read(address + i, 1) << 8 * i);
            }
        }
    }

    private void readRegister() {
        instructionWaits = true;
        page.msrError(false);
        page.msrData(interrupts.tscDeadline());
    }

    private void writeRegister() {
        instructionWaits = true;
        page.msrError(false);
        // The counter and the machine's clock drift apart slowly, so they are compared when it matters.
        stampOffset = models.timeStamp() - clock.nanos();
        interrupts.setTscDeadline(page.msrData());
    }

    // ---- From outside

    @Override
    public void kick() {
        kicked = true;
        nudge();
    }

    @Override
    public void nudge() {
        nudged = true;
        if (executing) {
            page.immediateExit(true);
            KickSignal.send(runnerNumber);
        }
    }

    boolean executing() {
        return executing;
    }

    @Override
    public boolean wantsAttention() {
        if (executing) {
            return !nudged && (state.nmiPending || !windowRequested && interrupts.interruptPending());
        }
        return runnable();
    }

    /** Waits until the guest isn't executed. It won't be while the caller has the lock. */
    void leaveGuest() {
        while (executing) {
            nudge();
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
        }
        finishExit();
    }

    /** Has the kernel complete an instruction that was waiting for a device. */
    private void completeInstruction() {
        while (instructionWaits) {
            page.cr8(interrupts.taskPriority());
            page.immediateExit(true);
            exitResult = file.tryCall(Request.RUN, 0);
            exitWaits = true;
            finishExit();
        }
    }

    @Override
    public void standStill() {
        state();
        stampStale = true;
    }

    @Override
    public CpuState state() {
        leaveGuest();
        completeInstruction();
        if (!fetched && !changed) {
            fetch();
            fetched = true;
        }
        return state;
    }

    private void fetch() {
        registers.read(state);
        extended.read(state);
        models.read(state);
        events.read(state);
        state.tscOffset = models.timeStamp() - clock.nanos();
        stampOffset = state.tscOffset;
    }

    private void send() {
        changed = false;
        given = false;
        registers.write(state, interrupts.taskPriority(), interrupts.apicBase());
        extended.write(state);
        models.write(state);
        events.write(state);
        if (state.tscOffset != stampOffset) {
            stampOffset = state.tscOffset;
            setStamp();
        }
    }

    /** Has the kernel take what changed, so that it must be asked again. */
    void exchange() {
        send();
        fetched = false;
    }

    private void setStamp() {
        stampStale = false;
        models.timeStamp(clock.nanos() + stampOffset);
    }

    @Override
    public void stateChanged() {
        leaveGuest();
        completeInstruction();
        shutdown = false;
        changed = true;
    }

    @Override
    public void reset() {
        leaveGuest();
        completeInstruction();
        resets.reset(clock.nanos());
        stateChanged();
    }

    @Override
    public long tscOffset() {
        return stampOffset;
    }

    @Override
    public void nmi() {
        state.nmiPending = true;
    }

    /** {@inheritDoc} Nothing to do: taking the kernel's log has it note each page's next write. */
    @Override
    public void flushWriteTracking() {}

    @Override
    public long instructions() {
        return 0;
    }

    @Override
    public void close() {
        file.close();
        arena.close();
    }
}
