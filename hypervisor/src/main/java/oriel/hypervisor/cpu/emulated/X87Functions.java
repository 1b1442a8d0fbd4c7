package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.X87Arithmetic.*;

/**
 * The transcendental instructions: series on 128-bit significands, rounded once, so that results are within 0.501 units in
 * the last place. Trigonometric arguments are reduced with the 66-bit value of π that Intel documents (SDM 1 §8.3.8).
 */
final class X87Functions {
    static final int FYL2X = 0, FYL2XP1 = 1, FPATAN = 2, FPTAN = 3, FSINCOS = 4;

    private static final X87Wide PI = new X87Wide(false, 1, 0xC90FDAA22168C234L, 0xC4C6628B80DC1CD1L);
    private static final X87Wide LN_2 = new X87Wide(false, -1, 0xB17217F7D1CF79ABL, 0xC9E3B39803F2F6AFL);
    private static final X87Wide LOG2_E = new X87Wide(false, 0, 0xB8AA3B295C17F0BBL, 0xBE87FED0691D3E89L);

    /** π/2 as the reduction uses it. */
    private static final long HALF_PI_HIGH = 0xC90FDAA22168C234L, HALF_PI_LOW = 0xC000000000000000L;

    /** Arc tangents of 0, 1/4, 1/2, 3/4, 1. */
    private static final X87Wide[] ARC_TANGENTS = {
        X87Wide.ZERO,
        new X87Wide(false, -3, 0xFADBAFC96406EB15L, 0x6DC79EF5F7A217E6L),
        new X87Wide(false, -2, 0xED63382B0DDA7B45L, 0x6FE445ECBC3A8D03L),
        new X87Wide(false, -1, 0xA4BC7D1934F70924L, 0x19A87F2A457DAC9FL),
        PI.scale(-2)
    };

    private static final int TERMS = 30;

    /** 1/n! and 1/n. */
    private static final X87Wide[] INVERSE_FACTORIALS = new X87Wide[TERMS];

    private static final X87Wide[] INVERSES = new X87Wide[2 * TERMS];

    static {
        INVERSE_FACTORIALS[0] = X87Wide.ONE;
        for (int i = 1; i < INVERSES.length; i++) {
            INVERSES[i] = X87Wide.ONE.divide(X87Wide.of(i));
            if (i < TERMS) {
                INVERSE_FACTORIALS[i] = INVERSE_FACTORIALS[i - 1].divide(X87Wide.of(i));
            }
        }
    }

    private final X87Arithmetic arithmetic;

    /** What {@link #two} wants pushed. */
    int secondSignExponent;

    long secondSignificand;

    /** The reduced argument, in [-π/4, π/4], and the quadrant it was in. */
    private X87Wide reduced = X87Wide.ZERO;

    private int quadrant;

    X87Functions(X87Arithmetic arithmetic) {
        this.arithmetic = arithmetic;
    }

    private void finish(X87Wide value) {
        arithmetic.finish(value.negative(), value.exponent(), value.high(), value.low() | 1);
    }

    private void noteDenormal(int se, long significand) {
        if (isDenormal(se, significand)) {
            arithmetic.flags |= SoftFloat.DENORMAL;
        }
    }

    /** F2XM1; outside of [-1, 1], where it is undefined, the argument comes back. */
    void exponential(int se, long significand) {
        if (arithmetic.propagate(se, significand, se, significand)) {
            return;
        }
        if (isInfinite(se, significand)) {
            arithmetic.set(isNegative(se) ? 0x8000 | BIAS : se, INTEGER_BIT);
            return;
        }
        noteDenormal(se, significand);
        int exponent = exponent(se, significand);
        if (isZero(se, significand) || exponent > 0 || (exponent == 0 && significand != INTEGER_BIT)) {
            arithmetic.set(se, significand);
            return;
        }
        if (exponent == 0) {
            arithmetic.set(isNegative(se) ? 0x8000 | BIAS - 1 : BIAS, INTEGER_BIT);
            return;
        }
        X87Wide t = X87Wide.of(se, significand).abs().multiply(LN_2);
        X87Wide sum = INVERSE_FACTORIALS[TERMS - 1];
        for (int i = TERMS - 2; i > 0; i--) {
            sum = INVERSE_FACTORIALS[i].add(sum.multiply(t));
        }
        X87Wide result = sum.multiply(t);
        // 2^-x - 1 = -(2^x - 1) / 2^x keeps the relative precision.
        finish(isNegative(se) ? result.divide(X87Wide.ONE.add(result)).negate() : result);
    }

    /** FSIN, FCOS; false if the argument is out of range. */
    boolean sineOrCosine(int se, long significand, boolean cosine) {
        if (arithmetic.propagate(se, significand, se, significand)) {
            return true;
        }
        if (isInfinite(se, significand)) {
            arithmetic.invalid();
            return true;
        }
        if (isZero(se, significand)) {
            arithmetic.set(cosine ? BIAS : se, cosine ? INTEGER_BIT : 0);
            return true;
        }
        if (exponent(se, significand) >= 63) {
            return false;
        }
        noteDenormal(se, significand);
        reduce(se, significand);
        finish(cosine ? cosine() : sine());
        return true;
    }

    /** FPTAN, FSINCOS; false if the argument is out of range. */
    boolean two(int function, int se, long significand) {
        boolean special = arithmetic.propagate(se, significand, se, significand);
        if (!special && isInfinite(se, significand)) {
            arithmetic.invalid();
            special = true;
        }
        if (special) {
            secondSignExponent = arithmetic.signExponent;
            secondSignificand = arithmetic.significand;
            return true;
        }
        secondSignExponent = BIAS;
        secondSignificand = INTEGER_BIT;
        if (isZero(se, significand)) {
            arithmetic.set(se, significand);
            return true;
        }
        if (exponent(se, significand) >= 63) {
            return false;
        }
        noteDenormal(se, significand);
        reduce(se, significand);
        if (function == FSINCOS) {
            finish(cosine());
            secondSignExponent = arithmetic.signExponent;
            secondSignificand = arithmetic.significand;
            finish(sine());
        } else {
            finish(sine().divide(cosine()));
        }
        return true;
    }

    /** Remainder of division by π/2, exact in 128 bits, moved into [-π/4, π/4]. */
    private void reduce(int se, long significand) {
        int exponent = exponent(se, significand);
        quadrant = 0;
        if (exponent < -1) {
            reduced = X87Wide.of(se, significand);
            return;
        }
        long high = normalised(significand);
        long low = 0;
        if (exponent < 0) {
            high >>>= 1;
            low = significand << 63;
        }
        for (int i = Math.max(exponent, 0); i >= 0; i--) {
            boolean carry = false;
            if (i < Math.max(exponent, 0)) {
                carry = high < 0;
                high = high << 1 | low >>> 63;
                low <<= 1;
            }
            quadrant <<= 1;
            int order = Long.compareUnsigned(high, HALF_PI_HIGH);
            if (carry || order > 0 || (order == 0 && Long.compareUnsigned(low, HALF_PI_LOW) >= 0)) {
                long borrow = Long.compareUnsigned(low, HALF_PI_LOW) < 0 ? 1 : 0;
                high = high - HALF_PI_HIGH - borrow;
                low -= HALF_PI_LOW;
                quadrant |= 1;
            }
        }
        X87Wide rest = new X87Wide(false, 0, Long.MIN_VALUE | high, low);
        if (high >= 0) {
            rest = rest.subtract(X87Wide.ONE);
        }
        X87Wide halfPi = new X87Wide(false, 0, HALF_PI_HIGH, HALF_PI_LOW);
        X87Wide complement = halfPi.subtract(rest);
        if (complement.subtract(rest).negative()) {
            rest = complement.negate();
            quadrant++;
        }
        reduced = rest;
        if (isNegative(se)) {
            reduced = rest.negate();
            quadrant = -quadrant;
        }
    }

    private X87Wide sine() {
        X87Wide value = (quadrant & 1) == 0 ? sineSeries() : cosineSeries();
        return (quadrant & 2) == 0 ? value : value.negate();
    }

    private X87Wide cosine() {
        X87Wide value = (quadrant & 1) == 0 ? cosineSeries() : sineSeries();
        return (quadrant + 1 & 2) == 0 ? value : value.negate();
    }

    private X87Wide sineSeries() {
        return alternating(1).multiply(reduced);
    }

    private X87Wide cosineSeries() {
        return alternating(0);
    }

    /** 1/first! - x²/(first + 2)! + … */
    private X87Wide alternating(int first) {
        X87Wide square = reduced.multiply(reduced);
        X87Wide sum = X87Wide.ZERO;
        for (int i = first + 26; i >= first; i -= 2) {
            sum = INVERSE_FACTORIALS[i].subtract(sum.multiply(square));
        }
        return sum;
    }

    /** FYL2X, FYL2XP1, FPATAN of x = ST(0), y = ST(1). */
    void binary(int function, int seX, long x, int seY, long y) {
        if (arithmetic.propagate(seX, x, seY, y)) {
            return;
        }
        switch (function) {
            case FPATAN -> arcTangent(seX, x, seY, y);
            case FYL2X -> logarithm(seX, x, seY, y);
            default -> logarithmPlusOne(seX, x, seY, y);
        }
    }

    private void setInfinity(boolean negative) {
        arithmetic.set((negative ? 0x8000 : 0) | SPECIAL, INTEGER_BIT);
    }

    private void logarithm(int seX, long x, int seY, long y) {
        boolean negativeY = isNegative(seY);
        if (isZero(seX, x)) {
            if (isZero(seY, y)) {
                arithmetic.invalid();
            } else if (isInfinite(seY, y)) {
                setInfinity(!negativeY);
            } else {
                arithmetic.flags |= SoftFloat.ZERO_DIVIDE;
                setInfinity(!negativeY);
            }
            return;
        }
        if (isNegative(seX)) {
            arithmetic.invalid();
            return;
        }
        boolean one = (seX & SPECIAL) == BIAS && x == INTEGER_BIT;
        boolean below = exponent(seX, x) < 0;
        if (isInfinite(seX, x) || isInfinite(seY, y)) {
            boolean zeroTimesInfinity = isInfinite(seX, x) ? isZero(seY, y) : one;
            if (zeroTimesInfinity) {
                arithmetic.invalid();
                return;
            }
            noteDenormal(seX, x);
            noteDenormal(seY, y);
            setInfinity(negativeY ^ (!isInfinite(seX, x) && below));
            return;
        }
        noteDenormal(seX, x);
        noteDenormal(seY, y);
        if (isZero(seY, y) || one) {
            arithmetic.set((negativeY ^ below) ? 0x8000 : 0, 0);
            return;
        }
        finish(binaryLogarithm(X87Wide.of(seX, x)).multiply(X87Wide.of(seY, y)));
    }

    private X87Wide binaryLogarithm(X87Wide value) {
        int exponent = value.exponent();
        X87Wide mantissa = value.scale(-exponent);
        if (Long.compareUnsigned(mantissa.high(), 0xB504F333F9DE6484L) > 0) {
            exponent++;
            mantissa = mantissa.scale(-1);
        }
        X87Wide s = mantissa.subtract(X87Wide.ONE).divide(mantissa.add(X87Wide.ONE));
        return X87Wide.of(exponent)
                .add(inverseHyperbolicTangent(s).multiply(LOG2_E).scale(1));
    }

    private static X87Wide inverseHyperbolicTangent(X87Wide s) {
        X87Wide square = s.multiply(s);
        X87Wide sum = X87Wide.ZERO;
        for (int i = 49; i > 0; i -= 2) {
            sum = INVERSES[i].add(sum.multiply(square));
        }
        return sum.multiply(s);
    }

    private void logarithmPlusOne(int seX, long x, int seY, long y) {
        boolean sign = isNegative(seX) ^ isNegative(seY);
        if (isInfinite(seX, x)) {
            if (isNegative(seX) || isZero(seY, y)) {
                arithmetic.invalid();
            } else {
                noteDenormal(seY, y);
                setInfinity(sign);
            }
            return;
        }
        if (isInfinite(seY, y)) {
            if (isZero(seX, x)) {
                arithmetic.invalid();
            } else {
                noteDenormal(seX, x);
                setInfinity(sign);
            }
            return;
        }
        noteDenormal(seX, x);
        noteDenormal(seY, y);
        if (isZero(seX, x) || isZero(seY, y)) {
            arithmetic.set(sign ? 0x8000 : 0, 0);
            return;
        }
        X87Wide value = X87Wide.of(seX, x);
        X87Wide plusOne = X87Wide.ONE.add(value);
        if (plusOne.negative() || plusOne.isZero()) {
            arithmetic.invalid(); // undefined by the architecture
            return;
        }
        // Beyond the documented range the plain logarithm of 1 + x is as precise.
        X87Wide logarithm = value.exponent() < -1
                ? inverseHyperbolicTangent(value.divide(plusOne.add(X87Wide.ONE)))
                        .multiply(LOG2_E)
                        .scale(1)
                : binaryLogarithm(plusOne);
        finish(logarithm.multiply(X87Wide.of(seY, y)));
    }

    /** The angle of the point (x, y). */
    private void arcTangent(int seX, long x, int seY, long y) {
        boolean negativeX = isNegative(seX);
        boolean negativeY = isNegative(seY);
        boolean infiniteX = isInfinite(seX, x);
        boolean infiniteY = isInfinite(seY, y);
        noteDenormal(seX, x);
        noteDenormal(seY, y);
        if (infiniteX || infiniteY) {
            X87Wide angle = infiniteX && infiniteY
                    ? negativeX ? PI.subtract(PI.scale(-2)) : PI.scale(-2)
                    : infiniteY ? PI.scale(-1) : negativeX ? PI : X87Wide.ZERO;
            finishAngle(angle, negativeY);
            return;
        }
        if (isZero(seY, y)) {
            finishAngle(negativeX ? PI : X87Wide.ZERO, negativeY);
            return;
        }
        if (isZero(seX, x)) {
            finishAngle(PI.scale(-1), negativeY);
            return;
        }
        X87Wide a = X87Wide.of(seX, x).abs();
        X87Wide b = X87Wide.of(seY, y).abs();
        boolean steep = a.subtract(b).negative();
        X87Wide ratio = steep ? a.divide(b) : b.divide(a);
        X87Wide angle = arcTangent(ratio);
        if (steep) {
            angle = PI.scale(-1).subtract(angle);
        }
        finishAngle(negativeX ? PI.subtract(angle) : angle, negativeY);
    }

    private void finishAngle(X87Wide angle, boolean negative) {
        if (angle.isZero()) {
            arithmetic.set(negative ? 0x8000 : 0, 0);
        } else {
            finish(negative ? angle.negate() : angle);
        }
    }

    /** For 0 < ratio ≤ 1: by the nearest quarter, tan(a - b) = (tan a - tan b) / (1 + tan a tan b). */
    private static X87Wide arcTangent(X87Wide ratio) {
        int quarters = ratio.exponent() < -3 ? 0 : (int) ((ratio.high() >>> (60 - ratio.exponent())) + 1 >> 1);
        X87Wide nearest = X87Wide.of(quarters).scale(-2);
        X87Wide t = ratio.subtract(nearest).divide(X87Wide.ONE.add(ratio.multiply(nearest)));
        X87Wide square = t.multiply(t);
        X87Wide sum = X87Wide.ZERO;
        for (int i = 39; i > 0; i -= 2) {
            sum = INVERSES[i].subtract(sum.multiply(square));
        }
        return ARC_TANGENTS[quarters].add(sum.multiply(t));
    }
}
