package oriel.hypervisor.cpu.emulated;

import org.jspecify.annotations.Nullable;
import oriel.hypervisor.cpu.CpuState;

/** Has blocks translated, runs translated code for the interpreter, and does for it what only Java can do. */
abstract class NativeExecution extends RareOperations {
    private static final int LARGEST_ACCESS = 16;

    /** Misses in a row that are filled: an operation that evicts its own entries is the interpreter's. */
    private static final int MISSES = 8;

    /** Arena index behind the operation that translated code has left for, 0 while none is. */
    private int leftFor;

    private final @Nullable NativeCode translations;
    private final X87Image x87Image;

    NativeExecution(CpuState state, Mmu mmu, CodeCache cache, Decoder decoder, GuestFault fault, Units units) {
        super(state, mmu, cache, decoder, fault, units);
        translations = cache.translations;
        x87Image = new X87Image(state);
    }

    /**
     * A block has been interpreted often enough.
     *
     * @param pc arena index behind its first word
     * @return where to go on, or -1 to leave to the run loop at {@code state.rip}
     */
    final int enterHot(int pc) {
        return cache.translate(pc - 1) ? enterNative(cache.arena[pc - 1]) : pc;
    }

    /**
     * Runs the block that an operation enters, and those it leads to.
     *
     * @return where the interpreter goes on, or -1 to leave to the run loop at {@code state.rip}
     */
    final int enterNative(long enter) {
        try {
            return runNative(enter);
        } finally {
            x87Image.toState();
        }
    }

    private int runNative(long enter) {
        NativeCode code = translations;
        if (code == null) {
            throw new IllegalStateException("nothing is translated");
        }
        long[] slots = registers;
        long address = code.address((int) (enter >>> 32));
        int misses = 0;
        boolean retry = false; // floating point goes on where it was
        for (; ; ) {
            if (flagKind != Flags.READY) {
                materialise();
                slots[NativeLayout.FLAGS] = NativeLayout.packed(state.rflags);
            }
            slots[NativeLayout.LEFT] = left;
            if (!retry) {
                slots[NativeLayout.VECTORS] = sse.enabled() ? NativeLayout.VECTORS_READY : NativeLayout.VECTORS_OFF;
                slots[NativeLayout.GUEST_MXCSR] = state.mxcsr;
                slots[NativeLayout.DIRECTION] = state.rflags & Flags.DF;
                slots[NativeLayout.SYSTEM_FLAGS] = state.rflags & ~(long) (Flags.ARITHMETIC | Flags.RF | Flags.VM);
                slots[NativeLayout.PRIVILEGED] = state.cpl() == 0 ? 1 : 0;
                x87Image.check();
            }
            retry = false;
            int exit = code.run(mmu.segment(), address);
            if (slots[NativeLayout.VECTORS] == NativeLayout.VECTORS_FLOATING) {
                state.mxcsr = (int) slots[NativeLayout.GUEST_MXCSR];
            }
            left = (int) slots[NativeLayout.LEFT];
            if ((slots[NativeLayout.SYSTEM_FLAGS] & Flags.IF) == 0) {
                state.rflags &= ~(long) Flags.IF;
            }
            flagKind = Flags.READY;
            flagB = NativeLayout.unpacked(slots[NativeLayout.FLAGS]);
            int at = exit & 0xFF_FFFF;
            leftFor = at + 1;
            int generation = cache.generation;
            int pc;
            switch (exit >>> 24) {
                case NativeLayout.MISS_READ, NativeLayout.MISS_WRITE -> {
                    if (++misses > MISSES
                            || !fill(slots[NativeLayout.TARGET], exit >>> 24 == NativeLayout.MISS_WRITE)) {
                        leftFor = 0;
                        return at;
                    }
                    leftFor = 0;
                    if (cache.generation != generation) {
                        return at;
                    }
                    address = slots[NativeLayout.RETRY];
                    retry = true;
                    continue;
                }
                case NativeLayout.RARE -> {
                    misses = 0;
                    x87Image.toState();
                    pc = executeOne(at);
                    leftFor = 0;
                    if (pc != at + 1 || cache.generation != generation) {
                        return pc;
                    }
                    address = slots[NativeLayout.RETRY];
                    continue;
                }
                case NativeLayout.PREPARE_X87 -> {
                    leftFor = 0;
                    if (!x87Image.toImage()) {
                        return at;
                    }
                    address = slots[NativeLayout.RETRY];
                    retry = true;
                    continue;
                }
                case NativeLayout.TAKEN, NativeLayout.NOT_TAKEN -> {
                    int count = (int) cache.arena[at] >>> 26;
                    left += count; // the interpreter pays behind the look-up, which may fault
                    pc = follow(at, exit >>> 24 == NativeLayout.TAKEN);
                    left -= count;
                }
                case NativeLayout.JUMP -> {
                    int count = (int) cache.arena[at] >>> 26;
                    left += count;
                    pc = jump(slots[NativeLayout.TARGET]);
                    left -= count;
                    cache.noteNative(slots[NativeLayout.TARGET], pc);
                }
                default -> {
                    leftFor = 0;
                    pc = cache.successor(at);
                    if (pc == 0) {
                        return at;
                    }
                }
            }
            leftFor = 0;
            if (left <= 0) {
                leave(pc);
                return -1;
            }
            long w = cache.arena[pc];
            if (Op.op(w) != Op.NATIVE) {
                return pc;
            }
            misses = 0;
            address = code.address((int) (w >>> 32));
        }
    }

    /** Fills the TLB; false if that doesn't help, and the interpreter is to make the access. */
    private boolean fill(long linear, boolean write) {
        // An access that crosses a page never hits.
        return (linear & 0xFFF) <= 0x1000 - LARGEST_ACCESS
                && (write ? mmu.hostForWrite(linear) : mmu.hostForRead(linear)) != 0;
    }

    private int executeOne(int at) {
        long w = cache.arena[at];
        int op = Op.op(w);
        if (op == Op.SSE || op == Op.SSE_MEMORY) {
            sse.execute(
                    (int) (w >> 40), Op.a(w), Op.b(w), op == Op.SSE_MEMORY, registers[Op.T1], (int) (w >>> 32) & 0xFF);
            return at + 1;
        }
        return rare(at + 1, w);
    }

    private int follow(int at, boolean taken) {
        long links = cache.arena[at + 1];
        int pc = taken ? (int) links : (int) (links >> 32);
        if (pc < 0) {
            int epoch = cache.epoch;
            pc = link(at + 1, taken, pc);
            links = cache.arena[at + 1];
            if (cache.epoch != epoch || (taken ? (int) links : (int) (links >> 32)) != pc) {
                return pc; // goes to a block that can't be linked
            }
        }
        cache.linkNative(at, taken, pc);
        return pc;
    }

    /** Arena index behind the operation that faulted, if translated code has left for it; else the interpreter's own. */
    final int faultPlace(int pc) {
        int place = leftFor == 0 ? pc : leftFor;
        leftFor = 0;
        return place;
    }
}
