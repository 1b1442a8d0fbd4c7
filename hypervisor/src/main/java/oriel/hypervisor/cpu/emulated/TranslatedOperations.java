package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** Runs translated regions for the interpreter, and is what they call. */
abstract class TranslatedOperations extends RareOperations {
    /** Where an exit of kind {@link Translation#JUMP} goes: an instruction pointer. */
    long target;

    /** Arena index behind the operation that a region has called, 0 while none is. */
    private int called;

    /** Where to go on after a called operation that doesn't return to its region; -1 for the run loop. */
    private int resume;

    private Region region;

    TranslatedOperations(CpuState state, Mmu mmu, CodeCache cache, Decoder decoder, GuestFault fault, Units units) {
        super(state, mmu, cache, decoder, fault, units);
        region = cache.noRegion;
    }

    /**
     * Runs the region that an operation enters, and those it leads to.
     *
     * @return where the interpreter goes on, or -1 to leave to the run loop at {@code state.rip}
     */
    final int enterRegion(long enter) {
        long w = enter;
        for (; ; ) {
            Region entered = cache.regions[(int) (w >>> 32)];
            region = entered;
            int exit = entered.translation.code().run(self(), registers, mmu.tlb, state.xmm, (int) w >>> 10);
            if (exit < 0) {
                return resume;
            }
            int what = entered.translation.exits()[exit];
            int at = entered.place(what);
            int kind = Translation.kind(what);
            if (kind == Translation.RESUME) {
                return at;
            }
            w = cache.arena[at];
            int pc;
            if (kind == Translation.JUMP) {
                pc = jump(target);
            } else {
                boolean taken = kind == Translation.TAKEN;
                long links = cache.arena[at + 1];
                pc = taken ? (int) links : (int) (links >> 32);
                if (pc < 0) {
                    pc = link(at + 1, taken, pc);
                }
            }
            if ((left -= (int) w >>> 26) <= 0) {
                leave(pc);
                return -1;
            }
            w = cache.arena[pc];
            if (Op.op(w) != Op.REGION) {
                return pc;
            }
        }
    }

    abstract Interpreter self();

    /** Arena index behind the operation that faulted, if it was called by a region; else the interpreter's own. */
    final int faultPlace(int pc) {
        int place = called == 0 ? pc : called;
        called = 0;
        return place;
    }

    /**
     * Executes an operation for a region, which has put all state in place.
     *
     * @param exit number of the exit to the operation
     * @return whether the region is to return to {@link #enterRegion}, and control goes on elsewhere
     */
    final boolean callOut(int exit) {
        Region caller = region;
        int at = caller.place(caller.translation.exits()[exit]);
        long w = cache.arena[at];
        called = at + 1;
        int op = Op.op(w);
        int next = at + 1;
        if (op == Op.SSE || op == Op.SSE_MEMORY) {
            sse.execute(
                    (int) (w >> 40), Op.a(w), Op.b(w), op == Op.SSE_MEMORY, registers[Op.T1], (int) (w >>> 32) & 0xFF);
        } else {
            next = rare(at + 1, w);
        }
        called = 0;
        resume = next;
        return caller.stale || next != at + 1;
    }

    /** CF of lazy flags. */
    final long carryOf(int kind, long a, long b) {
        flagKind = kind;
        flagA = a;
        flagB = b;
        return carry();
    }

    /** Whether a condition holds for lazy flags. */
    final boolean conditionOf(int kind, long a, long b, int code) {
        flagKind = kind;
        flagA = a;
        flagB = b;
        return condition(code);
    }
}
