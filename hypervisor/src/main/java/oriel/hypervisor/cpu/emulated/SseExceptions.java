package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** SIMD floating-point exceptions: from the flags that an instruction raised to MXCSR and #XM (Intel SDM 1 §11.5). */
final class SseExceptions {
    /** INVALID, DENORMAL, ZERO_DIVIDE: found before computing; unmasked, they keep the others from being noted. */
    private static final int BEFORE_COMPUTING = 7;

    private static final int CR4_OSXMMEXCPT = 0x400;

    private final CpuState state;
    private final SseExact exact;
    private final GuestFault fault;

    SseExceptions(CpuState state, SseExact exact, GuestFault fault) {
        this.state = state;
        this.exact = exact;
        this.fault = fault;
    }

    /** Notes what the instruction raised; throws if any of it is unmasked. To be called before a result is written. */
    void raise() {
        if (exact.flags != 0) {
            raise(exact.flags);
        }
    }

    private void raise(int raised) {
        exact.flags = 0;
        int unmasked = raised & ~(state.mxcsr >> 7) & 0x3F;
        state.mxcsr |= (unmasked & BEFORE_COMPUTING) != 0 ? raised & BEFORE_COMPUTING : raised;
        if (unmasked != 0) {
            throw fault.of((state.cr4 & CR4_OSXMMEXCPT) != 0 ? GuestFault.XM : GuestFault.UD, 0);
        }
    }
}
