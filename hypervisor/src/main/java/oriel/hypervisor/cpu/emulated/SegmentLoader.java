package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/** Loads segment registers with the checks of each mode (Intel SDM 3A §5.6, §5.7; SDM 2B MOV). */
final class SegmentLoader {
    /** What IRET, an interrupt redirected in virtual-8086 mode and MOV give a segment there (SDM 3A §20.2). */
    static final int VIRTUAL_8086_ACCESS = 0xF3;

    private static final int UNUSABLE = 0x10000;

    private final CpuContext cpu;
    private final CpuState state;
    private final DescriptorTables tables;

    SegmentLoader(CpuContext cpu, DescriptorTables tables) {
        this.cpu = cpu;
        this.state = cpu.state;
        this.tables = tables;
    }

    /** MOV, POP, LDS, … */
    void load(int segment, int selector) {
        if (!cpu.protectedMode()) {
            loadReal(segment, selector);
        } else if (segment == CpuState.SS) {
            loadStack(selector);
        } else {
            loadData(segment, selector, GuestFault.GP, selector & 3);
        }
    }

    /** Real mode keeps limit and rights, which gives 4 GiB segments to programs that visited protected mode. */
    void loadReal(int segment, int selector) {
        SegmentState register = state.segments[segment];
        if (cpu.virtual8086()) {
            register.set(selector, (long) selector << 4, 0xFFFF, VIRTUAL_8086_ACCESS);
        } else {
            register.selector = selector;
            register.base = (long) selector << 4;
            register.access &= ~UNUSABLE;
        }
    }

    private void loadStack(int selector) {
        int cpl = state.cpl();
        if (DescriptorTables.isNull(selector)) {
            if (!cpu.code64() || cpl == 3 || (selector & 3) != cpl) {
                throw cpu.generalProtection();
            }
            setNullStack(selector, cpl);
            return;
        }
        long raw = fetchStack(selector, cpl, GuestFault.GP);
        setStack(selector, raw);
    }

    /** Reads and checks a stack segment for a privilege level. */
    long fetchStack(int selector, int level, int invalid) {
        long raw = tables.fetch(selector, invalid);
        if ((selector & 3) != level || Descriptor.dpl(raw) != level || !Descriptor.isWritableData(raw)) {
            throw cpu.fault(invalid, selector);
        }
        if (!Descriptor.present(raw)) {
            throw cpu.fault(GuestFault.SS, selector);
        }
        return raw;
    }

    /** Sets the accessed bit early, where a page fault must come before anything is changed. */
    void markAccessed(int selector, long raw) {
        tables.markAccessed(selector, raw);
    }

    /** Loads SS with a checked descriptor. */
    void setStack(int selector, long raw) {
        int access = tables.markAccessed(selector, raw);
        SegmentState ss = state.segments[CpuState.SS];
        boolean levelChanged = ss.dpl() != Descriptor.dpl(raw);
        ss.set(selector, Descriptor.base(raw), Descriptor.limit(raw), access);
        if (levelChanged) {
            cpu.memory.contextChanged();
        }
    }

    /** The null stack segment of 64-bit code; its DPL still is the privilege level. */
    void setNullStack(int selector, int level) {
        SegmentState ss = state.segments[CpuState.SS];
        boolean levelChanged = ss.dpl() != level;
        ss.set(selector, 0, 0, UNUSABLE | level << 5);
        if (levelChanged) {
            cpu.memory.contextChanged();
        }
    }

    /** Loads ES, DS, FS or GS with a fault of {@code invalid} where it isn't allowed. */
    void loadData(int segment, int selector, int invalid, int requestedLevel) {
        if (DescriptorTables.isNull(selector)) {
            setNull(segment, selector);
            return;
        }
        long raw = tables.fetch(selector, invalid);
        if (!Descriptor.isReadable(raw)) {
            throw cpu.fault(invalid, selector);
        }
        if (!Descriptor.isConforming(raw) && Descriptor.dpl(raw) < Math.max(state.cpl(), requestedLevel)) {
            throw cpu.fault(invalid, selector);
        }
        if (!Descriptor.present(raw)) {
            throw cpu.fault(GuestFault.NP, selector);
        }
        int access = tables.markAccessed(selector, raw);
        state.segments[segment].set(selector, Descriptor.base(raw), Descriptor.limit(raw), access);
    }

    /** Intel clears the base too; Linux counts on it (X86_BUG_NULL_SEG is for processors that don't). */
    void setNull(int segment, int selector) {
        state.segments[segment].set(selector, 0, 0, UNUSABLE);
    }

    /** Loads CS with a checked descriptor at a privilege level. */
    void setCode(int selector, long raw, int level) {
        int access = tables.markAccessed(selector, raw);
        cpu.setCode(selector & 0xFFFC | level, Descriptor.base(raw), Descriptor.limit(raw), access);
    }

    /**
     * After a return to an outer level: segments that it may not use become null (SDM 3A §5.8.6). Their bases stay, as
     * on Intel's processors, where 64-bit code still adds those of FS and GS.
     */
    void dropInnerData(int level) {
        for (int segment : new int[] {CpuState.ES, CpuState.DS, CpuState.FS, CpuState.GS}) {
            SegmentState register = state.segments[segment];
            boolean conforming = (register.access & 0x1C) == 0x1C;
            if (!register.unusable() && !conforming && register.dpl() < level) {
                register.selector = 0;
                register.access |= UNUSABLE;
            }
        }
    }
}
