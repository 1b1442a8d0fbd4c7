package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/**
 * Pushes to and pops from a stack without moving RSP: a control transfer works on it and commits when nothing can fault
 * any more. One per processor and purpose, reused.
 */
final class StackAccess {
    private final CpuContext cpu;
    private long base;
    private long limit;
    private int access;
    private boolean is64;
    private boolean system;
    private int faultSelector;

    /** Stack pointer, as wide as the stack. */
    long pointer;

    StackAccess(CpuContext cpu) {
        this.cpu = cpu;
    }

    /** The stack in use. */
    StackAccess current() {
        SegmentState ss = cpu.segment(CpuState.SS);
        return at(ss.base, ss.limit, ss.access, cpu.code64(), cpu.state.gpr[CpuState.RSP], false, 0);
    }

    /** A stack of 64-bit code at an inner privilege level. */
    StackAccess flat(long newPointer, boolean asSystem) {
        return at(0, 0, 0, true, newPointer, asSystem, 0);
    }

    /** The stack of an inner privilege level in legacy modes; faults name its selector. */
    StackAccess segment(int selector, long raw, long newPointer) {
        int access = Descriptor.access(raw);
        return at(Descriptor.base(raw), Descriptor.limit(raw), access, false, newPointer, true, selector);
    }

    private StackAccess at(
            long newBase,
            long newLimit,
            int newAccess,
            boolean new64,
            long newPointer,
            boolean asSystem,
            int selectorForFaults) {
        base = newBase;
        limit = newLimit;
        access = newAccess;
        is64 = new64;
        system = asSystem;
        faultSelector = selectorForFaults;
        pointer = newPointer & mask();
        return this;
    }

    private long mask() {
        return is64 ? -1L : (access & 0x4000) != 0 ? 0xFFFF_FFFFL : 0xFFFF;
    }

    void push(int size, long value) {
        long to = pointer - size & mask();
        long linear = check(to, size);
        if (system) {
            cpu.memory.writeSystem(linear, size, CpuContext.truncate(value, size));
        } else {
            switch (size) {
                case 2 -> cpu.memory.write16(linear, (int) value & 0xFFFF);
                case 4 -> cpu.memory.write32(linear, (int) value);
                default -> cpu.memory.write64(linear, value);
            }
        }
        pointer = to;
    }

    long pop(int size) {
        long value = peek(0, size);
        skip(size);
        return value;
    }

    /** Reads at a distance from the top. */
    long peek(long offset, int size) {
        long linear = check(pointer + offset & mask(), size);
        return switch (size) {
            case 2 -> cpu.memory.read16(linear) & 0xFFFFL;
            case 4 -> cpu.memory.read32(linear) & 0xFFFF_FFFFL;
            default -> cpu.memory.read64(linear);
        };
    }

    void skip(long bytes) {
        pointer = pointer + bytes & mask();
    }

    private long check(long offset, int size) {
        long last = offset + size - 1;
        if (is64) {
            if (!CpuContext.canonical(offset) || !CpuContext.canonical(last)) {
                throw cpu.fault(GuestFault.SS, 0);
            }
            return offset;
        }
        boolean expandDown = (access & 0xC) == 4;
        boolean inside = expandDown ? offset > limit && last <= mask() : last <= limit;
        if (!inside || (access & 0x10000) != 0) {
            throw cpu.fault(GuestFault.SS, faultSelector);
        }
        return cpu.linear(base + offset);
    }

    /** Makes the pointer RSP; a 16-bit stack leaves the upper bits alone. */
    void commit() {
        setPointer(cpu.state, pointer, mask());
    }

    private static void setPointer(CpuState state, long value, long mask) {
        state.gpr[CpuState.RSP] = mask == 0xFFFF ? state.gpr[CpuState.RSP] & ~0xFFFFL | value : value;
    }

    /** Sets RSP for a stack just loaded into SS. */
    static void setPointer(CpuContext cpu, long value) {
        boolean wide = cpu.code64();
        long mask = wide ? -1L : cpu.segment(CpuState.SS).big() ? 0xFFFF_FFFFL : 0xFFFF;
        setPointer(cpu.state, value & mask, mask);
    }
}
