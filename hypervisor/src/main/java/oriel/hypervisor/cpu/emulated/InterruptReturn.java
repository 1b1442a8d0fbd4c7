package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** IRET in every mode (Intel SDM 2A IRET/IRETD/IRETQ). */
final class InterruptReturn {
    /** Flags that any privilege level may restore: arithmetic, DF, TF, NT. */
    private static final long ALWAYS = CpuContext.STATUS_FLAGS | CpuContext.TF | CpuContext.NT;

    private static final long UPPER = CpuContext.RF | CpuContext.AC | CpuContext.ID;

    private final CpuContext cpu;
    private final CpuState state;
    private final DescriptorTables tables;
    private final SegmentLoader loader;
    private final TaskSwitch tasks;
    private final StackAccess stack;

    InterruptReturn(CpuContext cpu, DescriptorTables tables, SegmentLoader loader, TaskSwitch tasks) {
        this.cpu = cpu;
        this.state = cpu.state;
        this.tables = tables;
        this.loader = loader;
        this.tasks = tasks;
        this.stack = new StackAccess(cpu);
    }

    void execute(int size, long nextRip) {
        if (cpu.virtual8086()) {
            returnVirtual8086(size);
        } else if (!cpu.protectedMode()) {
            returnReal(size);
        } else if ((state.rflags & CpuContext.NT) != 0) {
            if (cpu.longMode()) {
                throw cpu.generalProtection();
            }
            tasks.back(nextRip);
        } else {
            returnProtected(size);
        }
        state.nmiBlocked = false; // SDM 3A §6.7.1: the end of an NMI handler
    }

    private void returnReal(int size) {
        long keep = size == 2 ? ~0xFFFFL : CpuContext.VM | CpuContext.VIF | CpuContext.VIP;
        popReal(size, keep);
    }

    private void returnVirtual8086(int size) {
        if (cpu.iopl() == 3) {
            long keep = CpuContext.IOPL | CpuContext.VM | CpuContext.VIF | CpuContext.VIP;
            popReal(size, size == 2 ? keep | ~0xFFFFL : keep);
            return;
        }
        if (size != 2 || (state.cr4 & CpuContext.CR4_VME) == 0) {
            throw cpu.generalProtection();
        }
        stack.current();
        long offset = stack.pop(2);
        int selector = (int) stack.pop(2);
        long flags = stack.pop(2);
        boolean enable = (flags & CpuContext.IF) != 0;
        if ((enable && (state.rflags & CpuContext.VIP) != 0) || (flags & CpuContext.TF) != 0) {
            throw cpu.generalProtection();
        }
        long keep = ~0xFFFFL & ~CpuContext.VIF | CpuContext.IOPL | CpuContext.IF;
        enterReal(offset, selector, flags & ~keep | state.rflags & keep | (enable ? CpuContext.VIF : 0));
    }

    private void popReal(int size, long keep) {
        stack.current();
        long offset = stack.pop(size);
        int selector = (int) stack.pop(size) & 0xFFFF;
        long flags = stack.pop(size);
        enterReal(offset, selector, flags & ~keep & 0x3F_7FD5 | state.rflags & keep);
    }

    private void enterReal(long offset, int selector, long flags) {
        if (offset > state.segments[CpuState.CS].limit) {
            throw cpu.generalProtection();
        }
        stack.commit();
        loader.loadReal(CpuState.CS, selector);
        state.rip = offset;
        cpu.setFlags(flags);
    }

    private void returnProtected(int size) {
        int cpl = state.cpl();
        boolean from64 = cpu.code64();
        stack.current();
        long offset = stack.pop(size);
        int selector = (int) stack.pop(size) & 0xFFFF;
        long flags = stack.pop(size);
        if ((flags & CpuContext.VM) != 0 && cpl == 0 && size == 4 && !cpu.longMode()) {
            returnToVirtual8086(offset, selector, flags);
            return;
        }
        if (DescriptorTables.isNull(selector)) {
            throw cpu.generalProtection();
        }
        long raw = tables.fetch(selector, GuestFault.GP);
        FarTransfer.checkReturnCode(cpu, selector, raw);
        int level = selector & 3;
        if (level == cpl && !from64) {
            checkOffset(raw, offset);
            stack.commit();
            loader.setCode(selector, raw, level);
        } else {
            long pointer = stack.pop(size);
            int newStack = (int) stack.pop(size) & 0xFFFF;
            long stackRaw = FarTransfer.checkReturnStack(cpu, loader, newStack, raw, level);
            checkOffset(raw, offset);
            FarTransfer.commitOuter(cpu, loader, selector, raw, newStack, stackRaw, pointer);
        }
        state.rip = offset;
        restoreFlags(flags, size, cpl);
    }

    private void checkOffset(long raw, long offset) {
        boolean valid = cpu.longMode() && Descriptor.is64Bit(raw)
                ? CpuContext.canonical(offset)
                : Long.compareUnsigned(offset, Descriptor.limit(raw)) <= 0;
        if (!valid) {
            throw cpu.generalProtection();
        }
    }

    private void restoreFlags(long flags, int size, int cpl) {
        long change = ALWAYS;
        if (size != 2) {
            change |= UPPER;
        }
        if (cpl <= cpu.iopl()) {
            change |= CpuContext.IF;
        }
        if (cpl == 0) {
            change |= CpuContext.IOPL;
            if (size != 2) {
                change |= CpuContext.VIF | CpuContext.VIP;
            }
        }
        cpu.setFlags(flags & change | state.rflags & ~change);
    }

    private void returnToVirtual8086(long offset, int selector, long flags) {
        long pointer = stack.pop(4);
        int[] selectors = new int[6];
        for (int segment : new int[] {CpuState.SS, CpuState.ES, CpuState.DS, CpuState.FS, CpuState.GS}) {
            selectors[segment] = (int) stack.pop(4) & 0xFFFF;
        }
        if ((offset & 0xFFFF_FFFFL) > 0xFFFF) {
            throw cpu.generalProtection();
        }
        selectors[CpuState.CS] = selector;
        state.rflags = flags & 0x3F_7FD5 | 2;
        for (int segment = CpuState.ES; segment <= CpuState.GS; segment++) {
            loader.loadReal(segment, selectors[segment]);
        }
        state.gpr[CpuState.RSP] = pointer;
        state.rip = offset;
        cpu.memory.contextChanged();
    }
}
