package oriel.hypervisor.cpu.emulated;

import java.util.Arrays;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.SegmentState;

/** Reset, INIT and start-up IPI (Intel SDM 3A table 9-1, §8.4). Of every back end. */
public final class ResetState {
    private final CpuState state;
    private final CpuModel model;

    /** Of a processor. */
    public ResetState(CpuState state, CpuModel model) {
        this.state = state;
        this.model = model;
    }

    /**
     * Power-on; the TSC starts at zero.
     *
     * @param nanos what the machine's clock shows
     */
    public void reset(long nanos) {
        init();
        state.cr0 = CpuContext.CR0_CD | CpuContext.CR0_NW | CpuContext.CR0_ET;
        state.xcr0 = 1;
        Arrays.fill(state.fpSignificand, 0);
        Arrays.fill(state.fpSignExponent, 0);
        Arrays.fill(state.xmm, 0);
        Arrays.fill(state.ymmHigh, 0);
        state.fpControl = 0x40;
        state.fpStatus = 0;
        state.fpTag = 0x5555;
        state.fpOpcode = 0;
        state.fpInstruction = 0;
        state.fpData = 0;
        state.mxcsr = 0x1F80;
        state.star = 0;
        state.lstar = 0;
        state.cstar = 0;
        state.sfmask = 0;
        state.kernelGsBase = 0;
        state.tscAux = 0;
        state.sysenterCs = 0;
        state.sysenterEsp = 0;
        state.sysenterEip = 0;
        state.pat = 0x0007_0406_0007_0406L;
        state.msrs.clear();
        state.tscOffset = -nanos;
    }

    /** INIT: leaves floating point, MSRs and the cache bits of CR0 alone. */
    void init() {
        Arrays.fill(state.gpr, 0);
        state.gpr[CpuState.RDX] = model.signature();
        state.rip = 0xFFF0;
        state.rflags = 2;
        for (int i = CpuState.ES; i <= CpuState.GS; i++) {
            state.segments[i].set(0, 0, 0xFFFF, 0x93);
        }
        state.segments[CpuState.CS].set(0xF000, 0xFFFF_0000L, 0xFFFF, 0x9B);
        state.segments[CpuState.LDTR].set(0, 0, 0xFFFF, 0x82);
        state.segments[CpuState.TR].set(0, 0, 0xFFFF, 0x8B);
        state.gdtBase = 0;
        state.gdtLimit = 0xFFFF;
        state.idtBase = 0;
        state.idtLimit = 0xFFFF;
        state.cr0 = state.cr0 & (CpuContext.CR0_CD | CpuContext.CR0_NW) | CpuContext.CR0_ET;
        state.cr2 = 0;
        state.cr3 = 0;
        state.cr4 = 0;
        state.efer = 0;
        Arrays.fill(state.dr, 0);
        state.dr[6] = DebugRegisters.DR6_FIXED;
        state.dr[7] = DebugRegisters.DR7_FIXED;
        state.halted = false;
        state.interruptShadow = false;
        state.nmiBlocked = false;
        state.nmiPending = false;
        state.interruptedDelivery = null;
        state.waitForSipi = model.apicId() != 0;
    }

    void startup(int vector) {
        SegmentState cs = state.segments[CpuState.CS];
        cs.set(vector << 8, (long) vector << 12, 0xFFFF, 0x9B);
        state.rip = 0;
        state.waitForSipi = false;
        state.halted = false;
    }
}
