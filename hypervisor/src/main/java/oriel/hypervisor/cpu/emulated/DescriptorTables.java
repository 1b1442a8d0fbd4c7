package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/** GDT, LDT, IDT and TSS registers, and descriptors looked up in them (Intel SDM 3A §3.5.1, §2.4). */
final class DescriptorTables {
    private final CpuContext cpu;
    private final CpuState state;
    private final LinearMemory memory;

    DescriptorTables(CpuContext cpu) {
        this.cpu = cpu;
        this.state = cpu.state;
        this.memory = cpu.memory;
    }

    static boolean isNull(int selector) {
        return (selector & 0xFFFC) == 0;
    }

    /** Whether {@code size} bytes of descriptor lie within the table. */
    boolean exists(int selector, int size) {
        long last = (selector & 0xFFF8) + size - 1L;
        if ((selector & 4) == 0) {
            return last <= state.gdtLimit;
        }
        SegmentState ldt = state.segments[CpuState.LDTR];
        return !ldt.unusable() && last <= ldt.limit;
    }

    long address(int selector) {
        long base = (selector & 4) == 0 ? state.gdtBase : state.segments[CpuState.LDTR].base;
        return cpu.linear(base + (selector & 0xFFF8));
    }

    /** Reads a descriptor that {@link #exists}. */
    long read(int selector) {
        return memory.readSystem(address(selector), 8);
    }

    /** Reads a descriptor; one outside its table is a fault of the given vector. */
    long fetch(int selector, int vector) {
        if (!exists(selector, 8)) {
            throw cpu.fault(vector, selector);
        }
        return read(selector);
    }

    /** The upper half of a 16-byte system descriptor (IA-32e mode); its type field must be 0. */
    long fetchUpper(int selector, int vector) {
        if (!exists(selector, 16)) {
            throw cpu.fault(vector, selector);
        }
        long upper = memory.readSystem(address(selector) + 8, 8);
        if ((upper >>> 40 & 0x1F) != 0) {
            throw cpu.fault(vector, selector);
        }
        return upper;
    }

    /** Sets the accessed bit of a code or data segment in memory, unless it is. Returns the access rights with it. */
    int markAccessed(int selector, long raw) {
        int access = Descriptor.access(raw);
        if ((access & 1) == 0) {
            memory.writeSystem(address(selector) + 5, 1, access & 0xFF | 1);
        }
        return access | 1;
    }

    /** Sets or clears the busy bit of a TSS in memory. */
    void markBusy(int selector, boolean busy) {
        long at = address(selector) + 5;
        long access = memory.readSystem(at, 1);
        memory.writeSystem(at, 1, busy ? access | 2 : access & ~2L);
    }

    void load(boolean interrupt, long linear, int operandSize) {
        cpu.requirePrivilege();
        long limit = memory.read16(linear);
        long base = switch (operandSize) {
            case 2 -> memory.read32(linear + 2) & 0xFF_FFFFL; // SDM 2A LGDT: 24 bits with a 16-bit operand size
            case 4 -> memory.read32(linear + 2) & 0xFFFF_FFFFL;
            default -> memory.read64(linear + 2);
        };
        if (!CpuContext.canonical(base)) {
            throw cpu.generalProtection();
        }
        if (interrupt) {
            state.idtBase = base;
            state.idtLimit = limit;
        } else {
            state.gdtBase = base;
            state.gdtLimit = limit;
        }
    }

    void store(boolean interrupt, long linear, int operandSize) {
        memory.probeWrite(linear, operandSize == 8 ? 10 : 6);
        memory.write16(linear, (int) (interrupt ? state.idtLimit : state.gdtLimit));
        long base = interrupt ? state.idtBase : state.gdtBase;
        if (operandSize == 8) {
            memory.write64(linear + 2, base);
        } else {
            memory.write32(linear + 2, (int) base);
        }
    }

    void loadLocal(int selector) {
        cpu.requireProtectedMode();
        cpu.requirePrivilege();
        loadLocal(selector, GuestFault.GP, GuestFault.NP);
    }

    /** Loads LDTR, with the faults of LLDT or of a task switch. */
    void loadLocal(int selector, int invalid, int absent) {
        SegmentState ldt = state.segments[CpuState.LDTR];
        if (isNull(selector)) {
            ldt.set(selector, 0, 0, 0x10000);
            return;
        }
        if ((selector & 4) != 0) {
            throw cpu.fault(invalid, selector);
        }
        long raw = fetch(selector, invalid);
        if (Descriptor.isSegment(raw) || Descriptor.type(raw) != Descriptor.LDT) {
            throw cpu.fault(invalid, selector);
        }
        if (!Descriptor.present(raw)) {
            throw cpu.fault(absent, selector);
        }
        long base = systemBase(selector, raw, invalid);
        ldt.set(selector, base, Descriptor.limit(raw), Descriptor.access(raw));
    }

    void loadTask(int selector) {
        cpu.requireProtectedMode();
        cpu.requirePrivilege();
        if (isNull(selector)) {
            throw cpu.generalProtection();
        }
        if ((selector & 4) != 0) {
            throw cpu.fault(GuestFault.GP, selector);
        }
        long raw = fetch(selector, GuestFault.GP);
        int type = Descriptor.type(raw);
        boolean available =
                type == Descriptor.TSS32_AVAILABLE || (type == Descriptor.TSS16_AVAILABLE && !cpu.longMode());
        if (Descriptor.isSegment(raw) || !available) {
            throw cpu.fault(GuestFault.GP, selector);
        }
        if (!Descriptor.present(raw)) {
            throw cpu.fault(GuestFault.NP, selector);
        }
        long base = systemBase(selector, raw, GuestFault.GP);
        markBusy(selector, true);
        state.segments[CpuState.TR].set(selector, base, Descriptor.limit(raw), Descriptor.access(raw) | 2);
    }

    private long systemBase(int selector, long raw, int invalid) {
        if (!cpu.longMode()) {
            return Descriptor.base(raw);
        }
        long base = Descriptor.base(raw) | fetchUpper(selector, invalid) << 32;
        if (!CpuContext.canonical(base)) {
            throw cpu.fault(invalid, selector);
        }
        return base;
    }

    /** LAR. */
    long accessRights(int selector) {
        long raw = visible(selector, 0x1A3E, 0x1A04);
        return raw == 0 ? -1 : raw >>> 32 & 0xF0_FF00;
    }

    /** LSL. */
    long segmentLimit(int selector) {
        long raw = visible(selector, 0x0A0E, 0x0A04);
        return raw == 0 ? -1 : Descriptor.limit(raw);
    }

    /** VERR, VERW. */
    boolean verify(int selector, boolean write) {
        long raw = visible(selector, 0, 0);
        return raw != 0 && (write ? Descriptor.isWritableData(raw) : Descriptor.isReadable(raw));
    }

    /**
     * A descriptor that a program at the current privilege level may know of, or 0 (a descriptor that is zero is of an
     * invalid type).
     *
     * @param legacy system types to accept, a bit for each
     * @param extended the same in IA-32e mode
     */
    private long visible(int selector, int legacy, int extended) {
        cpu.requireProtectedMode();
        if (isNull(selector) || !exists(selector, 8)) {
            return 0;
        }
        long raw = read(selector);
        if (Descriptor.isSegment(raw)) {
            if (Descriptor.isConforming(raw)) {
                return raw;
            }
        } else if (((cpu.longMode() ? extended : legacy) >> Descriptor.type(raw) & 1) == 0) {
            return 0;
        }
        return Descriptor.dpl(raw) >= Math.max(state.cpl(), selector & 3) ? raw : 0;
    }
}
