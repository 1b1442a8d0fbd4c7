package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.SoftFloat.*;

import oriel.hypervisor.cpu.CpuState;

/** Between 80-bit numbers and the formats in memory: single, double, integers and packed decimal. */
final class X87Conversion {
    private final CpuState state;
    private final X87Arithmetic arithmetic;
    private final SoftFloat soft = new SoftFloat();

    /** Second part of a packed decimal: sign and two digits. */
    int decimalHigh;

    X87Conversion(CpuState state, X87Arithmetic arithmetic) {
        this.state = state;
        this.arithmetic = arithmetic;
    }

    /**
     * Expands a single or double into the arithmetic unit's result, a signaling NaN unchanged.
     *
     * @return whether it is denormal
     */
    boolean expand(SseFormat format, long bits) {
        int sign = format.isNegative(bits) ? 0x8000 : 0;
        if (format.isZero(bits)) {
            arithmetic.set(sign, 0);
            return false;
        }
        if ((bits & format.infinity) == format.infinity) {
            arithmetic.set(
                    sign | X87Arithmetic.SPECIAL,
                    X87Arithmetic.INTEGER_BIT | (bits & format.fraction) << (63 - format.fractionBits));
            return false;
        }
        arithmetic.set(sign | (format.exponent(bits) + X87Arithmetic.BIAS), format.significand(bits));
        return format.isDenormal(bits);
    }

    void fromInteger(long value) {
        if (value == 0) {
            arithmetic.set(0, 0);
            return;
        }
        long magnitude = Math.abs(value);
        int shift = Long.numberOfLeadingZeros(magnitude);
        arithmetic.set((value < 0 ? 0x8000 : 0) | (X87Arithmetic.BIAS + 63 - shift), magnitude << shift);
    }

    /** FST to memory: rounds to a format; an unmasked overflow or underflow is not to be stored. */
    long narrow(SseFormat format, int se, long significand) {
        long sign = X87Arithmetic.isNegative(se) ? format.sign : 0;
        if (X87Arithmetic.isUnsupported(se, significand)) {
            arithmetic.flags |= INVALID;
            return format.indefinite;
        }
        if (X87Arithmetic.isNan(se, significand)) {
            if (X87Arithmetic.isSignaling(se, significand)) {
                arithmetic.flags |= INVALID;
            }
            return sign
                    | format.infinity
                    | format.quiet
                    | (significand & Long.MAX_VALUE) >>> (63 - format.fractionBits);
        }
        if (X87Arithmetic.isInfinite(se, significand)) {
            return sign | format.infinity;
        }
        if (X87Arithmetic.isZero(se, significand)) {
            return sign;
        }
        soft.rounding = arithmetic.roundingControl();
        soft.flags = 0;
        soft.sign = sign != 0;
        soft.exponent = X87Arithmetic.exponent(se, significand);
        soft.high = X87Arithmetic.normalised(significand);
        soft.low = 0;
        soft.round(format.precision, format.minimum, format.bias);
        if (soft.tiny && (state.fpControl & UNDERFLOW) == 0) {
            soft.flags |= UNDERFLOW;
        }
        arithmetic.flags |= soft.flags;
        arithmetic.roundedUp = soft.roundedUp;
        return format.pack(soft);
    }

    /** FIST: what does not fit is invalid and gives the most negative number. */
    long toInteger(int se, long significand, int bits, int rounding) {
        long limit = 1L << (bits - 1);
        boolean finite =
                (se & X87Arithmetic.SPECIAL) != X87Arithmetic.SPECIAL && !X87Arithmetic.isUnsupported(se, significand);
        if (!finite) {
            arithmetic.flags |= INVALID;
            return -limit;
        }
        if (X87Arithmetic.isZero(se, significand)) {
            return 0;
        }
        boolean negative = X87Arithmetic.isNegative(se);
        soft.rounding = rounding;
        soft.flags = 0;
        boolean fits = soft.roundToInteger(
                negative, X87Arithmetic.exponent(se, significand), X87Arithmetic.normalised(significand));
        if (!fits || Long.compareUnsigned(soft.high, negative ? limit : limit - 1) > 0) {
            arithmetic.flags |= INVALID;
            return -limit;
        }
        arithmetic.flags |= soft.flags;
        arithmetic.roundedUp = soft.roundedUp;
        return negative ? -soft.high : soft.high;
    }

    /** FBLD: 18 digits; what digits above 9 mean is undefined, here each counts as its value. */
    void fromDecimal(long low, int high) {
        long value = 0;
        for (int i = 1; i >= 0; i--) {
            value = value * 10 + (high >> 4 * i & 15);
        }
        for (int i = 15; i >= 0; i--) {
            value = value * 10 + (low >>> 4 * i & 15);
        }
        boolean negative = (high & 0x8000) != 0;
        fromInteger(value);
        if (negative) {
            arithmetic.signExponent |= 0x8000;
        }
    }

    /** FBSTP: the low 16 digits; the rest in {@link #decimalHigh}. */
    long toDecimal(int se, long significand) {
        long value = toInteger(se, significand, 64, arithmetic.roundingControl());
        long magnitude = Math.abs(value);
        if (Long.compareUnsigned(magnitude, 999_999_999_999_999_999L) > 0) {
            arithmetic.flags = INVALID;
            arithmetic.roundedUp = false;
            decimalHigh = 0xFFFF;
            return 0xC000000000000000L;
        }
        long low = 0;
        for (int i = 0; i < 16; i++) {
            low |= magnitude % 10 << 4 * i;
            magnitude /= 10;
        }
        decimalHigh = (int) (magnitude % 10 | magnitude / 10 << 4) | (se & 0x8000);
        return low;
    }
}
