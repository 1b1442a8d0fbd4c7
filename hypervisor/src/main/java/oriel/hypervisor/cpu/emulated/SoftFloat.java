package oriel.hypervisor.cpu.emulated;

/**
 * Binary floating point on 64-bit significands, with every IEEE 754 rounding mode and exact exceptions: what x87 and the
 * slow path of SSE share. All formats of the processor (24, 53 and 64 bits) embed in it exactly.
 *
 * <p>Operands are finite and non-zero: value = significand / 2⁶³ · 2^exponent, with the top bit of the significand set.
 * An operation leaves 128 result bits, the last one sticky, in {@link #high} and {@link #low}; {@link #round} makes a
 * number of the wanted format of them. One instance per unit; results are left in fields because nothing here allocates.
 */
final class SoftFloat {
    /** Exceptions, with the bit positions that MXCSR and the x87 status word share. */
    static final int INVALID = 1, DENORMAL = 2, ZERO_DIVIDE = 4, OVERFLOW = 8, UNDERFLOW = 16, PRECISION = 32;

    /** Rounding control, as encoded in MXCSR and the x87 control word. */
    static final int NEAREST = 0, DOWN = 1, UP = 2, ZERO = 3;

    /** What the x87 adds to or subtracts from an exponent that an unmasked exception reports (Intel SDM 1 §8.5.4). */
    static final int X87_BIAS_ADJUSTMENT = 24576;

    private static final long TOP = Long.MIN_VALUE;

    /** Rounding control to use. */
    int rounding;

    /** Exceptions raised since the caller cleared them. */
    int flags;

    /** Whether the last {@link #round} increased the magnitude (C1 of x87). */
    boolean roundedUp;

    /** Whether the last {@link #round} found the result tiny, inexact or not. */
    boolean tiny;

    /** Whether the last {@link #round} overflowed; the result is then infinity or the largest finite number. */
    boolean overflowed;

    /** Whether the overflowed result is infinity. */
    boolean infinite;

    boolean sign;
    int exponent;
    long high;
    long low;

    /** Remainder of the last {@link #divide128}. */
    private long remainder;

    /** a + b; pass the inverted sign of b to subtract. An exact zero has {@link #high} = 0. */
    void add(boolean signA, int exponentA, long a, boolean signB, int exponentB, long b) {
        boolean swap = exponentA < exponentB || (exponentA == exponentB && Long.compareUnsigned(a, b) < 0);
        long big = swap ? b : a;
        long small = swap ? a : b;
        int distance = swap ? exponentB - exponentA : exponentA - exponentB;
        exponent = swap ? exponentB : exponentA;
        sign = swap ? signB : signA;
        long smallHigh = distance < 64 ? small >>> distance : 0;
        long smallLow = shiftedOut(small, distance);
        if (signA == signB) {
            low = smallLow;
            high = big + smallHigh;
            if (Long.compareUnsigned(high, big) < 0) {
                low = (low >>> 1) | (low & 1) | (high << 63);
                high = (high >>> 1) | TOP;
                exponent++;
            }
            return;
        }
        low = -smallLow;
        high = big - smallHigh - (smallLow != 0 ? 1 : 0);
        if ((high | low) == 0) {
            sign = rounding == DOWN;
            return;
        }
        normalise();
    }

    /** The 64 bits below {@code value >>> distance}, the last one sticky. */
    private static long shiftedOut(long value, int distance) {
        if (distance == 0) {
            return 0;
        }
        if (distance < 64) {
            return value << (64 - distance);
        }
        if (distance == 64) {
            return value;
        }
        if (distance < 128) {
            return (value >>> (distance - 64)) | (value << (128 - distance) != 0 ? 1 : 0);
        }
        return 1;
    }

    /** Shifts a non-zero result left until its top bit is set. */
    void normalise() {
        if (high == 0) {
            high = low;
            low = 0;
            exponent -= 64;
        }
        int shift = Long.numberOfLeadingZeros(high);
        if (shift != 0) {
            high = (high << shift) | (low >>> (64 - shift));
            low <<= shift;
            exponent -= shift;
        }
    }

    void multiply(boolean signA, int exponentA, long a, boolean signB, int exponentB, long b) {
        sign = signA ^ signB;
        exponent = exponentA + exponentB + 1;
        high = Math.unsignedMultiplyHigh(a, b);
        low = a * b;
        if (high >= 0) {
            high = (high << 1) | (low >>> 63);
            low <<= 1;
            exponent--;
        }
    }

    void divide(boolean signA, int exponentA, long a, boolean signB, int exponentB, long b) {
        sign = signA ^ signB;
        if (Long.compareUnsigned(a, b) < 0) {
            exponent = exponentA - exponentB - 1;
            high = divide128(a, 0, b);
        } else {
            exponent = exponentA - exponentB;
            high = divide128(a >>> 1, a << 63, b);
        }
        low = divide128(remainder, 0, b);
        if (remainder != 0) {
            low |= 1;
        }
    }

    /** Square root of a positive number. */
    void squareRoot(int exponentA, long a) {
        sign = false;
        exponent = exponentA >> 1;
        boolean odd = (exponentA & 1) != 0;
        long radicandHigh = odd ? a : a >>> 1;
        long radicandLow = odd ? 0 : a << 63;
        // One Newton step from an estimate that is never too small and good to 50 bits.
        double estimate = Math.sqrt(((radicandHigh >>> 11) + 1) * 0x1p-53) * (1 + 0x1p-50);
        long guess = estimate >= 1 ? -1L : (long) (estimate * 0x1p63) << 1 | 1;
        long quotient = divide128(radicandHigh, radicandLow, guess);
        long root = (guess >>> 1) + (quotient >>> 1) + (guess & quotient & 1);
        long squareHigh = Math.unsignedMultiplyHigh(root, root);
        long squareLow = root * root;
        if (Long.compareUnsigned(squareHigh, radicandHigh) > 0
                || (squareHigh == radicandHigh && Long.compareUnsigned(squareLow, radicandLow) > 0)) {
            root--;
            squareHigh = Math.unsignedMultiplyHigh(root, root);
            squareLow = root * root;
        }
        long restLow = radicandLow - squareLow;
        long restHigh = radicandHigh - squareHigh - (Long.compareUnsigned(radicandLow, squareLow) < 0 ? 1 : 0);
        high = root;
        boolean aboveHalf = restHigh != 0 || Long.compareUnsigned(restLow, root) > 0;
        low = (aboveHalf ? TOP : 0) | ((restHigh | restLow) != 0 ? 1 : 0);
    }

    /** Unsigned (high:low) / divisor for high < divisor and a divisor with its top bit set (Knuth, algorithm D). */
    long divide128(long numeratorHigh, long numeratorLow, long divisor) {
        long divisorHigh = divisor >>> 32;
        long divisorLow = divisor & 0xFFFFFFFFL;
        long first = digit(numeratorHigh, numeratorLow >>> 32, divisorHigh, divisorLow);
        long middle = (numeratorHigh << 32 | numeratorLow >>> 32) - first * divisor;
        long second = digit(middle, numeratorLow & 0xFFFFFFFFL, divisorHigh, divisorLow);
        remainder = (middle << 32 | (numeratorLow & 0xFFFFFFFFL)) - second * divisor;
        return (first << 32) + second;
    }

    private static long digit(long top, long next, long divisorHigh, long divisorLow) {
        long quotient = Long.divideUnsigned(top, divisorHigh);
        long rest = top - quotient * divisorHigh;
        while (quotient >>> 32 != 0 || Long.compareUnsigned(quotient * divisorLow, (rest << 32) | next) > 0) {
            quotient--;
            rest += divisorHigh;
            if (rest >>> 32 != 0) {
                break;
            }
        }
        return quotient;
    }

    /** Remainder of the last {@link #divide128}. */
    long remainder128() {
        return remainder;
    }

    /**
     * Rounds the normalised result to a format. Afterwards {@link #high} holds the significand; with its top bit clear
     * the number is denormal (or zero) and the exponent is {@code minimum}. Raises PRECISION, OVERFLOW and, for a tiny
     * result that is inexact, UNDERFLOW.
     *
     * @param precision bits of the significand: 24, 53 or 64
     * @param minimum least exponent of a normal number
     * @param maximum greatest exponent
     */
    void round(int precision, int minimum, int maximum) {
        overflowed = false;
        infinite = false;
        tiny = false;
        if (exponent < minimum) {
            tiny = !(exponent == minimum - 1 && carriesOut(precision));
            denormalise(minimum - exponent);
            exponent = minimum;
        }
        long fraction = fraction(precision);
        boolean up = fraction != 0 && roundsUp(fraction, (high >>> (64 - precision)) & 1);
        high = precision == 64 ? high : high >>> (64 - precision) << (64 - precision);
        low = 0;
        roundedUp = up;
        if (up) {
            boolean normal = high < 0;
            high += 1L << (64 - precision);
            if (normal && high >= 0) {
                high = TOP;
                exponent++;
            }
        }
        if (fraction != 0) {
            flags |= PRECISION | (tiny ? UNDERFLOW : 0);
        }
        if (exponent > maximum) {
            overflow(precision, maximum);
        }
    }

    private void overflow(int precision, int maximum) {
        overflowed = true;
        flags |= OVERFLOW | PRECISION;
        infinite = rounding == NEAREST || (rounding == DOWN && sign) || (rounding == UP && !sign);
        roundedUp = infinite;
        exponent = infinite ? maximum + 1 : maximum;
        high = infinite ? TOP : -1L << (64 - precision);
    }

    /** Whether rounding with unbounded exponent would reach the next power of two: tininess is judged after rounding. */
    private boolean carriesOut(int precision) {
        return high >>> (64 - precision) == -1L >>> (64 - precision)
                && roundsUp(fraction(precision), 1)
                && fraction(precision) != 0;
    }

    private long fraction(int precision) {
        return precision == 64
                ? low
                : (high << precision) | (low >>> (64 - precision)) | (low << precision != 0 ? 1 : 0);
    }

    private boolean roundsUp(long fraction, long lastBit) {
        return switch (rounding) {
            case NEAREST -> fraction < 0 && (fraction != TOP || lastBit != 0);
            case DOWN -> sign;
            case UP -> !sign;
            default -> false;
        };
    }

    private void denormalise(int shift) {
        if (shift < 64) {
            low = (high << (64 - shift)) | (low >>> shift) | (low << (64 - shift) != 0 ? 1 : 0);
            high >>>= shift;
        } else if (shift == 64) {
            low = high | (low != 0 ? 1 : 0);
            high = 0;
        } else {
            low = shiftedOut(high, shift) | (low != 0 ? 1 : 0);
            high = 0;
        }
    }

    /**
     * Rounds a finite number to an integer, in {@link #high} as a magnitude; raises PRECISION.
     *
     * @return false if the magnitude needs more than 64 bits
     */
    boolean roundToInteger(boolean negative, int exponentA, long a) {
        sign = negative;
        roundedUp = false;
        if (exponentA > 63) {
            return false;
        }
        int shift = 63 - exponentA;
        high = shift < 64 ? a >>> shift : 0;
        long fraction = shiftedOut(a, shift);
        if (fraction != 0) {
            flags |= PRECISION;
            if (roundsUp(fraction, high & 1)) {
                roundedUp = true;
                high++;
                return high != 0;
            }
        }
        return true;
    }
}
