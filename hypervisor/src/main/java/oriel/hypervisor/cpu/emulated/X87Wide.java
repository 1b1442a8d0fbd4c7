package oriel.hypervisor.cpu.emulated;

/**
 * A number with a 128-bit significand, value = ±(high:low) / 2¹²⁷ · 2^exponent, top bit set; zero has a zero significand.
 * Operations err by a few units in the last place: ample for functions that are rounded to 64 bits. Used by the
 * transcendental instructions only, so it may allocate.
 */
record X87Wide(boolean negative, int exponent, long high, long low) {
    static final X87Wide ZERO = new X87Wide(false, 0, 0, 0);
    static final X87Wide ONE = new X87Wide(false, 0, Long.MIN_VALUE, 0);

    static X87Wide of(int signExponent, long significand) {
        if (significand == 0) {
            return ZERO;
        }
        return new X87Wide(
                X87Arithmetic.isNegative(signExponent),
                X87Arithmetic.exponent(signExponent, significand),
                X87Arithmetic.normalised(significand),
                0);
    }

    static X87Wide of(long value) {
        if (value == 0) {
            return ZERO;
        }
        long magnitude = Math.abs(value);
        int shift = Long.numberOfLeadingZeros(magnitude);
        return new X87Wide(value < 0, 63 - shift, magnitude << shift, 0);
    }

    boolean isZero() {
        return high == 0;
    }

    X87Wide negate() {
        return new X87Wide(!negative, exponent, high, low);
    }

    X87Wide abs() {
        return negative ? negate() : this;
    }

    /** Times 2^by. */
    X87Wide scale(int by) {
        return isZero() ? this : new X87Wide(negative, exponent + by, high, low);
    }

    X87Wide multiply(X87Wide other) {
        if (isZero() || other.isZero()) {
            return ZERO;
        }
        long top = Math.unsignedMultiplyHigh(high, other.high);
        long rest = high * other.high;
        long cross = rest + Math.unsignedMultiplyHigh(high, other.low);
        top += Long.compareUnsigned(cross, rest) < 0 ? 1 : 0;
        long sum = cross + Math.unsignedMultiplyHigh(low, other.high);
        top += Long.compareUnsigned(sum, cross) < 0 ? 1 : 0;
        return normalised(negative ^ other.negative, exponent + other.exponent + 1, top, sum);
    }

    private static X87Wide normalised(boolean negative, int exponent, long high, long low) {
        if (high < 0) {
            return new X87Wide(negative, exponent, high, low);
        }
        if (high == 0) {
            return low == 0 ? ZERO : normalised(negative, exponent - 64, low, 0);
        }
        int shift = Long.numberOfLeadingZeros(high);
        return new X87Wide(negative, exponent - shift, high << shift | low >>> (64 - shift), low << shift);
    }

    X87Wide add(X87Wide other) {
        if (isZero()) {
            return other;
        }
        if (other.isZero()) {
            return this;
        }
        if (compareMagnitude(other) < 0) {
            return other.add(this);
        }
        int distance = exponent - other.exponent;
        if (distance > 127) {
            return this;
        }
        long otherHigh = distance < 64 ? other.high >>> distance : 0;
        long otherLow = distance == 0
                ? other.low
                : distance < 64
                        ? other.low >>> distance | other.high << (64 - distance)
                        : other.high >>> (distance - 64);
        if (negative == other.negative) {
            long sumLow = low + otherLow;
            long carry = Long.compareUnsigned(sumLow, low) < 0 ? 1 : 0;
            long partial = high + otherHigh;
            long sumHigh = partial + carry;
            boolean overflow = Long.compareUnsigned(partial, high) < 0 || Long.compareUnsigned(sumHigh, partial) < 0;
            return overflow
                    ? new X87Wide(negative, exponent + 1, sumHigh >>> 1 | Long.MIN_VALUE, sumLow >>> 1 | sumHigh << 63)
                    : new X87Wide(negative, exponent, sumHigh, sumLow);
        }
        long borrow = Long.compareUnsigned(low, otherLow) < 0 ? 1 : 0;
        return normalised(negative, exponent, high - otherHigh - borrow, low - otherLow);
    }

    X87Wide subtract(X87Wide other) {
        return add(other.negate());
    }

    private int compareMagnitude(X87Wide other) {
        if (exponent != other.exponent) {
            return Integer.compare(exponent, other.exponent);
        }
        int order = Long.compareUnsigned(high, other.high);
        return order != 0 ? order : Long.compareUnsigned(low, other.low);
    }

    /** Newton's reciprocal: 50 bits, 100, all. */
    X87Wide divide(X87Wide other) {
        if (isZero()) {
            return ZERO;
        }
        double approximate = 1 / ((other.high >>> 11) * 0x1p-52);
        long bits = Double.doubleToRawLongBits(approximate);
        X87Wide divisor = new X87Wide(false, 0, other.high, other.low);
        X87Wide inverse =
                new X87Wide(false, SseFormat.BINARY64.exponent(bits), SseFormat.BINARY64.significand(bits), 0);
        for (int i = 0; i < 2; i++) {
            X87Wide error = ONE.subtract(divisor.multiply(inverse));
            inverse = inverse.add(inverse.multiply(error));
        }
        X87Wide quotient = new X87Wide(negative ^ other.negative, exponent - other.exponent, high, low);
        return quotient.multiply(inverse);
    }
}
