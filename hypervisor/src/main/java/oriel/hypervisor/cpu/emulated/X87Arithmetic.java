package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.SoftFloat.*;

import oriel.hypervisor.cpu.CpuState;

/**
 * Arithmetic on 80-bit numbers, given as sign and exponent (16 bits) and significand (64 bits). Results are left in {@link
 * #signExponent} and {@link #significand}, exceptions in {@link #flags}, rounding up in {@link #roundedUp}.
 */
final class X87Arithmetic {
    /** Kinds of {@link #binary}, in the order of the opcodes' reg field. */
    static final int ADD = 0, MUL = 1, SUB = 4, SUBR = 5, DIV = 6, DIVR = 7;

    /** Relations, as the bits that FCOMI puts into ZF, PF and CF. */
    static final int LESS = 0x01, EQUAL = 0x40, GREATER = 0, UNORDERED = 0x45;

    static final int BIAS = 16383, MINIMUM = -16382, SPECIAL = 0x7FFF;
    static final long INTEGER_BIT = Long.MIN_VALUE, QUIET_BIT = 0x4000000000000000L;

    private final CpuState state;
    private final SoftFloat soft = new SoftFloat();

    int signExponent;
    long significand;
    int flags;
    boolean roundedUp;

    X87Arithmetic(CpuState state) {
        this.state = state;
    }

    void begin() {
        flags = 0;
        roundedUp = false;
    }

    void set(int newSignExponent, long newSignificand) {
        signExponent = newSignExponent;
        significand = newSignificand;
    }

    int roundingControl() {
        return state.fpControl >> 10 & 3;
    }

    private int precision() {
        return switch (state.fpControl >> 8 & 3) {
            case 0 -> 24;
            case 2 -> 53;
            default -> 64;
        };
    }

    static boolean isNegative(int se) {
        return (se & 0x8000) != 0;
    }

    static boolean isZero(int se, long sig) {
        return (se & SPECIAL) == 0 && sig == 0;
    }

    static boolean isInfinite(int se, long sig) {
        return (se & SPECIAL) == SPECIAL && sig == INTEGER_BIT;
    }

    static boolean isNan(int se, long sig) {
        return (se & SPECIAL) == SPECIAL && sig < 0 && sig != INTEGER_BIT;
    }

    static boolean isSignaling(int se, long sig) {
        return isNan(se, sig) && (sig & QUIET_BIT) == 0;
    }

    /** Denormals and pseudo-denormals. */
    static boolean isDenormal(int se, long sig) {
        return (se & SPECIAL) == 0 && sig != 0;
    }

    /** Unnormals, pseudo-infinities, pseudo-NaNs: invalid operands since the 387 (Intel SDM 1 §8.2.2). */
    static boolean isUnsupported(int se, long sig) {
        return (se & SPECIAL) != 0 && sig >= 0;
    }

    /** Unbiased exponent of a finite number other than zero, as if normalised. */
    static int exponent(int se, long sig) {
        int biased = se & SPECIAL;
        return biased == 0 ? MINIMUM - Long.numberOfLeadingZeros(sig) : biased - BIAS;
    }

    static long normalised(long sig) {
        return sig << Long.numberOfLeadingZeros(sig);
    }

    private void noteDenormals(int seA, long a, int seB, long b) {
        if (isDenormal(seA, a) || isDenormal(seB, b)) {
            flags |= DENORMAL;
        }
    }

    void invalid() {
        flags |= INVALID;
        set(X87Registers.INDEFINITE_SIGN_EXPONENT, X87Registers.INDEFINITE_SIGNIFICAND);
    }

    /** Takes care of NaN and unsupported operands; returns whether there were any (Intel SDM 1 table 4-7). */
    boolean propagate(int seA, long a, int seB, long b) {
        if (isUnsupported(seA, a) || isUnsupported(seB, b)) {
            invalid();
            return true;
        }
        boolean nanA = isNan(seA, a);
        boolean nanB = isNan(seB, b);
        if (!nanA && !nanB) {
            return false;
        }
        boolean signalingA = isSignaling(seA, a);
        boolean signalingB = isSignaling(seB, b);
        if (signalingA || signalingB) {
            flags |= INVALID;
        }
        boolean first;
        if (nanA && nanB) {
            if (signalingA != signalingB) {
                first = signalingB;
            } else {
                int order = Long.compareUnsigned(a | QUIET_BIT, b | QUIET_BIT);
                first = order > 0 || (order == 0 && !isNegative(seA));
            }
        } else {
            first = nanA;
        }
        set(first ? seA : seB, (first ? a : b) | QUIET_BIT);
        return true;
    }

    /** {@code kind} of (a, b): a is ST(0) or the destination; the reversed kinds compute b - a, b / a. */
    void binary(int kind, int seA, long a, int seB, long b) {
        if (propagate(seA, a, seB, b)) {
            return;
        }
        switch (kind) {
            case ADD -> add(seA, a, seB, b);
            case MUL -> multiply(seA, a, seB, b);
            case SUB -> add(seA, a, seB ^ 0x8000, b);
            case SUBR -> add(seB, b, seA ^ 0x8000, a);
            case DIV -> divide(seA, a, seB, b);
            default -> divide(seB, b, seA, a);
        }
    }

    private void add(int seA, long a, int seB, long b) {
        if (isInfinite(seA, a) || isInfinite(seB, b)) {
            if (isInfinite(seA, a) && isInfinite(seB, b) && seA != seB) {
                invalid();
                return;
            }
            noteDenormals(seA, a, seB, b);
            set(isInfinite(seA, a) ? seA : seB, INTEGER_BIT);
            return;
        }
        noteDenormals(seA, a, seB, b);
        if (isZero(seA, a) || isZero(seB, b)) {
            if (isZero(seA, a) && isZero(seB, b)) {
                set(seA == seB ? seA : roundingControl() == DOWN ? 0x8000 : 0, 0);
            } else {
                load(isZero(seA, a) ? seB : seA, isZero(seA, a) ? b : a);
                finish(precision());
            }
            return;
        }
        soft.rounding = roundingControl();
        soft.add(isNegative(seA), exponent(seA, a), normalised(a), isNegative(seB), exponent(seB, b), normalised(b));
        if (soft.high == 0) {
            set(soft.sign ? 0x8000 : 0, 0);
            return;
        }
        finish(precision());
    }

    private void multiply(int seA, long a, int seB, long b) {
        int sign = (seA ^ seB) & 0x8000;
        boolean infinite = isInfinite(seA, a) || isInfinite(seB, b);
        boolean zero = isZero(seA, a) || isZero(seB, b);
        if (infinite && zero) {
            invalid();
            return;
        }
        noteDenormals(seA, a, seB, b);
        if (infinite || zero) {
            set(sign | (infinite ? SPECIAL : 0), infinite ? INTEGER_BIT : 0);
            return;
        }
        soft.multiply(
                isNegative(seA), exponent(seA, a), normalised(a), isNegative(seB), exponent(seB, b), normalised(b));
        finish(precision());
    }

    private void divide(int seA, long a, int seB, long b) {
        int sign = (seA ^ seB) & 0x8000;
        if ((isInfinite(seA, a) && isInfinite(seB, b)) || (isZero(seA, a) && isZero(seB, b))) {
            invalid();
            return;
        }
        if (isZero(seB, b) && !isInfinite(seA, a)) {
            flags |= ZERO_DIVIDE;
            set(sign | SPECIAL, INTEGER_BIT);
            return;
        }
        noteDenormals(seA, a, seB, b);
        if (isInfinite(seA, a)) {
            set(sign | SPECIAL, INTEGER_BIT);
        } else if (isZero(seA, a) || isInfinite(seB, b)) {
            set(sign, 0);
        } else {
            soft.divide(
                    isNegative(seA), exponent(seA, a), normalised(a), isNegative(seB), exponent(seB, b), normalised(b));
            finish(precision());
        }
    }

    void squareRoot(int se, long a) {
        if (propagate(se, a, se, a)) {
            return;
        }
        if (isZero(se, a)) {
            set(se, a);
            return;
        }
        if (isNegative(se)) {
            invalid();
            return;
        }
        noteDenormals(se, a, se, a);
        if (isInfinite(se, a)) {
            set(se, a);
            return;
        }
        soft.squareRoot(exponent(se, a), normalised(a));
        finish(precision());
    }

    private void load(int se, long a) {
        soft.sign = isNegative(se);
        soft.exponent = exponent(se, a);
        soft.high = normalised(a);
        soft.low = 0;
    }

    /** Rounds a normalised 128-bit value with the control word's mode: results of the transcendental functions. */
    void finish(boolean negative, int exponent, long high, long low) {
        soft.sign = negative;
        soft.exponent = exponent;
        soft.high = high;
        soft.low = low;
        finish(64);
    }

    private void finish(int precision) {
        int exponent = soft.exponent;
        long high = soft.high;
        long low = soft.low;
        soft.rounding = roundingControl();
        soft.flags = 0;
        soft.round(precision, MINIMUM, BIAS);
        int adjustment = soft.overflowed && (state.fpControl & OVERFLOW) == 0
                ? -X87_BIAS_ADJUSTMENT
                : soft.tiny && (state.fpControl & UNDERFLOW) == 0 ? X87_BIAS_ADJUSTMENT : 0;
        if (adjustment != 0) {
            soft.exponent = exponent + adjustment;
            soft.high = high;
            soft.low = low;
            soft.flags = 0;
            soft.round(precision, MINIMUM, BIAS);
            soft.flags |= adjustment < 0 ? OVERFLOW : UNDERFLOW;
            if (soft.overflowed) {
                // FSCALE can exceed even the adjusted range: infinity or zero, whatever the rounding mode.
                soft.infinite = true;
                soft.roundedUp = true;
                soft.high = INTEGER_BIT;
            } else if (soft.tiny) {
                soft.roundedUp = false;
                soft.high = 0;
            }
        }
        flags |= soft.flags;
        roundedUp = soft.roundedUp;
        int biased = soft.infinite ? SPECIAL : soft.high < 0 ? soft.exponent + BIAS : 0;
        set((soft.sign ? 0x8000 : 0) | biased, soft.high);
    }

    /** Compares; any NaN is invalid if {@code signaling}, else only signaling ones. */
    int compare(int seA, long a, int seB, long b, boolean signaling) {
        if (isUnsupported(seA, a) || isUnsupported(seB, b)) {
            flags |= INVALID;
            return UNORDERED;
        }
        if (isNan(seA, a) || isNan(seB, b)) {
            if (signaling || isSignaling(seA, a) || isSignaling(seB, b)) {
                flags |= INVALID;
            }
            return UNORDERED;
        }
        noteDenormals(seA, a, seB, b);
        if (isZero(seA, a) && isZero(seB, b)) {
            return EQUAL;
        }
        if (((seA ^ seB) & 0x8000) != 0) {
            return isNegative(seA) ? LESS : GREATER;
        }
        // A pseudo-denormal has exponent 1.
        int exponentA = Math.max(seA & SPECIAL, a < 0 ? 1 : 0);
        int exponentB = Math.max(seB & SPECIAL, b < 0 ? 1 : 0);
        int order = exponentA != exponentB ? Integer.compare(exponentA, exponentB) : Long.compareUnsigned(a, b);
        if (order == 0) {
            return EQUAL;
        }
        return (order < 0) ^ isNegative(seA) ? LESS : GREATER;
    }

    /** FRNDINT. */
    void roundToIntegral(int se, long a) {
        if (propagate(se, a, se, a)) {
            return;
        }
        noteDenormals(se, a, se, a);
        if (isZero(se, a) || isInfinite(se, a) || exponent(se, a) >= 63) {
            set(se, a);
            return;
        }
        soft.rounding = roundingControl();
        soft.flags = 0;
        soft.roundToInteger(isNegative(se), exponent(se, a), normalised(a));
        flags |= soft.flags;
        roundedUp = soft.roundedUp;
        if (soft.high == 0) {
            set(se & 0x8000, 0);
        } else {
            int shift = Long.numberOfLeadingZeros(soft.high);
            set((se & 0x8000) | (BIAS + 63 - shift), soft.high << shift);
        }
    }

    /** FSCALE: a · 2^trunc(b). */
    void scale(int seA, long a, int seB, long b) {
        if (propagate(seA, a, seB, b)) {
            return;
        }
        if (isInfinite(seB, b)) {
            if (isNegative(seB) ? isInfinite(seA, a) : isZero(seA, a)) {
                invalid();
                return;
            }
            noteDenormals(seA, a, seB, b);
            boolean zero = isNegative(seB);
            set((seA & 0x8000) | (zero ? 0 : SPECIAL), zero ? 0 : INTEGER_BIT);
            return;
        }
        noteDenormals(seA, a, seB, b);
        if (isZero(seA, a) || isInfinite(seA, a)) {
            set(seA, a);
            return;
        }
        int by = 0;
        if (!isZero(seB, b) && exponent(seB, b) >= 0) {
            // Beyond 2¹⁶ the result overflows or underflows whatever the exact count.
            int magnitude = exponent(seB, b) > 16 ? 0x20000 : (int) (b >>> (63 - exponent(seB, b)));
            by = isNegative(seB) ? -magnitude : magnitude;
        }
        load(seA, a);
        soft.exponent += by;
        finish(64);
    }

    /**
     * FPREM (truncating) and FPREM1 (to nearest).
     *
     * @return the condition codes: C2 if the reduction is incomplete, else the quotient's low bits in C0, C3, C1; or -1
     *     to leave them, after an invalid operand or NaN
     */
    int remainder(int seA, long first, int seB, long second, boolean nearest) {
        if (propagate(seA, first, seB, second)) {
            return -1;
        }
        if (isInfinite(seA, first) || isZero(seB, second)) {
            invalid();
            return -1;
        }
        noteDenormals(seA, first, seB, second);
        if (isZero(seA, first)) {
            set(seA, first);
            return 0;
        }
        if (isInfinite(seB, second)) {
            load(seA, first);
            finish(64);
            return 0;
        }
        return reduce(seA, first, seB, second, nearest);
    }

    private int reduce(int seA, long first, int seB, long second, boolean nearest) {
        long rest = normalised(first);
        long divisor = normalised(second);
        int exponent = exponent(seA, first);
        int distance = exponent - exponent(seB, second);
        boolean negative = isNegative(seA);
        boolean partial = distance >= 64;
        int steps = partial ? (distance & 31) | 32 : distance;
        long quotient = 0;
        for (int i = 0; i <= steps; i++) {
            boolean carry = i > 0 && rest < 0;
            rest = i > 0 ? rest << 1 : rest;
            quotient <<= 1;
            if (carry || Long.compareUnsigned(rest, divisor) >= 0) {
                rest -= divisor;
                quotient |= 1;
            }
        }
        exponent -= Math.max(steps, 0);
        if (nearest && !partial && distance >= -1) {
            // Compare twice the rest with the divisor.
            int order = distance == -1
                    ? Long.compareUnsigned(rest, divisor)
                    : rest < 0 ? 1 : Long.compareUnsigned(rest << 1, divisor);
            if (order > 0 || (order == 0 && (quotient & 1) != 0)) {
                if (distance == -1) {
                    // divisor - rest, in units of half the divisor's last place, which may need 65 bits.
                    soft.rounding = NEAREST;
                    soft.add(!negative, exponent + 1, divisor, negative, exponent, rest);
                    finish(64);
                    return quotientCodes(1);
                }
                rest = divisor - rest;
                negative = !negative;
                quotient++;
            }
        }
        if (rest == 0) {
            set(negative ? 0x8000 : 0, 0);
        } else {
            soft.sign = negative;
            soft.exponent = exponent;
            soft.high = rest;
            soft.low = 0;
            soft.normalise();
            finish(64);
        }
        return partial ? X87Registers.C2 : quotientCodes(quotient);
    }

    private static int quotientCodes(long quotient) {
        return ((quotient & 4) != 0 ? X87Registers.C0 : 0)
                | ((quotient & 2) != 0 ? X87Registers.C3 : 0)
                | ((quotient & 1) != 0 ? X87Registers.C1 : 0);
    }
}
