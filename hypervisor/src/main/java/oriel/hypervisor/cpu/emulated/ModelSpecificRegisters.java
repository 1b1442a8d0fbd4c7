package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.InterruptSource;

/** RDMSR, WRMSR and the time stamp counter (Intel SDM 4 chapter 2). Registers not listed here raise #GP. */
final class ModelSpecificRegisters {
    private static final int TSC = 0x10, PLATFORM_ID = 0x17, APIC_BASE = 0x1B, FEATURE_CONTROL = 0x3A;
    private static final int TSC_ADJUST = 0x3B, SPEC_CTRL = 0x48, PRED_CMD = 0x49, MICROCODE = 0x8B;
    private static final int PLATFORM_INFO = 0xCE, MTRR_CAP = 0xFE, ARCH_CAPABILITIES = 0x10A;
    private static final int MISC_FEATURES = 0x140, SYSENTER_CS = 0x174, SYSENTER_ESP = 0x175, SYSENTER_EIP = 0x176;
    private static final int MCG_CAP = 0x179, MCG_STATUS = 0x17A, MISC_ENABLE = 0x1A0, MTRR_FIX64K = 0x250;
    private static final int MTRR_FIX16K_80000 = 0x258, MTRR_FIX16K_A0000 = 0x259, MTRR_FIX4K = 0x268;
    private static final int PAT = 0x277, MTRR_DEFAULT = 0x2FF, TSC_DEADLINE = 0x6E0;
    private static final int EFER = 0xC000_0080, STAR = 0xC000_0081, LSTAR = 0xC000_0082, CSTAR = 0xC000_0083;
    private static final int SFMASK = 0xC000_0084, FS_BASE = 0xC000_0100, GS_BASE = 0xC000_0101;
    private static final int KERNEL_GS_BASE = 0xC000_0102, TSC_AUX = 0xC000_0103;

    /**
     * What this processor isn't vulnerable to, which is everything: it doesn't speculate. IBRS_ALL makes Linux leave
     * indirect branches as they are; else it turns each into a return ("retpoline"), which costs an emulator dearly.
     */
    private static final long NOT_VULNERABLE = bit(0) // RDCL_NO: Meltdown, L1TF
            | bit(1) // IBRS_ALL
            | bit(3) // SKIP_L1DFL_VMENTRY
            | bit(4) // SSB_NO
            | bit(5) // MDS_NO
            | bit(6) // IF_PSCHANGE_MC_NO
            | bit(8) // TAA_NO
            | bit(13) // SBDR_SSDP_NO
            | bit(14) // FBSDP_NO
            | bit(15) // PSDP_NO
            | bit(20) // BHI_NO
            | bit(24) // PBRSB_NO
            | bit(26) // GDS_NO
            | bit(27) // RFDS_NO
            | bit(62); // ITS_NO

    /** Fast strings; no branch trace store, no PEBS. */
    private static final long MISC_ENABLE_RESET = 0x1801;

    private final CpuContext cpu;
    private final CpuState state;
    private final InterruptSource interrupts;
    private final MachineClock clock;

    ModelSpecificRegisters(CpuContext cpu, InterruptSource interrupts, MachineClock clock) {
        this.cpu = cpu;
        this.state = cpu.state;
        this.interrupts = interrupts;
        this.clock = clock;
    }

    private static long bit(int position) {
        return 1L << position;
    }

    long timeStamp() {
        return clock.nanos() + state.tscOffset;
    }

    private void setTimeStamp(long value) {
        state.tscOffset = value - clock.nanos();
    }

    private long stored(int index, long initial) {
        Long value = state.msrs.get(index);
        return value == null ? initial : value;
    }

    long read(int index) {
        cpu.requirePrivilege();
        return switch (index) {
            case TSC -> timeStamp();
            case APIC_BASE -> interrupts.apicBase();
            case TSC_DEADLINE -> interrupts.tscDeadline();
            case FEATURE_CONTROL -> 1; // locked, VMX off
            case TSC_ADJUST, SPEC_CTRL, MTRR_DEFAULT, MISC_FEATURES, MCG_STATUS -> stored(index, 0);
            case MISC_ENABLE -> stored(index, MISC_ENABLE_RESET);
            case MICROCODE -> 1L << 32;
            case PLATFORM_ID, MCG_CAP -> 0;
            case PLATFORM_INFO -> 10 << 8; // ratio: 10 × 100 MHz
            case MTRR_CAP -> 1 << 8 | 1 << 10; // fixed ranges and write combining, no variable ranges
            case ARCH_CAPABILITIES -> NOT_VULNERABLE;
            case SYSENTER_CS -> state.sysenterCs;
            case SYSENTER_ESP -> state.sysenterEsp;
            case SYSENTER_EIP -> state.sysenterEip;
            case PAT -> state.pat;
            case EFER -> state.efer;
            case STAR -> state.star;
            case LSTAR -> state.lstar;
            case CSTAR -> state.cstar;
            case SFMASK -> state.sfmask;
            case FS_BASE -> state.segments[CpuState.FS].base;
            case GS_BASE -> state.segments[CpuState.GS].base;
            case KERNEL_GS_BASE -> state.kernelGsBase;
            case TSC_AUX -> state.tscAux;
            default -> {
                if (!isFixedMtrr(index)) {
                    throw cpu.generalProtection();
                }
                yield stored(index, 0);
            }
        };
    }

    private static boolean isFixedMtrr(int index) {
        return index == MTRR_FIX64K
                || index == MTRR_FIX16K_80000
                || index == MTRR_FIX16K_A0000
                || (index >= MTRR_FIX4K && index < MTRR_FIX4K + 8);
    }

    void write(int index, long value) {
        cpu.requirePrivilege();
        switch (index) {
            case TSC -> {
                state.msrs.put(TSC_ADJUST, stored(TSC_ADJUST, 0) + value - timeStamp());
                setTimeStamp(value);
            }
            case TSC_ADJUST -> {
                state.tscOffset += value - stored(TSC_ADJUST, 0);
                state.msrs.put(TSC_ADJUST, value);
            }
            case APIC_BASE -> {
                // Bits 8 (BSP), 11 (enable) and the address; x2APIC (10) isn't offered.
                check((value & ~(0xFF_FFFF_F000L | bit(8) | bit(11))) == 0);
                interrupts.setApicBase(value);
            }
            case TSC_DEADLINE -> interrupts.setTscDeadline(value);
            case MICROCODE -> {} // Linux writes 0 before it reads the revision
            case PRED_CMD -> check((value & ~1L) == 0); // IBPB: nothing to forget
            case SPEC_CTRL -> {
                check((value & ~1L) == 0);
                state.msrs.put(index, value);
            }
            case MISC_FEATURES, MISC_ENABLE -> state.msrs.put(index, value);
            case MCG_STATUS -> check(value == 0);
            case MTRR_DEFAULT -> {
                check((value & ~0xCFFL) == 0 && isMemoryType((int) value & 0xFF, false));
                state.msrs.put(index, value);
            }
            case PAT -> {
                checkTypes(value, true);
                state.pat = value;
                cpu.memory.contextChanged();
            }
            case SYSENTER_CS -> state.sysenterCs = value & 0xFFFF_FFFFL;
            case SYSENTER_ESP -> state.sysenterEsp = canonical(value);
            case SYSENTER_EIP -> state.sysenterEip = canonical(value);
            case EFER -> writeEfer(value);
            case STAR -> state.star = value;
            case LSTAR -> state.lstar = canonical(value);
            case CSTAR -> state.cstar = canonical(value);
            case SFMASK -> {
                check(value >>> 32 == 0);
                state.sfmask = value;
            }
            case FS_BASE -> state.segments[CpuState.FS].base = canonical(value);
            case GS_BASE -> state.segments[CpuState.GS].base = canonical(value);
            case KERNEL_GS_BASE -> state.kernelGsBase = canonical(value);
            case TSC_AUX -> {
                check(value >>> 32 == 0);
                state.tscAux = value;
            }
            default -> {
                check(isFixedMtrr(index));
                checkTypes(value, false);
                state.msrs.put(index, value);
            }
        }
    }

    private void writeEfer(long value) {
        check((value & ~(CpuContext.EFER_SCE | CpuContext.EFER_LME | CpuContext.EFER_LMA | CpuContext.EFER_NXE)) == 0);
        boolean lmeChanges = ((value ^ state.efer) & CpuContext.EFER_LME) != 0;
        check(!lmeChanges || (state.cr0 & CpuContext.CR0_PG) == 0);
        boolean nxChanges = ((value ^ state.efer) & CpuContext.EFER_NXE) != 0;
        state.efer = value & ~CpuContext.EFER_LMA | state.efer & CpuContext.EFER_LMA;
        if (nxChanges) {
            cpu.memory.flush(true);
        }
        cpu.memory.contextChanged();
    }

    private void check(boolean valid) {
        if (!valid) {
            throw cpu.generalProtection();
        }
    }

    private long canonical(long address) {
        check(CpuContext.canonical(address));
        return address;
    }

    /** Each byte is a memory type; UC- (7) exists in the PAT only. */
    private void checkTypes(long value, boolean pat) {
        for (int i = 0; i < 64; i += 8) {
            check(isMemoryType((int) (value >>> i) & 0xFF, pat));
        }
    }

    private static boolean isMemoryType(int type, boolean pat) {
        return type == 0 || type == 1 || (type >= 4 && type <= 6) || (pat && type == 7);
    }
}
