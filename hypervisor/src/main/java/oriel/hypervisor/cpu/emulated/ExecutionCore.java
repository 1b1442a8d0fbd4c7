package oriel.hypervisor.cpu.emulated;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import oriel.hypervisor.cpu.CpuState;

/** What all operations share: registers, lazy flags, the way from an instruction pointer to decoded code, the budget. */
abstract class ExecutionCore {
    final CpuState state;
    final long[] registers;
    final Mmu mmu;
    final CodeCache cache;
    final GuestFault fault;
    final SystemUnit system;
    final SseUnit sse;
    final X87Unit x87;
    final RandomGenerator random;
    private final Decoder decoder;

    // Lazy arithmetic flags: see Flags.compute. EAGER: they are in state.rflags.
    int flagKind;
    long flagA, flagB;

    /** Instructions left before the run loop takes over. */
    int left;

    /** Instructions taken from {@link #left} to make the run loop look early. */
    int deferred;

    /** Arena index behind the operation that faulted. */
    int faultAt;

    /** A fault belongs to the instruction at {@link #lookupRip}, which couldn't be fetched. */
    boolean lookingUp;

    long lookupRip;

    int mode;
    boolean mode64;
    private long codeBase;
    private int userTag;
    private int globalTag;

    ExecutionCore(CpuState state, Mmu mmu, CodeCache cache, Decoder decoder, GuestFault fault, Units units) {
        this.state = state;
        this.registers = state.gpr;
        this.mmu = mmu;
        this.cache = cache;
        this.decoder = decoder;
        this.fault = fault;
        this.system = units.system();
        this.sse = units.sse();
        this.x87 = units.x87();
        this.random = units.random();
    }

    /** Makes the block in progress the last one before the run loop looks at interrupts. */
    final void attention() {
        if (left > 0) {
            deferred += left;
            left = 0;
        }
    }

    /** Takes over what changed in {@link #state}: mode, segments, privilege. */
    final void refresh(boolean single) {
        mode = CpuMode.of(state) | (single ? CpuMode.SINGLE : 0);
        mode64 = CpuMode.codeSize(mode) == 3;
        mmu.selectBank();
        codeBase = mode64 ? 0 : state.segments[CpuState.CS].base;
        registers[Op.ZERO] = 0;
        for (int i = 0; i < 6; i++) {
            registers[Op.SEGMENT_BASE + i] = mode64 && i < 4 ? 0 : state.segments[i].base;
        }
        if (mmu.generationsUsedUp()) {
            Arrays.fill(cache.jumps, 0);
            mmu.restartGenerations();
        }
        int context = (mode & 63) << 1 | (mmu.user() ? 1 : 0);
        userTag = mmu.userGeneration << 9 | context << 1;
        globalTag = mmu.globalGeneration << 9 | context << 1 | 1;
        registers[NativeLayout.USER_TAG] = userTag;
        registers[NativeLayout.GLOBAL_TAG] = globalTag;
    }

    // ---- flags ------------------------------------------------------------------------------------------------------

    /** Makes {@code state.rflags} exact. */
    final void materialise() {
        if (flagKind != Flags.EAGER) {
            state.rflags = state.rflags & ~(long) Flags.ARITHMETIC | Flags.compute(flagKind, flagA, flagB);
            flagKind = Flags.EAGER;
        }
    }

    /** Records what flags are computed from when somebody wants them: see {@link Flags#compute}. */
    final void lazy(int kind, int size, long first, long second) {
        flagKind = kind | size;
        flagA = first;
        flagB = second;
    }

    /** Replaces some arithmetic flags. */
    final void setFlags(int mask, int flags) {
        materialise();
        state.rflags = state.rflags & ~(long) mask | flags & mask;
    }

    /** At a fault of the operation before {@code pc}: flags that only a fault shows were not kept, and are made now. */
    final void recoverFlags(int pc) {
        int end = firstOperation(pc);
        while ((cache.marks[end] & CodeCache.BLOCK_START) == 0) {
            int begin = firstOperation(end);
            int found = FlagRecovery.UNRELATED;
            for (int i = begin; i < end; i += Op.length(cache.arena[i])) {
                int flags = FlagRecovery.flags(cache.arena[i], registers);
                if (flags != FlagRecovery.UNRELATED) {
                    found = flags;
                }
            }
            if (found != FlagRecovery.UNRELATED) {
                if (found != FlagRecovery.EXACT) {
                    setFlags(Flags.ARITHMETIC, found);
                }
                return;
            }
            end = begin;
        }
    }

    /** CF, as 0 or 1. */
    final int carry() {
        int kind = flagKind;
        int shift = 64 - (8 << (kind & 3));
        return switch (kind & ~3) {
            case Flags.EAGER -> (int) state.rflags & 1;
            case Flags.ADD -> Long.compareUnsigned(flagA + flagB << shift, flagA << shift) < 0 ? 1 : 0;
            case Flags.SUB -> Long.compareUnsigned(flagA << shift, flagB << shift) < 0 ? 1 : 0;
            case Flags.LOGIC -> 0;
            default -> (int) flagB & 1;
        };
    }

    /** Whether a condition code holds. */
    final boolean condition(int code) {
        int kind = flagKind;
        int shift = 64 - (8 << (kind & 3));
        if ((kind & ~3) == Flags.SUB) {
            long x = flagA << shift;
            long y = flagB << shift;
            switch (code) {
                case 2 -> {
                    return Long.compareUnsigned(x, y) < 0;
                }
                case 3 -> {
                    return Long.compareUnsigned(x, y) >= 0;
                }
                case 4 -> {
                    return x == y;
                }
                case 5 -> {
                    return x != y;
                }
                case 6 -> {
                    return Long.compareUnsigned(x, y) <= 0;
                }
                case 7 -> {
                    return Long.compareUnsigned(x, y) > 0;
                }
                case 8 -> {
                    return x - y < 0;
                }
                case 9 -> {
                    return x - y >= 0;
                }
                case 12 -> {
                    return x < y;
                }
                case 13 -> {
                    return x >= y;
                }
                case 14 -> {
                    return x <= y;
                }
                case 15 -> {
                    return x > y;
                }
                default -> {}
            }
        } else if (kind != Flags.EAGER && kind != Flags.READY && (code & 14) == 4) {
            long result = (kind & ~3) == Flags.ADD ? flagA + flagB : flagA;
            return result << shift == 0 == (code == 4);
        }
        materialise();
        return Flags.holds(code, state.rflags);
    }

    // ---- control flow -----------------------------------------------------------------------------------------------

    /** The arena index for an instruction pointer. */
    final int jump(long rip) {
        long[] jumps = cache.jumps;
        long linear = wrap(rip + codeBase); // segments have the same offsets
        int i = CodeCache.jumpIndex(linear);
        if (jumps[i] == linear) {
            long entry = jumps[i + 1];
            int tag = (int) (entry >>> 32);
            if (tag == globalTag || tag == userTag) {
                registers[Op.RIP_BASE] = rip - (linear & 0xFFF);
                return (int) entry;
            }
        }
        int found = lookup(rip);
        return found < 0 ? ~found : found;
    }

    /** The arena index for an instruction whose block is stale, past the jump cache, which may still name that block. */
    final int renew(int pc, long rip) {
        int epoch = cache.epoch;
        int stale = pc - 1;
        boolean wholeBlock = cache.marks[stale] != CodeCache.CONTINUATION
                && (cache.marks[stale] & CodeCache.BLOCK_START) != 0
                && cache.marks[pc] == CodeCache.CONTINUATION;
        int found = lookup(rip);
        if (found < 0) {
            return ~found;
        }
        if (wholeBlock && epoch == cache.epoch && (mode & CpuMode.SINGLE) == 0) {
            // Links to the old block from others go on to the new one.
            cache.arena[stale] = Op.terminator(Op.JMP, 0, 0, 0, 0, 0);
            cache.arena[pc] = found;
        }
        return found;
    }

    /** The arena index of the block at an instruction pointer, its complement if the block crosses a page. */
    private int lookup(long rip) {
        lookupRip = rip;
        lookingUp = true;
        long linear = rip;
        if (!mode64) {
            linear = rip + codeBase & 0xFFFF_FFFFL;
            if (rip > state.segments[CpuState.CS].limit || rip < 0) {
                throw fault.of(GuestFault.GP, 0);
            }
        }
        long physical = mmu.fetchAddress(linear);
        long key = CodeCache.key(physical, mode);
        if (cache.stillJumps(linear, key)) {
            int i = CodeCache.jumpIndex(linear);
            lookingUp = false;
            registers[Op.RIP_BASE] = rip - (linear & 0xFFF);
            boolean global = mmu.fetchedGlobal(linear);
            cache.jumps[i + 1] = (long) (global ? globalTag : userTag) << 32 | cache.jumps[i + 1] & 0xFFFF_FFFFL;
            mmu.noteLinked(linear, global);
            return (int) cache.jumps[i + 1];
        }
        int start = cache.startOf(key);
        if (start < 0) {
            CodeCache.Block block = block(linear, physical, start == CodeCache.CROSSING);
            start = block.crossesPage() ? ~block.start : block.start;
        }
        lookingUp = false;
        registers[Op.RIP_BASE] = rip - (linear & 0xFFF);
        if (start >= 0) {
            int i = CodeCache.jumpIndex(linear);
            cache.jumps[i] = linear;
            boolean global = mmu.fetchedGlobal(linear);
            cache.jumps[i + 1] = (long) (global ? globalTag : userTag) << 32 | start;
            cache.jumps[i + 2] = 0;
            cache.jumps[i + 3] = key;
            mmu.noteLinked(linear, global);
        }
        return start;
    }

    /** The block at an address where there is none within one page: one that crosses it, or a new one. */
    private CodeCache.Block block(long linear, long physical, boolean crossing) {
        CodeCache.Block block = crossing ? cache.find(CodeCache.key(physical, mode)) : null;
        if (block != null) {
            long next = (linear & -0x1000L) + 0x1000;
            if (mmu.fetchAddress(mode64 ? next : next & 0xFFFF_FFFFL) == block.secondPage) {
                return block;
            }
            cache.invalidate(block);
        }
        block = cache.takeShared(physical, mode);
        return block != null ? block : decoder.decode(linear, physical, mode);
    }

    /**
     * Follows a link that isn't there yet, and makes it.
     *
     * @param at arena index of the links
     * @param link complement of the target's offset in the page
     */
    final int link(int at, boolean taken, int link) {
        int epoch = cache.epoch;
        int found = lookup(wrap(registers[Op.RIP_BASE] + ~link));
        if (found < 0) {
            return ~found;
        }
        if (cache.epoch == epoch && (mode & CpuMode.SINGLE) == 0) {
            long[] code = cache.arena;
            code[at] = taken ? code[at] & ~0xFFFF_FFFFL | found : code[at] & 0xFFFF_FFFFL | (long) found << 32;
        }
        return found;
    }

    /** An instruction pointer in the mode's width. */
    final long wrap(long rip) {
        return mode64 ? rip : rip & 0xFFFF_FFFFL;
    }

    /** Leaves to the run loop; the next instruction is the one at an arena index that starts a block or a jump. */
    final boolean leave(int pc) {
        int mark = cache.marks[pc];
        long base = registers[Op.RIP_BASE];
        if (mark != CodeCache.CONTINUATION) {
            state.rip = wrap(base + (mark & 0xFFF));
        } else {
            // A jump behind a conditional branch, to another page.
            long target = base + cache.arena[pc + 1];
            boolean narrow = Op.op(cache.arena[pc]) == Op.JMPG && (cache.arena[pc] >>> 20 & 3) == 1;
            state.rip = narrow ? target & 0xFFFF : wrap(target);
        }
        return true;
    }

    /** Leaves to the run loop behind an operation in the middle of a block, with the next instruction given. */
    final boolean finish(int pc, long rip) {
        left -= retired(pc);
        state.rip = wrap(rip);
        return true;
    }

    /** Arena index of the first operation of the instruction that the operation before {@code pc} belongs to. */
    final int firstOperation(int pc) {
        int i = pc - 1;
        while (cache.marks[i] == CodeCache.CONTINUATION) {
            i--;
        }
        return i;
    }

    /** The address of the instruction that the operation before {@code pc} belongs to. */
    final long ripOf(int pc) {
        return wrap(registers[Op.RIP_BASE] + (cache.marks[firstOperation(pc)] & 0xFFF));
    }

    /** Instructions of the block up to the operation before {@code pc}, its own included. */
    final int retired(int pc) {
        int count = 1;
        int i = firstOperation(pc);
        while ((cache.marks[i] & CodeCache.BLOCK_START) == 0 || cache.marks[i] == CodeCache.CONTINUATION) {
            i--;
            if (cache.marks[i] != CodeCache.CONTINUATION) {
                count++;
            }
        }
        return count;
    }

    /** Whether the block's remaining instructions must be left alone after {@link #attention}. */
    final void systemEntry(int pc) {
        materialise();
        state.rip = ripOf(pc);
    }

    static long mask(int size) {
        return size == 3 ? -1L : (1L << (8 << size)) - 1;
    }

    /** Writes a result the way an instruction of that operand size does: 32 bits clear the upper half. */
    final void put(int slot, int size, long value) {
        switch (size) {
            case 0 -> registers[slot] = registers[slot] & ~0xFFL | value & 0xFF;
            case 1 -> registers[slot] = registers[slot] & ~0xFFFFL | value & 0xFFFF;
            case 2 -> registers[slot] = value & 0xFFFF_FFFFL;
            default -> registers[slot] = value;
        }
    }
}
