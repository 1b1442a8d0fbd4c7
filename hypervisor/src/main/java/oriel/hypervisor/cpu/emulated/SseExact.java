package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.SoftFloat.*;

import oriel.hypervisor.cpu.CpuState;

/**
 * Scalar SSE arithmetic for everything that Java's own is not: other rounding modes, special and denormal operands,
 * flush-to-zero, exact exception flags (Intel SDM 1 §11.5, appendix E). Correct for all operands; {@link SseFloat} takes
 * the common ones away from it.
 */
final class SseExact {
    private static final int DENORMALS_ARE_ZEROS = 0x40,
            OVERFLOW_MASK = 0x400,
            UNDERFLOW_MASK = 0x800,
            FLUSH_TO_ZERO = 0x8000;

    /** Results of {@link #compare}, as the bits that COMISD puts into ZF, PF and CF. */
    static final int LESS = 0x01, EQUAL = 0x40, GREATER = 0, UNORDERED = 0x45;

    private final CpuState state;
    private final SoftFloat soft = new SoftFloat();

    /** Exceptions raised since they were last taken; see {@link SoftFloat}. */
    int flags;

    SseExact(CpuState state) {
        this.state = state;
    }

    private long operand(SseFormat format, long bits) {
        if (format.isDenormal(bits) && (state.mxcsr & DENORMALS_ARE_ZEROS) != 0) {
            return bits & format.sign;
        }
        return bits;
    }

    private long invalid(SseFormat format) {
        flags |= INVALID;
        return format.indefinite;
    }

    private void noteDenormals(SseFormat format, long a, long b) {
        if (format.isDenormal(a) || format.isDenormal(b)) {
            flags |= DENORMAL;
        }
    }

    private long round(SseFormat format) {
        int exponent = soft.exponent;
        long high = soft.high;
        long low = soft.low;
        soft.rounding = state.mxcsr >> 13 & 3;
        soft.flags = 0;
        soft.round(format.precision, format.minimum, format.bias);
        boolean underflowMasked = (state.mxcsr & UNDERFLOW_MASK) != 0;
        if (soft.tiny && underflowMasked && (state.mxcsr & FLUSH_TO_ZERO) != 0) {
            flags |= UNDERFLOW | PRECISION;
            return soft.sign ? format.sign : 0;
        }
        if ((soft.tiny && !underflowMasked) || (soft.overflowed && (state.mxcsr & OVERFLOW_MASK) == 0)) {
            // Unmasked, there is no result; PRECISION tells of rounding with an unbounded exponent.
            flags |= soft.tiny ? UNDERFLOW : OVERFLOW;
            soft.exponent = exponent;
            soft.high = high;
            soft.low = low;
            soft.flags = 0;
            soft.round(format.precision, Integer.MIN_VALUE / 2, Integer.MAX_VALUE / 2);
            flags |= soft.flags;
            return 0;
        }
        flags |= soft.flags;
        return format.pack(soft);
    }

    /** {@code kind}: one of ADD, SUB, MUL, DIV, SQRT (of b), MIN, MAX of {@link SseOperation}. */
    long arithmetic(int kind, SseFormat format, long first, long second) {
        switch (kind) {
            case SseOperation.MIN, SseOperation.MAX -> {
                return extremum(kind, format, first, second);
            }
            case SseOperation.SQRT -> {
                return squareRoot(format, second);
            }
            default -> {}
        }
        if (format.isNan(first) || format.isNan(second)) {
            return nan(format, first, second);
        }
        long a = operand(format, first);
        long b = operand(format, second);
        return switch (kind) {
            case SseOperation.ADD -> add(format, a, b);
            case SseOperation.SUB -> add(format, a, b ^ format.sign);
            case SseOperation.MUL -> multiply(format, a, b);
            default -> divide(format, a, b);
        };
    }

    /** The first operand wins; signaling NaNs are quieted (Intel SDM 1 table 4-7). */
    private long nan(SseFormat format, long a, long b) {
        if (format.isSignaling(a) || format.isSignaling(b)) {
            flags |= INVALID;
        }
        return (format.isNan(a) ? a : b) | format.quiet;
    }

    private long add(SseFormat format, long a, long b) {
        if (format.isInfinite(a) || format.isInfinite(b)) {
            if (format.isInfinite(a) && format.isInfinite(b) && a != b) {
                return invalid(format);
            }
            noteDenormals(format, a, b);
            return format.isInfinite(a) ? a : b;
        }
        noteDenormals(format, a, b);
        if (format.isZero(a) && format.isZero(b)) {
            return a == b ? a : (state.mxcsr >> 13 & 3) == DOWN ? format.sign : 0;
        }
        if (format.isZero(a) || format.isZero(b)) {
            load(format, format.isZero(a) ? b : a);
            return round(format);
        }
        soft.rounding = state.mxcsr >> 13 & 3;
        soft.add(
                format.isNegative(a),
                format.exponent(a),
                format.significand(a),
                format.isNegative(b),
                format.exponent(b),
                format.significand(b));
        if (soft.high == 0) {
            return soft.sign ? format.sign : 0;
        }
        return round(format);
    }

    private void load(SseFormat format, long a) {
        soft.sign = format.isNegative(a);
        soft.exponent = format.exponent(a);
        soft.high = format.significand(a);
        soft.low = 0;
    }

    private long multiply(SseFormat format, long a, long b) {
        long sign = (a ^ b) & format.sign;
        boolean infinite = format.isInfinite(a) || format.isInfinite(b);
        boolean zero = format.isZero(a) || format.isZero(b);
        if (infinite && zero) {
            return invalid(format);
        }
        noteDenormals(format, a, b);
        if (infinite || zero) {
            return sign | (infinite ? format.infinity : 0);
        }
        soft.multiply(
                format.isNegative(a),
                format.exponent(a),
                format.significand(a),
                format.isNegative(b),
                format.exponent(b),
                format.significand(b));
        return round(format);
    }

    private long divide(SseFormat format, long a, long b) {
        long sign = (a ^ b) & format.sign;
        if ((format.isInfinite(a) && format.isInfinite(b)) || (format.isZero(a) && format.isZero(b))) {
            return invalid(format);
        }
        if (format.isZero(b) && !format.isInfinite(a)) {
            flags |= ZERO_DIVIDE;
            return sign | format.infinity;
        }
        noteDenormals(format, a, b);
        if (format.isInfinite(a)) {
            return sign | format.infinity;
        }
        if (format.isZero(a) || format.isInfinite(b)) {
            return sign;
        }
        soft.divide(
                format.isNegative(a),
                format.exponent(a),
                format.significand(a),
                format.isNegative(b),
                format.exponent(b),
                format.significand(b));
        return round(format);
    }

    private long squareRoot(SseFormat format, long bits) {
        if (format.isNan(bits)) {
            return nan(format, bits, bits);
        }
        long a = operand(format, bits);
        if (format.isZero(a)) {
            return a;
        }
        if (format.isNegative(a)) {
            return invalid(format);
        }
        noteDenormals(format, a, a);
        if (format.isInfinite(a)) {
            return a;
        }
        soft.squareRoot(format.exponent(a), format.significand(a));
        return round(format);
    }

    /** Returns the second operand unless the first is strictly smaller (greater): also for NaNs and equal zeros. */
    private long extremum(int kind, SseFormat format, long first, long second) {
        int relation = compare(format, first, second, true);
        boolean takeFirst = relation == (kind == SseOperation.MIN ? LESS : GREATER);
        return operand(format, takeFirst ? first : second);
    }

    /** Compares; a QNaN is invalid too if {@code signaling}. */
    int compare(SseFormat format, long first, long second, boolean signaling) {
        if (format.isNan(first) || format.isNan(second)) {
            if (signaling || format.isSignaling(first) || format.isSignaling(second)) {
                flags |= INVALID;
            }
            return UNORDERED;
        }
        long a = operand(format, first);
        long b = operand(format, second);
        noteDenormals(format, a, b);
        if (format.isZero(a) && format.isZero(b)) {
            return EQUAL;
        }
        long orderedA = format.isNegative(a) ? -(a & ~format.sign) : a;
        long orderedB = format.isNegative(b) ? -(b & ~format.sign) : b;
        return orderedA < orderedB ? LESS : orderedA == orderedB ? EQUAL : GREATER;
    }

    /** CVTSS2SD, CVTSD2SS. */
    long convert(SseFormat from, SseFormat to, long bits) {
        if (from.isNan(bits)) {
            if (from.isSignaling(bits)) {
                flags |= INVALID;
            }
            int shift = to.fractionBits - from.fractionBits;
            long fraction = bits & from.fraction;
            return (from.isNegative(bits) ? to.sign : 0)
                    | to.infinity
                    | to.quiet
                    | (shift > 0 ? fraction << shift : fraction >>> -shift);
        }
        long a = operand(from, bits);
        if (from.isInfinite(a) || from.isZero(a)) {
            return (from.isNegative(a) ? to.sign : 0) | (from.isZero(a) ? 0 : to.infinity);
        }
        noteDenormals(from, a, a);
        load(from, a);
        return round(to);
    }

    /** Integer to floating point. */
    long fromInteger(SseFormat to, long value) {
        if (value == 0) {
            return 0;
        }
        long magnitude = Math.abs(value);
        int shift = Long.numberOfLeadingZeros(magnitude);
        soft.sign = value < 0;
        soft.exponent = 63 - shift;
        soft.high = magnitude << shift;
        soft.low = 0;
        return round(to);
    }

    /**
     * Floating point to integer; what does not fit gives the integer indefinite, the most negative number.
     *
     * @param bitCount 32 or 64
     * @param rounding rounding control, or -1 for that of MXCSR
     */
    long toInteger(SseFormat format, long bits, int bitCount, int rounding) {
        long indefinite = bitCount == 32 ? Integer.MIN_VALUE : Long.MIN_VALUE;
        if (format.isNan(bits) || format.isInfinite(bits)) {
            flags |= INVALID;
            return indefinite;
        }
        long a = operand(format, bits);
        if (format.isZero(a)) {
            return 0;
        }
        soft.rounding = rounding < 0 ? state.mxcsr >> 13 & 3 : rounding;
        soft.flags = 0;
        boolean negative = format.isNegative(a);
        boolean fits = soft.roundToInteger(negative, format.exponent(a), format.significand(a));
        long limit = 1L << (bitCount - 1);
        if (!fits || Long.compareUnsigned(soft.high, negative ? limit : limit - 1) > 0) {
            flags |= INVALID;
            return indefinite;
        }
        flags |= soft.flags;
        return negative ? -soft.high : soft.high;
    }

    /** ROUNDSS and the like (Intel SDM 2B, table 4-18). */
    long roundToIntegral(SseFormat format, long bits, int control) {
        if (format.isNan(bits)) {
            return nan(format, bits, bits);
        }
        long a = operand(format, bits);
        if (format.isZero(a) || format.isInfinite(a)) {
            return a;
        }
        int exponent = format.exponent(a);
        if (exponent >= format.fractionBits) {
            return a;
        }
        soft.rounding = (control & 4) != 0 ? state.mxcsr >> 13 & 3 : control & 3;
        soft.flags = 0;
        soft.roundToInteger(format.isNegative(a), exponent, format.significand(a));
        if ((control & 8) == 0) {
            flags |= soft.flags;
        }
        if (soft.high == 0) {
            return a & format.sign;
        }
        soft.exponent = 63;
        soft.low = 0;
        soft.infinite = false;
        soft.normalise();
        return format.pack(soft);
    }
}
