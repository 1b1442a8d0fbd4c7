package oriel.hypervisor.cpu.emulated;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.InterruptSource;
import oriel.hypervisor.cpu.Vcpu;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.NativeMemory;

/**
 * An x86-64 processor in Java. Instructions are decoded once into blocks of small operations, which an interpreter runs;
 * between blocks, this class delivers faults and interrupts.
 */
public final class EmulatedCpu implements Vcpu {
    /** Instructions between looks at interrupts and {@link #kick}, when nothing asks for one. */
    private static final int SLICE = 8192;

    private static final int TF = Flags.TF;
    private static final int IF = Flags.IF;
    private static final long RF = CpuContext.RF;

    private final CpuState state = new CpuState();
    private final GuestFault fault = new GuestFault();
    private final GuestMemory memory;
    private final InterruptSource interrupts;
    private final Mmu mmu;
    private final CodeCache cache;
    private final SystemUnit system;
    private final Interpreter interpreter;

    private volatile boolean kicked;
    private boolean shutdown;
    private long instructions;

    /** Instructions before the next {@link GuestSample}. */
    private int toSample = SLICE;

    /** The budget of the step in progress, else 0. */
    private int given;

    /**
     * The only processor of a machine, of the default model, in its reset state.
     *
     * @param random what RDRAND and RDSEED give; guests make keys of it (Linux with {@code random.trust_cpu=on} asks
     *     nobody else), so it must be cryptographically strong ({@link java.security.SecureRandom}) for real guests
     */
    public EmulatedCpu(
            GuestMemory memory, IoBus bus, InterruptSource interrupts, MachineClock clock, RandomGenerator random) {
        this(memory, bus, interrupts, clock, random, CpuModel.orielV2(), TranslationPolicy.NEVER);
    }

    /**
     * The only processor of a machine, of the default model, that translates hot code.
     *
     * @param random what RDRAND and RDSEED give, as above
     * @param policy when code is translated
     */
    public EmulatedCpu(
            GuestMemory memory,
            IoBus bus,
            InterruptSource interrupts,
            MachineClock clock,
            RandomGenerator random,
            TranslationPolicy policy) {
        this(memory, bus, interrupts, clock, random, CpuModel.orielV2(), policy);
    }

    /** As above, of a model, which says too how many processors there are and which one this is. */
    public EmulatedCpu(
            GuestMemory memory,
            IoBus bus,
            InterruptSource interrupts,
            MachineClock clock,
            RandomGenerator random,
            CpuModel model,
            TranslationPolicy policy) {
        this(memory, bus, interrupts, clock, random, model, policy, null);
    }

    /** As above, of a machine that shares code with others. */
    public EmulatedCpu(
            GuestMemory memory,
            IoBus bus,
            InterruptSource interrupts,
            MachineClock clock,
            RandomGenerator random,
            CpuModel model,
            TranslationPolicy policy,
            @Nullable SharedCode shared) {
        this.memory = memory;
        this.interrupts = interrupts;
        mmu = new Mmu(state, memory, bus, fault);
        cache = new CodeCache(memory, mmu, state, policy, model, shared);
        system = new SystemUnit(state, mmu, fault, bus, interrupts, clock, model);
        system.checkPdptesThrough(this::physicalRead64);
        mmu.watchedBy(system.watch());
        SseUnit sse = new SseUnit(state, mmu, fault);
        X87Unit x87 = new X87Unit(state, mmu, fault);
        Decoder decoder = new Decoder(memory, mmu, cache, model);
        interpreter = new Interpreter(state, mmu, cache, decoder, fault, new Units(system, sse, x87, random));
        mmu.deviceTouched = interpreter::attention;
        reset();
    }

    private long physicalRead64(long physical) {
        long host = memory.readable(physical);
        return host == 0 ? 0 : NativeMemory.get64(host);
    }

    @Override
    public CpuExit run(long instructionBudget) {
        long end = instructions + instructionBudget;
        for (; ; ) {
            if (kicked) {
                kicked = false;
                return CpuExit.BUDGET;
            }
            if (shutdown) {
                return CpuExit.SHUTDOWN;
            }
            if (state.waitForSipi) {
                return CpuExit.HALTED;
            }
            if (state.interruptedDelivery != null) {
                finish(state.interruptedDelivery);
                continue;
            }
            boolean shadow = state.interruptShadow;
            if (!shadow) {
                if (state.nmiPending && !state.nmiBlocked) {
                    state.nmiPending = false;
                    state.nmiBlocked = true;
                    deliver(GuestFault.NMI);
                    continue;
                }
                if ((state.rflags & IF) != 0 && interrupts.interruptPending()) {
                    deliver(interrupts.acknowledge());
                    continue;
                }
            }
            if (state.halted) {
                // STI; HLT: the shadow ends behind HLT.
                if (shadow) {
                    state.interruptShadow = false;
                    continue;
                }
                return CpuExit.HALTED;
            }
            long remaining = end - instructions;
            if (remaining <= 0) {
                return CpuExit.BUDGET;
            }
            // A shadow is one instruction long: it matters only if somebody waits for its end.
            step((int) Math.min(remaining, SLICE), shadow && attentionWanted());
        }
    }

    private boolean attentionWanted() {
        return state.nmiPending || (state.rflags & IF) != 0 && interrupts.interruptPending();
    }

    /** Delivers what another back end began to. */
    private void finish(CpuState.InterruptedDelivery event) {
        state.interruptedDelivery = null;
        if (!event.exception()) {
            deliver(event.vector());
            return;
        }
        fault.of(event.vector(), event.errorCode()).address = state.cr2;
        shutdown |= !system.deliverFault();
    }

    private void deliver(int vector) {
        state.halted = false;
        if (!system.deliver(vector, SystemUnit.Origin.EXTERNAL, state.rip)) {
            shutdown = true;
        }
    }

    /** Runs some instructions from {@code state.rip}, exactly one if it is to be followed by a trap or a shadow's end. */
    private void step(int slice, boolean shadow) {
        boolean trap = (state.rflags & TF) != 0;
        boolean watched = system.breakpointsEnabled();
        boolean single = trap || shadow || watched;
        long begin = state.rip;
        boolean resume = (state.rflags & RF) != 0;
        if (watched) {
            if (system.stopsBefore()) {
                shutdown |= !system.deliverBreakpoint();
                instructions++;
                return;
            }
            state.rflags &= ~RF; // for this one instruction only; one that loads RF has it set afterwards
        }
        if (single) {
            system.beginInstruction();
        }
        Interpreter cpu = interpreter;
        // Samples are at equal distances, not where a slice happens to end: that is mostly behind system calls.
        given = single ? 1 : GuestSample.wanted() ? Math.min(slice, toSample) : slice;
        cpu.refresh(single);
        cpu.left = given;
        cpu.deferred = 0;
        cpu.enteredHandler = false;
        cpu.flagKind = Flags.EAGER;
        state.interruptShadow = false;
        boolean completed = enter(cpu) && cpu.execute(entry);
        cpu.materialise();
        if (!completed) {
            fault(cpu);
        } else if (single && !cpu.shutdown) {
            if (watched && resume && state.rip == begin) {
                state.rflags |= RF; // a string instruction that isn't through
            }
            shutdown |= !system.deliverTraps(trap && !cpu.enteredHandler);
        }
        shutdown |= cpu.shutdown;
        int executed = given - cpu.left - cpu.deferred;
        toSample -= executed;
        if (toSample <= 0) {
            toSample = SLICE;
            GuestSample.take(state, mmu, memory);
        }
        instructions += executed;
        given = 0;
    }

    private int entry;

    private boolean enter(Interpreter cpu) {
        try {
            entry = cpu.jump(state.rip);
            return true;
        } catch (GuestFault e) {
            return false;
        }
    }

    private void fault(Interpreter cpu) {
        // A faulting instruction counts: one that faults for ever uses the budget up.
        if (cpu.lookingUp && mmu.nonCanonical && undoBranch(cpu)) {
            cpu.lookingUp = false;
            state.rip = cpu.ripOf(cpu.faultAt);
        } else if (cpu.lookingUp) {
            cpu.lookingUp = false;
            cpu.left--;
            state.rip = cpu.lookupRip;
        } else {
            cpu.left -= cpu.retired(cpu.faultAt);
            cpu.recoverFlags(cpu.faultAt);
            state.rip = cpu.ripOf(cpu.faultAt);
            if (mmu.nonCanonical && stackAccess(cpu.firstOperation(cpu.faultAt), cpu.faultAt)) {
                fault.vector = GuestFault.SS;
            }
        }
        mmu.nonCanonical = false;
        if (!system.deliverFault()) {
            shutdown = true;
        }
    }

    /** A branch to a non-canonical address faults itself (SDM 2A CALL, JMP; 2B RET); what it did is undone. */
    private boolean undoBranch(Interpreter cpu) {
        if (cpu.lookupRip == state.rip) {
            return false; // nothing has run yet
        }
        long w = cache.arena[cpu.faultAt - 1];
        switch (Op.op(w)) {
            case Op.RET -> state.gpr[CpuState.RSP] -= 8 + Op.immediate(w);
            case Op.CALLR -> state.gpr[CpuState.RSP] += 8;
            case Op.JMPR -> {}
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Whether the access that faulted was to the stack segment: SS by its operation, or by its address's base. */
    private boolean stackAccess(int first, int behind) {
        long w = cache.arena[behind - 1];
        int op = Op.op(w);
        if (op >= Op.PUSH64 && op <= Op.LEAVE64 || op >= Op.CALL && op <= Op.RET) {
            return true;
        }
        if (op >= Op.PUSHG && op <= Op.LEAVEG || op >= Op.CALLG && op <= Op.RETG) {
            return true;
        }
        if (op >= Op.LD8 && op <= Op.ST64 && Op.b(w) != Op.T1) {
            return stackBase(w);
        }
        for (int i = first; i < behind - 1; i++) {
            long earlier = cache.arena[i];
            boolean address = Op.op(earlier) == Op.LEA64 || Op.op(earlier) == Op.LEA32;
            if (address && (Op.a(earlier) == Op.T1 || Op.a(earlier) == Op.T3) && stackBase(earlier)) {
                return true;
            }
        }
        return false;
    }

    private static boolean stackBase(long w) {
        return (Op.b(w) == CpuState.RSP || Op.b(w) == CpuState.RBP) && Op.c(w) <= Op.ZERO;
    }

    @Override
    public void kick() {
        kicked = true;
    }

    @Override
    public CpuState state() {
        return state;
    }

    @Override
    public void stateChanged() {
        shutdown = false;
        interpreter.shutdown = false;
        cache.clear();
        mmu.flush(true);
        mmu.contextChanged();
    }

    @Override
    public void reset() {
        system.reset();
        stateChanged();
    }

    @Override
    public void nmi() {
        state.nmiPending = true;
    }

    @Override
    public void flushWriteTracking() {
        mmu.dropWrites();
    }

    @Override
    public long instructions() {
        return given == 0 ? instructions : instructions + given - interpreter.left - interpreter.deferred;
    }

    /** What the translator has done. */
    public TranslationStatistics translations() {
        return cache.statistics();
    }

    @Override
    public void close() {
        if (cache.translations != null) {
            cache.translations.close();
        }
    }
}
