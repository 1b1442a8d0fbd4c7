package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/** The x87 register stack and its status word (Intel SDM 1 §8.1). */
final class X87Registers {
    /** Status word. */
    static final int STACK_FAULT = 0x40, SUMMARY = 0x80, BUSY = 0x8000;

    /** Condition codes. */
    static final int C0 = 0x100, C1 = 0x200, C2 = 0x400, C3 = 0x4000;

    /** The QNaN that masked invalid operations give. */
    static final int INDEFINITE_SIGN_EXPONENT = 0xFFFF;

    static final long INDEFINITE_SIGNIFICAND = 0xC000000000000000L;

    /** INVALID, DENORMAL, ZERO_DIVIDE. */
    static final int BEFORE_COMPUTING = 7;

    private static final int EMPTY = 3;

    private final CpuState state;

    X87Registers(CpuState state) {
        this.state = state;
    }

    int top() {
        return state.fpStatus >> 11 & 7;
    }

    void setTop(int top) {
        state.fpStatus = (state.fpStatus & ~0x3800) | (top & 7) << 11;
    }

    private int physical(int index) {
        return (state.fpStatus >> 11) + index & 7;
    }

    boolean isEmpty(int index) {
        return (state.fpTag >> 2 * physical(index) & 3) == EMPTY;
    }

    int signExponent(int index) {
        return state.fpSignExponent[physical(index)];
    }

    long significand(int index) {
        return state.fpSignificand[physical(index)];
    }

    void set(int index, int signExponent, long significand) {
        int physical = physical(index);
        state.fpSignExponent[physical] = signExponent;
        state.fpSignificand[physical] = significand;
        state.fpTag &= ~(3 << 2 * physical);
    }

    void free(int index) {
        state.fpTag |= EMPTY << 2 * physical(index);
    }

    void pop() {
        free(0);
        setTop(top() + 1);
    }

    void push(int signExponent, long significand) {
        setTop(top() - 1);
        set(0, signExponent, significand);
    }

    void setConditions(int mask, int value) {
        state.fpStatus = (state.fpStatus & ~mask) | value;
    }

    /**
     * Notes exceptions in the status word; those found before computing, if unmasked, keep the others from being noted.
     *
     * @return those that are unmasked
     */
    int raise(int exceptions) {
        int unmasked = exceptions & ~state.fpControl & 0x3F;
        boolean before = (unmasked & BEFORE_COMPUTING) != 0;
        state.fpStatus |= before ? exceptions & (BEFORE_COMPUTING | STACK_FAULT) : exceptions;
        if (unmasked != 0) {
            state.fpStatus |= SUMMARY | BUSY;
        }
        return unmasked;
    }

    /**
     * Notes a stack fault.
     *
     * @param overflow rather than underflow: C1
     * @return whether it is masked, so that the instruction goes on with the indefinite value
     */
    boolean stackFault(boolean overflow) {
        setConditions(C1, overflow ? C1 : 0);
        return raise(SoftFloat.INVALID | STACK_FAULT) == 0;
    }
}
