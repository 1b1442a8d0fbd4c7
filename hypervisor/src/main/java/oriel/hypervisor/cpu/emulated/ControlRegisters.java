package oriel.hypervisor.cpu.emulated;

import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.InterruptSource;

/** CR0–CR8 and entering and leaving IA-32e mode (Intel SDM 3A §2.5, §9.8.5). */
final class ControlRegisters {
    private static final long CR0_DEFINED = 0xE005_003FL;
    private static final long PHYSICAL = (1L << 40) - 1;

    /** Reserved in a PAE page-directory-pointer entry that is present (SDM 3A table 4-8). */
    private static final long PDPTE_RESERVED = ~PHYSICAL | 0x1E6;

    private final CpuContext cpu;
    private final CpuState state;
    private final InterruptSource interrupts;
    private final long cr4Allowed;
    private @Nullable LongUnaryOperator physicalRead64;

    ControlRegisters(CpuContext cpu, InterruptSource interrupts, CpuModel model) {
        this.cpu = cpu;
        this.state = cpu.state;
        this.interrupts = interrupts;
        long allowed = CpuContext.CR4_VME
                | CpuContext.CR4_PVI
                | CpuContext.CR4_TSD
                | CpuContext.CR4_DE
                | CpuContext.CR4_PSE
                | CpuContext.CR4_PAE
                | CpuContext.CR4_MCE
                | CpuContext.CR4_PGE
                | CpuContext.CR4_PCE
                | CpuContext.CR4_OSFXSR
                | CpuContext.CR4_OSXMMEXCPT;
        allowed |= model.has(CpuFeature.FSGSBASE) ? CpuContext.CR4_FSGSBASE : 0;
        allowed |= model.has(CpuFeature.SMEP) ? CpuContext.CR4_SMEP : 0;
        allowed |= model.has(CpuFeature.SMAP) ? CpuContext.CR4_SMAP : 0;
        cr4Allowed = model.has(CpuFeature.PCID) ? allowed | CpuContext.CR4_PCIDE : allowed;
    }

    void checkPdptesThrough(LongUnaryOperator read64) {
        physicalRead64 = read64;
    }

    long read(int register) {
        cpu.requirePrivilege();
        return switch (register) {
            case 0 -> state.cr0;
            case 2 -> state.cr2;
            case 3 -> state.cr3;
            case 4 -> state.cr4;
            case 8 -> interrupts.taskPriority();
            default -> throw cpu.undefined();
        };
    }

    void write(int register, long value) {
        cpu.requirePrivilege();
        switch (register) {
            case 0 -> writeCr0(value);
            case 2 -> state.cr2 = value;
            case 3 -> writeCr3(value);
            case 4 -> writeCr4(value);
            case 8 -> {
                check(value >>> 4 == 0);
                interrupts.setTaskPriority((int) value);
            }
            default -> throw cpu.undefined();
        }
    }

    private void check(boolean valid) {
        if (!valid) {
            throw cpu.generalProtection();
        }
    }

    private static boolean has(long value, long bit) {
        return (value & bit) != 0;
    }

    private void writeCr0(long value) {
        check(value >>> 32 == 0);
        boolean paging = has(value, CpuContext.CR0_PG);
        check(!paging || has(value, CpuContext.CR0_PE));
        check(!has(value, CpuContext.CR0_NW) || has(value, CpuContext.CR0_CD));
        boolean pagingBefore = has(state.cr0, CpuContext.CR0_PG);
        if (paging && !pagingBefore) {
            startPaging();
        } else if (!paging && pagingBefore) {
            check(!cpu.code64() && !has(state.cr4, CpuContext.CR4_PCIDE));
            state.efer &= ~CpuContext.EFER_LMA;
        }
        setCr0(value);
    }

    private void setCr0(long value) {
        long old = state.cr0;
        state.cr0 = value & CR0_DEFINED | CpuContext.CR0_ET;
        long changed = old ^ state.cr0;
        if (has(changed, CpuContext.CR0_PG | CpuContext.CR0_PE | CpuContext.CR0_WP)) {
            cpu.memory.flush(true);
        }
        if (changed != 0) {
            cpu.memory.contextChanged();
        }
    }

    private void startPaging() {
        if (has(state.efer, CpuContext.EFER_LME)) {
            boolean task16 = !cpu.segment(CpuState.TR).unusable() && (cpu.segment(CpuState.TR).access & 0xD) == 1;
            check(has(state.cr4, CpuContext.CR4_PAE)
                    && !cpu.segment(CpuState.CS).longMode()
                    && !task16);
            state.efer |= CpuContext.EFER_LMA;
        } else if (has(state.cr4, CpuContext.CR4_PAE)) {
            checkPdptes(state.cr3);
        }
    }

    private void checkPdptes(long cr3) {
        LongUnaryOperator read = physicalRead64;
        if (read == null) {
            return;
        }
        for (int i = 0; i < 4; i++) {
            long entry = read.applyAsLong((cr3 & 0xFFFF_FFE0L) + 8L * i);
            check((entry & 1) == 0 || (entry & PDPTE_RESERVED) == 0);
        }
    }

    private boolean legacyPae() {
        return !cpu.longMode() && has(state.cr0, CpuContext.CR0_PG) && has(state.cr4, CpuContext.CR4_PAE);
    }

    private void writeCr3(long value) {
        boolean keepTranslations = false;
        if (cpu.longMode()) {
            if (has(state.cr4, CpuContext.CR4_PCIDE)) {
                keepTranslations = value < 0;
                value &= Long.MAX_VALUE;
            }
            check((value & ~PHYSICAL) == 0);
        } else {
            value &= 0xFFFF_FFFFL;
            if (legacyPae()) {
                checkPdptes(value);
            }
        }
        state.cr3 = value;
        cpu.memory.switchContext(keepTranslations);
        cpu.memory.contextChanged();
    }

    private void writeCr4(long value) {
        check((value & ~cr4Allowed) == 0);
        long changed = state.cr4 ^ value;
        check(!cpu.longMode() || has(value, CpuContext.CR4_PAE));
        if (has(changed & value, CpuContext.CR4_PCIDE)) {
            check(cpu.longMode() && (state.cr3 & 0xFFF) == 0);
        }
        long paging = CpuContext.CR4_PAE | CpuContext.CR4_PGE | CpuContext.CR4_PSE | CpuContext.CR4_SMEP;
        boolean pagingChanges = has(changed, paging | CpuContext.CR4_PCIDE | CpuContext.CR4_SMAP);
        boolean becomesPae = !cpu.longMode() && has(state.cr0, CpuContext.CR0_PG) && has(value, CpuContext.CR4_PAE);
        if (becomesPae && pagingChanges) {
            checkPdptes(state.cr3);
        }
        state.cr4 = value;
        if (pagingChanges) {
            cpu.memory.flush(true);
        }
        cpu.memory.contextChanged();
    }

    /** LMSW: PE can be set but not cleared. */
    void loadMachineStatus(int value) {
        cpu.requirePrivilege();
        long keep = state.cr0 & (~0xFL | CpuContext.CR0_PE);
        setCr0(keep | value & 0xF);
    }

    void clearTaskSwitched() {
        cpu.requirePrivilege();
        if (has(state.cr0, CpuContext.CR0_TS)) {
            state.cr0 &= ~CpuContext.CR0_TS;
            cpu.memory.contextChanged();
        }
    }
}
