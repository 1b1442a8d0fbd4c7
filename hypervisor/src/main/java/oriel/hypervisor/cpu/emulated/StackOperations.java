package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/** Segments with limits, stacks of every width, and the near transfers of legacy modes. */
abstract class StackOperations extends ExecutionCore {
    StackOperations(CpuState state, Mmu mmu, CodeCache cache, Decoder decoder, GuestFault fault, Units units) {
        super(state, mmu, cache, decoder, fault, units);
    }

    /**
     * Linear address of an offset in a segment, with the checks of Intel SDM 3A §5.3 and §5.5.
     *
     * @param size bytes accessed
     */
    final long linear(int segment, long offset, int size, boolean write) {
        if (mode64) {
            return offset + registers[Op.SEGMENT_BASE + segment];
        }
        SegmentState s = state.segments[segment];
        long last = offset + Math.max(size, 1) - 1;
        boolean ok;
        if ((mode & CpuMode.PROTECTED) != 0) {
            ok = !s.unusable();
            boolean code = (s.access & 8) != 0;
            boolean readWrite = (s.access & 2) != 0;
            ok &= write ? !code && readWrite : !code || readWrite;
            if (!code && (s.access & 4) != 0) {
                ok &= offset > s.limit && last <= (s.big() ? 0xFFFF_FFFFL : 0xFFFF);
            } else {
                ok &= last <= s.limit;
            }
        } else {
            ok = last <= s.limit;
        }
        if (!ok) {
            throw fault.of(segment == CpuState.SS ? GuestFault.SS : GuestFault.GP, 0);
        }
        return s.base + offset & 0xFFFF_FFFFL;
    }

    final long stackMask() {
        return mode64 ? -1L : state.segments[CpuState.SS].big() ? 0xFFFF_FFFFL : 0xFFFF;
    }

    private void setStackPointer(long value) {
        long m = stackMask();
        registers[CpuState.RSP] = m == 0xFFFF ? registers[CpuState.RSP] & ~m | value & m : value & m;
    }

    private long stackRead(long offset, int size) {
        return mmu.read(linear(CpuState.SS, offset & stackMask(), 1 << size, false), 1 << size);
    }

    private void stackWrite(long offset, int size, long value) {
        mmu.write(linear(CpuState.SS, offset & stackMask(), 1 << size, true), 1 << size, value);
    }

    private void push(int size, long value) {
        long sp = registers[CpuState.RSP] - (1 << size);
        stackWrite(sp, size, value);
        setStackPointer(sp);
    }

    final long peek(int size) {
        return stackRead(registers[CpuState.RSP], size);
    }

    final void drop(int bytes) {
        setStackPointer(registers[CpuState.RSP] + bytes);
    }

    /** A taken or not taken branch that the operation before {@code pc} ends its block with. */
    private int branch(int pc, long w, boolean taken) {
        long links = cache.arena[pc];
        int target = taken ? (int) links : (int) (links >> 32);
        if (target < 0) {
            target = link(pc, taken, target);
        }
        return after(target, w);
    }

    private int jumpTo(long w, long rip) {
        return after(jump(rip), w);
    }

    private int after(int pc, long w) {
        left -= (int) w >>> 26;
        if (left <= 0) {
            leave(pc);
            return -1;
        }
        return pc;
    }

    private static int terminatorSize(long w) {
        return (int) w >>> 20 & 3;
    }

    /** Executes an operation from {@link Op#PUSHG} to {@link Op#LOOP}. */
    final int stack(int pc, long w) {
        int a = Op.a(w);
        int size = Op.scale(w);
        switch (Op.op(w)) {
            case Op.PUSHG -> push(size, registers[a]);
            case Op.POPG -> {
                long value = peek(size);
                drop(1 << size);
                registers[a] = value;
            }
            case Op.PEEKG -> registers[a] = peek(size);
            case Op.DROPG -> drop(1 << size);
            case Op.PUSHA -> {
                long sp = registers[CpuState.RSP];
                for (int i = 0; i < 8; i++) {
                    stackWrite(sp - ((i + 1) << size), size, registers[i]);
                }
                setStackPointer(sp - (8 << size));
            }
            case Op.POPA -> popAll(size);
            case Op.ENTER -> enter(size, Op.d(w), Op.immediate(w));
            case Op.LEAVEG -> {
                long frame = registers[CpuState.RBP];
                long value = stackRead(frame, size);
                setStackPointer((frame & stackMask()) + (1 << size));
                put(CpuState.RBP, size, value);
            }
            case Op.JMPG -> {
                return jumpTo(w, registers[Op.RIP_BASE] + cache.arena[pc] & mask(terminatorSize(w)));
            }
            case Op.JMPRG -> {
                return jumpTo(w, registers[a] & mask(terminatorSize(w)));
            }
            case Op.CALLG -> {
                int width = terminatorSize(w);
                long target = registers[Op.RIP_BASE] + cache.arena[pc] & mask(width);
                push(width, registers[Op.RIP_BASE] + Op.immediate(w));
                return jumpTo(w, target);
            }
            case Op.CALLRG -> {
                int width = terminatorSize(w);
                long target = registers[a] & mask(width);
                push(width, registers[Op.RIP_BASE] + Op.immediate(w));
                return jumpTo(w, target);
            }
            case Op.RETG -> {
                int width = terminatorSize(w);
                long target = peek(width);
                drop((1 << width) + Op.immediate(w));
                return jumpTo(w, target);
            }
            case Op.LOOP -> {
                return branch(pc, w, loop(a, Op.b(w)));
            }
            default -> throw new IllegalStateException("operation " + Op.op(w));
        }
        return pc;
    }

    /** LOOPNE LOOPE LOOP JCXZ. */
    private boolean loop(int kind, int addressSize) {
        long m = mask(addressSize);
        if (kind == 3) {
            return (registers[CpuState.RCX] & m) == 0;
        }
        long count = registers[CpuState.RCX] - 1 & m;
        put(CpuState.RCX, addressSize, count);
        return count != 0 && (kind == 2 || condition(kind == 1 ? 4 : 5));
    }

    private void popAll(int size) {
        long sp = registers[CpuState.RSP];
        long[] values = new long[8];
        for (int i = 0; i < 8; i++) {
            values[7 - i] = stackRead(sp + (i << size), size);
        }
        for (int i = 0; i < 8; i++) {
            if (i != CpuState.RSP) {
                put(i, size, values[i]);
            }
        }
        setStackPointer(sp + (8 << size));
    }

    /** ENTER (Intel SDM 2A): nothing is changed before the last access succeeded. */
    private void enter(int size, int level, int locals) {
        int bytes = 1 << size;
        long sp = registers[CpuState.RSP] - bytes;
        stackWrite(sp, size, registers[CpuState.RBP]);
        long frame = sp;
        if (level > 0) {
            for (int i = 1; i < level; i++) {
                sp -= bytes;
                stackWrite(sp, size, stackRead(registers[CpuState.RBP] - (long) i * bytes, size));
            }
            sp -= bytes;
            stackWrite(sp, size, frame);
        }
        sp -= locals;
        long last = linear(CpuState.SS, sp & stackMask(), bytes, true);
        mmu.probeWrite(last, bytes);
        put(CpuState.RBP, mode64 ? 3 : size, frame);
        setStackPointer(sp);
    }
}
