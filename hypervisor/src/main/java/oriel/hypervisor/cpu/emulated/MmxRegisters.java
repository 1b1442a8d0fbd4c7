package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** MM0–MM7: the significands of the physical x87 registers (Intel SDM 1 §9.5). */
final class MmxRegisters {
    private static final int CR0_EM = 4, CR0_TS = 8, TOP = 0x3800, ERROR_SUMMARY = 0x80;

    private final CpuState state;
    private final GuestFault fault;

    MmxRegisters(CpuState state, GuestFault fault) {
        this.state = state;
        this.fault = fault;
    }

    /** What every MMX instruction checks before anything else. */
    void require() {
        if ((state.cr0 & (CR0_EM | CR0_TS)) != 0) {
            throw fault.of((state.cr0 & CR0_EM) != 0 ? GuestFault.UD : GuestFault.NM, 0);
        }
        if ((state.fpStatus & ERROR_SUMMARY) != 0) {
            throw fault.of(GuestFault.MF, 0);
        }
    }

    /** Every MMX instruction leaves TOP = 0 and all but EMMS leave every register valid; called once it can no longer fault. */
    void enter() {
        state.fpStatus &= ~TOP;
        state.fpTag = 0;
    }

    long get(int register) {
        return state.fpSignificand[register & 7];
    }

    void set(int register, long value) {
        enter();
        state.fpSignificand[register & 7] = value;
        state.fpSignExponent[register & 7] = 0xFFFF;
    }

    /** EMMS: all registers empty. */
    void empty() {
        state.fpStatus &= ~TOP;
        state.fpTag = 0xFFFF;
    }
}
