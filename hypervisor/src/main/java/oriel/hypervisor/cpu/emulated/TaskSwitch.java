package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/**
 * Hardware task switches between 16-bit and 32-bit TSSs (Intel SDM 3A §7.3). IA-32e mode has none.
 *
 * <p>Faults found before the new task's registers are loaded leave the old task as it was; later ones belong to the new
 * task, as on the real processor.
 */
final class TaskSwitch {
    /** What causes a switch: it decides about busy bits, the back link and NT (SDM 3A table 7-2). */
    enum Kind {
        JUMP,
        CALL,
        INTERRUPT,
        RETURN
    }

    /** ES CS SS DS FS GS: the order of {@link CpuState#segments} is that of the TSS. */
    private static final int SEGMENTS = 6;

    private final CpuContext cpu;
    private final CpuState state;
    private final LinearMemory memory;
    private final DescriptorTables tables;
    private final SegmentLoader loader;
    private final StackAccess stack;

    TaskSwitch(CpuContext cpu, DescriptorTables tables, SegmentLoader loader) {
        this.cpu = cpu;
        this.state = cpu.state;
        this.memory = cpu.memory;
        this.tables = tables;
        this.loader = loader;
        this.stack = new StackAccess(cpu);
    }

    /** Register image of the incoming task. */
    private static final class Image {
        final long[] registers = new long[8];
        final int[] selectors = new int[SEGMENTS];
        long eip;
        long flags;
        long cr3;
        int ldt;
        boolean trap;
    }

    void throughGate(int gateSelector, long gate, Kind kind, long nextRip) {
        direct(Descriptor.gateSelector(gate), kind, nextRip);
    }

    void direct(int selector, Kind kind, long nextRip) {
        long raw = fetchTss(selector, false, GuestFault.GP);
        switchTo(selector, raw, kind, nextRip);
    }

    /** Through a task gate of the IDT; pushes the error code on the new task's stack. */
    void interrupt(int selector, long returnRip, boolean hasErrorCode, int errorCode) {
        long raw = fetchTss(selector, false, GuestFault.GP);
        boolean wide = (Descriptor.type(raw) & 8) != 0;
        switchTo(selector, raw, Kind.INTERRUPT, returnRip);
        if (hasErrorCode) {
            stack.current();
            stack.push(wide ? 4 : 2, errorCode);
            stack.commit();
        }
    }

    /** IRET with NT: to the task that the back link names. */
    void back(long nextRip) {
        SegmentState tr = state.segments[CpuState.TR];
        int selector = (int) memory.readSystem(cpu.linear(tr.base), 2);
        long raw = fetchTss(selector, true, GuestFault.TS);
        switchTo(selector, raw, Kind.RETURN, nextRip);
    }

    private long fetchTss(int selector, boolean busy, int invalid) {
        if (DescriptorTables.isNull(selector) || (selector & 4) != 0) {
            throw cpu.fault(invalid, selector);
        }
        long raw = tables.fetch(selector, invalid);
        int expected = busy ? Descriptor.TSS16_BUSY : Descriptor.TSS16_AVAILABLE;
        if (Descriptor.isSegment(raw) || (Descriptor.type(raw) & ~8) != expected) {
            throw cpu.fault(invalid, selector);
        }
        if (!Descriptor.present(raw)) {
            throw cpu.fault(GuestFault.NP, selector);
        }
        if (Descriptor.limit(raw) < ((Descriptor.type(raw) & 8) != 0 ? 103 : 43)) {
            throw cpu.fault(GuestFault.TS, selector);
        }
        return raw;
    }

    private void switchTo(int selector, long raw, Kind kind, long nextRip) {
        SegmentState tr = state.segments[CpuState.TR];
        long oldBase = tr.base;
        int oldSelector = tr.selector;
        long newBase = Descriptor.base(raw);
        boolean wide = (Descriptor.type(raw) & 8) != 0;
        Image image = wide ? read32(newBase) : read16(newBase);

        long savedFlags = kind == Kind.RETURN ? state.rflags & ~CpuContext.NT : state.rflags;
        if ((tr.access & 8) != 0) {
            save32(oldBase, nextRip, savedFlags);
        } else {
            save16(oldBase, nextRip, savedFlags);
        }
        boolean nested = kind == Kind.CALL || kind == Kind.INTERRUPT;
        if (nested) {
            memory.writeSystem(cpu.linear(newBase), 2, oldSelector);
        } else {
            tables.markBusy(oldSelector, false);
        }
        if (kind != Kind.RETURN) {
            tables.markBusy(selector, true);
        }
        tr.set(selector, newBase, Descriptor.limit(raw), Descriptor.access(raw) | 2);
        load(image, wide, nested);
    }

    private Image read32(long base) {
        Image image = new Image();
        image.cr3 = read(base, 0x1C, 4);
        image.eip = read(base, 0x20, 4);
        image.flags = read(base, 0x24, 4);
        for (int i = 0; i < 8; i++) {
            image.registers[i] = read(base, 0x28 + 4 * i, 4);
        }
        for (int i = 0; i < SEGMENTS; i++) {
            image.selectors[i] = (int) read(base, 0x48 + 4 * i, 2);
        }
        image.ldt = (int) read(base, 0x60, 2);
        image.trap = (read(base, 0x64, 2) & 1) != 0;
        return image;
    }

    private Image read16(long base) {
        Image image = new Image();
        image.cr3 = state.cr3;
        image.eip = read(base, 0x0E, 2);
        image.flags = read(base, 0x10, 2);
        for (int i = 0; i < 8; i++) {
            image.registers[i] = state.gpr[i] & 0xFFFF_0000L | read(base, 0x12 + 2 * i, 2);
        }
        for (int i = 0; i < 4; i++) {
            image.selectors[i] = (int) read(base, 0x22 + 2 * i, 2);
        }
        image.ldt = (int) read(base, 0x2A, 2);
        return image;
    }

    private long read(long base, int offset, int size) {
        return memory.readSystem(cpu.linear(base + offset), size);
    }

    private void save32(long base, long rip, long flags) {
        write(base, 0x20, 4, rip);
        write(base, 0x24, 4, flags);
        for (int i = 0; i < 8; i++) {
            write(base, 0x28 + 4 * i, 4, state.gpr[i]);
        }
        for (int i = 0; i < SEGMENTS; i++) {
            write(base, 0x48 + 4 * i, 2, state.segments[i].selector);
        }
    }

    private void save16(long base, long rip, long flags) {
        write(base, 0x0E, 2, rip);
        write(base, 0x10, 2, flags);
        for (int i = 0; i < 8; i++) {
            write(base, 0x12 + 2 * i, 2, state.gpr[i]);
        }
        for (int i = 0; i < 4; i++) {
            write(base, 0x22 + 2 * i, 2, state.segments[i].selector);
        }
    }

    private void write(long base, int offset, int size, long value) {
        memory.writeSystem(cpu.linear(base + offset), size, value & (size == 2 ? 0xFFFF : 0xFFFF_FFFFL));
    }

    private void load(Image image, boolean wide, boolean nested) {
        state.cr0 |= CpuContext.CR0_TS;
        state.dr[7] &= ~0x155L; // SDM 3A §7.3: local breakpoints belong to the old task
        if (wide && (state.cr0 & CpuContext.CR0_PG) != 0) {
            state.cr3 = image.cr3;
            memory.flush(false);
        }
        long allowed = wide ? 0x3F_7FD5 : 0x7FD5;
        state.rflags = image.flags & allowed | 2 | (nested ? CpuContext.NT : 0);
        state.rip = image.eip;
        for (int i = 0; i < 8; i++) {
            state.gpr[i] = image.registers[i] & 0xFFFF_FFFFL;
        }
        boolean virtual = (state.rflags & CpuContext.VM) != 0;
        int level = virtual ? 3 : image.selectors[CpuState.CS] & 3;
        // Until a segment passes its checks it is known by its selector only; SS.DPL already is the new level.
        for (int i = 0; i < SEGMENTS; i++) {
            state.segments[i].set(image.selectors[i], 0, 0, 0x10000 | level << 5);
        }
        state.segments[CpuState.LDTR].set(image.ldt, 0, 0, 0x10000);
        memory.contextChanged();

        tables.loadLocal(image.ldt, GuestFault.TS, GuestFault.TS);
        if (virtual) {
            for (int i = 0; i < SEGMENTS; i++) {
                loader.loadReal(i, image.selectors[i]);
            }
        } else {
            loadSegments(image.selectors, level);
        }
        memory.contextChanged();
        if (state.rip > state.segments[CpuState.CS].limit) {
            throw cpu.generalProtection();
        }
        if (image.trap) {
            state.dr[6] |= 1 << 15; // BT
            throw cpu.fault(GuestFault.DB);
        }
    }

    private void loadSegments(int[] selectors, int level) {
        int code = selectors[CpuState.CS];
        if (DescriptorTables.isNull(code)) {
            throw cpu.fault(GuestFault.TS, 0);
        }
        long raw = tables.fetch(code, GuestFault.TS);
        boolean allowed = Descriptor.isConforming(raw) ? Descriptor.dpl(raw) <= level : Descriptor.dpl(raw) == level;
        if (!Descriptor.isCode(raw) || !allowed) {
            throw cpu.fault(GuestFault.TS, code);
        }
        if (!Descriptor.present(raw)) {
            throw cpu.fault(GuestFault.NP, code);
        }
        loader.setCode(code, raw, level);
        int stackSelector = selectors[CpuState.SS];
        if (DescriptorTables.isNull(stackSelector)) {
            throw cpu.fault(GuestFault.TS, 0);
        }
        loader.setStack(stackSelector, loader.fetchStack(stackSelector, level, GuestFault.TS));
        for (int segment : new int[] {CpuState.ES, CpuState.DS, CpuState.FS, CpuState.GS}) {
            loader.loadData(segment, selectors[segment], GuestFault.TS, selectors[segment] & 3);
        }
    }
}
