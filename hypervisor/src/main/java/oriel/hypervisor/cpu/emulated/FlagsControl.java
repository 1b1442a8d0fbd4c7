package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** CLI, STI, PUSHF, POPF with IOPL, VME and PVI (Intel SDM 3A §20.3, SDM 2A/2B). */
final class FlagsControl {
    private final CpuContext cpu;
    private final CpuState state;

    FlagsControl(CpuContext cpu) {
        this.cpu = cpu;
        this.state = cpu.state;
    }

    void setInterruptFlag(boolean enable) {
        boolean real = (state.cr0 & CpuContext.CR0_PE) == 0;
        if (real || cpu.iopl() >= state.cpl()) {
            if (enable && (state.rflags & CpuContext.IF) == 0) {
                state.interruptShadow = true;
            }
            set(CpuContext.IF, enable);
            return;
        }
        long virtualInterrupts = cpu.virtual8086() ? CpuContext.CR4_VME : CpuContext.CR4_PVI;
        if ((state.cr4 & virtualInterrupts) == 0 || state.cpl() != 3) {
            throw cpu.generalProtection();
        }
        if (enable && (state.rflags & CpuContext.VIP) != 0) {
            throw cpu.generalProtection();
        }
        set(CpuContext.VIF, enable);
    }

    private void set(long flag, boolean on) {
        state.rflags = on ? state.rflags | flag : state.rflags & ~flag;
    }

    void pop(long value, int operandSize) {
        long change = CpuContext.STATUS_FLAGS | CpuContext.TF | CpuContext.NT;
        if (operandSize != 2) {
            change |= CpuContext.AC | CpuContext.ID;
        }
        if (cpu.virtual8086()) {
            if (cpu.iopl() < 3) {
                popVirtual(value, operandSize, change);
                return;
            }
            change |= CpuContext.IF;
        } else {
            int cpl = state.cpl();
            if (cpl == 0) {
                change |= CpuContext.IOPL;
            }
            if (cpl <= cpu.iopl()) {
                change |= CpuContext.IF;
            }
        }
        long keep = ~change & ~CpuContext.RF;
        cpu.setFlags(value & change | state.rflags & keep);
    }

    private void popVirtual(long value, int operandSize, long change) {
        if (operandSize != 2 || (state.cr4 & CpuContext.CR4_VME) == 0) {
            throw cpu.generalProtection();
        }
        boolean enable = (value & CpuContext.IF) != 0;
        if ((enable && (state.rflags & CpuContext.VIP) != 0) || (value & CpuContext.TF) != 0) {
            throw cpu.generalProtection();
        }
        long keep = ~change & ~CpuContext.VIF;
        cpu.setFlags(value & change | state.rflags & keep | (enable ? CpuContext.VIF : 0));
    }

    long push(int operandSize) {
        long flags = state.rflags & ~(CpuContext.VM | CpuContext.RF);
        if (cpu.virtual8086() && cpu.iopl() < 3) {
            if (operandSize != 2 || (state.cr4 & CpuContext.CR4_VME) == 0) {
                throw cpu.generalProtection();
            }
            boolean enabled = (flags & CpuContext.VIF) != 0;
            flags = flags & ~CpuContext.IF | CpuContext.IOPL | (enabled ? CpuContext.IF : 0);
        }
        return CpuContext.truncate(flags, operandSize);
    }
}
