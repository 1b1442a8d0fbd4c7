package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.memory.NativeMemory;

/**
 * String instructions. Registers follow every step, so that a fault or an interrupt in the middle can be resumed; one
 * call does a bounded amount of work.
 */
final class StringUnit {
    static final int MOVS = 0, CMPS = 1, STOS = 2, LODS = 3, SCAS = 4;

    /** Steps, or pages of bulk work, before interrupts are looked at. */
    private static final int STEPS = 1024, PAGES = 16;

    private final RareOperations core;
    private final CpuState state;
    private final long[] r;
    private final Mmu mmu;

    private long addressMask;
    private int addressSize;
    private int bytes;
    private long step;

    StringUnit(RareOperations core) {
        this.core = core;
        this.state = core.state;
        this.r = core.registers;
        this.mmu = core.mmu;
    }

    private void begin(int size, int parts) {
        addressSize = parts >> 4 & 15;
        addressMask = ExecutionCore.mask(addressSize);
        bytes = 1 << size;
        step = (state.rflags & Flags.DF) != 0 ? -bytes : bytes;
    }

    private long source(int segment, boolean write) {
        return core.linear(segment, r[CpuState.RSI] & addressMask, bytes, write);
    }

    private long destination(boolean write) {
        return core.linear(CpuState.ES, r[CpuState.RDI] & addressMask, bytes, write);
    }

    private void advance(int register, long by) {
        core.put(register, addressSize, r[register] + by);
    }

    /**
     * Executes MOVS to SCAS.
     *
     * @return whether it is complete; else it must be executed again
     */
    boolean execute(int kind, int size, int parts) {
        begin(size, parts);
        int repeat = parts & 15;
        int segment = parts >> 8;
        if (repeat == InstructionReader.NO_REPEAT) {
            one(kind, size, segment);
            return true;
        }
        boolean comparing = kind == CMPS || kind == SCAS;
        int steps = (core.mode & CpuMode.SINGLE) != 0 ? 1 : STEPS;
        int pages = 0;
        for (int i = 0; i < steps; i++) {
            long count = r[CpuState.RCX] & addressMask;
            if (count == 0) {
                return true;
            }
            if ((kind == MOVS || kind == STOS) && steps > 1 && step > 0 && count > 1) {
                long done = kind == MOVS ? copy(count, segment) : fill(count);
                if (done > 0) {
                    advance(CpuState.RCX, -done);
                    if (++pages >= PAGES) {
                        return (r[CpuState.RCX] & addressMask) == 0;
                    }
                    continue;
                }
            }
            one(kind, size, segment);
            advance(CpuState.RCX, -1);
            if (comparing && core.condition(4) != (repeat == InstructionReader.REP)) {
                return true;
            }
        }
        return (r[CpuState.RCX] & addressMask) == 0;
    }

    private void one(int kind, int size, int segment) {
        switch (kind) {
            case MOVS -> {
                long value = mmu.read(source(segment, false), bytes);
                mmu.write(destination(true), bytes, value);
                advance(CpuState.RSI, step);
                advance(CpuState.RDI, step);
            }
            case CMPS -> {
                long left = mmu.read(source(segment, false), bytes);
                long right = mmu.read(destination(false), bytes);
                compare(size, left, right);
                advance(CpuState.RSI, step);
                advance(CpuState.RDI, step);
            }
            case STOS -> {
                mmu.write(destination(true), bytes, r[CpuState.RAX]);
                advance(CpuState.RDI, step);
            }
            case LODS -> {
                core.put(CpuState.RAX, size, mmu.read(source(segment, false), bytes));
                advance(CpuState.RSI, step);
            }
            default -> {
                compare(size, r[CpuState.RAX], mmu.read(destination(false), bytes));
                advance(CpuState.RDI, step);
            }
        }
    }

    private void compare(int size, long left, long right) {
        core.flagA = left;
        core.flagB = right;
        core.flagKind = Flags.SUB | size;
    }

    /** Whether offsets are linear addresses but for a base, without limits within the page. */
    private boolean linearAddressing(int segment) {
        return core.mode64
                ? addressSize == 3
                : addressSize == 2 && (core.mode & CpuMode.FLAT) != 0 && segment < 4 && segment != 1;
    }

    private static long toPageEnd(long linear) {
        return 0x1000 - (linear & 0xFFF);
    }

    /** Copies within one page of each side; the number of steps done. */
    private long copy(long count, int segment) {
        if (!linearAddressing(segment)) {
            return 0;
        }
        long from = r[CpuState.RSI] + (core.mode64 ? r[Op.SEGMENT_BASE + segment] : 0);
        long to = r[CpuState.RDI];
        long n = Math.min(count, Math.min(toPageEnd(from), toPageEnd(to)) / bytes);
        if (n < 2) {
            return 0;
        }
        long source = mmu.hostForRead(from);
        long target = mmu.hostForWrite(to);
        // Reading may have replaced the entry: same index, other page.
        if (source == 0 || target == 0 || mmu.hostForRead(from) != source) {
            return 0;
        }
        long length = n * bytes;
        if (target - source > 0 && target - source < length) {
            // Overlapping upwards repeats a pattern, which is not what a memmove does.
            n = (target - source) / bytes;
            if (n == 0) {
                return 0;
            }
            length = n * bytes;
        }
        NativeMemory.copy(source, target, length);
        advance(CpuState.RSI, length);
        advance(CpuState.RDI, length);
        return n;
    }

    private long fill(long count) {
        if (!linearAddressing(CpuState.ES)) {
            return 0;
        }
        long to = r[CpuState.RDI];
        long n = Math.min(count, toPageEnd(to) / bytes);
        if (n < 2) {
            return 0;
        }
        long target = mmu.hostForWrite(to);
        if (target == 0) {
            return 0;
        }
        long value = r[CpuState.RAX] & ExecutionCore.mask(Integer.numberOfTrailingZeros(bytes));
        byte low = (byte) value;
        if (value == ExecutionCore.mask(Integer.numberOfTrailingZeros(bytes)) / 255 * (low & 0xFF) && bytes < 8
                || bytes == 8 && value == (low & 0xFFL) * 0x0101_0101_0101_0101L) {
            NativeMemory.fill(target, n * bytes, low);
        } else {
            for (long i = 0; i < n; i++) {
                long at = target + i * bytes;
                switch (bytes) {
                    case 2 -> NativeMemory.put16(at, (short) value);
                    case 4 -> NativeMemory.put32(at, (int) value);
                    default -> NativeMemory.put64(at, value);
                }
            }
        }
        advance(CpuState.RDI, n * bytes);
        return n;
    }

    /**
     * Executes INS or OUTS.
     *
     * @return whether it is complete
     */
    boolean port(boolean out, int size, int parts) {
        begin(size, parts);
        boolean repeat = (parts & 15) != InstructionReader.NO_REPEAT;
        int port = (int) r[CpuState.RDX] & 0xFFFF;
        int steps = (core.mode & CpuMode.SINGLE) != 0 || !repeat ? 1 : STEPS;
        for (int i = 0; i < steps; i++) {
            if (repeat && (r[CpuState.RCX] & addressMask) == 0) {
                return true;
            }
            core.system.requirePort(port, bytes);
            if (out) {
                long value = mmu.read(source(parts >> 8, false), bytes);
                core.system.portOut(port, bytes, (int) value);
                advance(CpuState.RSI, step);
            } else {
                long linear = destination(true);
                mmu.probeWrite(linear, bytes);
                mmu.write(linear, bytes, core.system.portIn(port, bytes));
                advance(CpuState.RDI, step);
            }
            if (repeat) {
                advance(CpuState.RCX, -1);
            }
        }
        return !repeat || (r[CpuState.RCX] & addressMask) == 0;
    }
}
