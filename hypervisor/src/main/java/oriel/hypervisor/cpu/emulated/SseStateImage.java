package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** FXSAVE and FXRSTOR images (Intel SDM 1 §10.5), LDMXCSR and STMXCSR. */
final class SseStateImage {
    /** Bits of MXCSR that exist, DAZ among them. */
    static final int MXCSR_MASK = 0xFFFF;

    private static final int SIZE = 512;
    private static final int CR4_OSFXSR = 0x200;

    private final CpuState state;
    private final LinearMemory memory;
    private final GuestFault fault;

    SseStateImage(CpuState state, LinearMemory memory, GuestFault fault) {
        this.state = state;
        this.memory = memory;
        this.fault = fault;
    }

    /**
     * @param wide REX.W form: 64-bit instruction and data pointers instead of selector and offset
     */
    void save(long linear, boolean wide) {
        check(linear);
        memory.probeWrite(linear, SIZE);
        memory.write16(linear, state.fpControl);
        memory.write16(linear + 2, state.fpStatus);
        memory.write16(linear + 4, abridgedTag());
        memory.write16(linear + 6, state.fpOpcode);
        if (wide) {
            memory.write64(linear + 8, state.fpInstruction);
            memory.write64(linear + 16, state.fpData);
        } else {
            // The selectors are zero, as on processors with CPUID.7.EBX[13] set.
            memory.write64(linear + 8, state.fpInstruction & 0xFFFFFFFFL);
            memory.write64(linear + 16, state.fpData & 0xFFFFFFFFL);
        }
        memory.write32(linear + 24, state.mxcsr);
        memory.write32(linear + 28, MXCSR_MASK);
        int top = state.fpStatus >> 11 & 7;
        for (int i = 0; i < 8; i++) {
            int physical = (top + i) & 7;
            memory.write64(linear + 32 + 16L * i, state.fpSignificand[physical]);
            memory.write64(linear + 40 + 16L * i, state.fpSignExponent[physical]);
        }
        for (int i = 0; i < 2 * xmmCount(); i++) {
            memory.write64(linear + 160 + 8L * i, state.xmm[i]);
        }
    }

    void restore(long linear, boolean wide) {
        check(linear);
        memory.probeRead(linear, SIZE);
        int mxcsr = memory.read32(linear + 24);
        boolean sse = (state.cr4 & CR4_OSFXSR) != 0;
        if (sse && (mxcsr & ~MXCSR_MASK) != 0) {
            throw fault.of(GuestFault.GP, 0);
        }
        state.fpControl = X87Unit.controlWord(memory.read16(linear));
        state.fpStatus = X87Unit.withSummary(memory.read16(linear + 2), state.fpControl);
        int tag = memory.read8(linear + 4);
        state.fpOpcode = memory.read16(linear + 6) & 0x7FF;
        state.fpInstruction = memory.read64(linear + 8) & (wide ? -1L : 0xFFFFFFFFL);
        state.fpData = memory.read64(linear + 16) & (wide ? -1L : 0xFFFFFFFFL);
        int top = state.fpStatus >> 11 & 7;
        for (int i = 0; i < 8; i++) {
            int physical = (top + i) & 7;
            state.fpSignificand[physical] = memory.read64(linear + 32 + 16L * i);
            state.fpSignExponent[physical] = memory.read16(linear + 40 + 16L * i);
        }
        state.fpTag = 0;
        for (int i = 0; i < 8; i++) {
            state.fpTag |= (tag >> i & 1) != 0 ? 0 : 3 << 2 * i;
        }
        if (sse) {
            state.mxcsr = mxcsr;
            for (int i = 0; i < 2 * xmmCount(); i++) {
                state.xmm[i] = memory.read64(linear + 160 + 8L * i);
            }
        }
    }

    private void check(long linear) {
        if ((state.cr0 & 0xC) != 0) {
            throw fault.of((state.cr0 & 4) != 0 ? GuestFault.UD : GuestFault.NM, 0);
        }
        if ((linear & 15) != 0) {
            throw fault.of(GuestFault.GP, 0);
        }
    }

    /** Outside 64-bit mode XMM8–XMM15 are left alone. */
    private int xmmCount() {
        return (state.efer & 0x400) != 0 && state.segments[CpuState.CS].longMode() ? 16 : 8;
    }

    /** One bit for each register: not empty. */
    private int abridgedTag() {
        int result = 0;
        for (int i = 0; i < 8; i++) {
            result |= (state.fpTag >> 2 * i & 3) != 3 ? 1 << i : 0;
        }
        return result;
    }

    void loadMxcsr(long linear) {
        int value = memory.read32(linear);
        if ((value & ~MXCSR_MASK) != 0) {
            throw fault.of(GuestFault.GP, 0);
        }
        state.mxcsr = value;
    }

    void storeMxcsr(long linear) {
        memory.write32(linear, state.mxcsr);
    }
}
