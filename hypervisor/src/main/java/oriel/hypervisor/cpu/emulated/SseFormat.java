package oriel.hypervisor.cpu.emulated;

/** An IEEE 754 interchange format, for code that serves both. Values are held in the low bits of a long. */
enum SseFormat {
    BINARY32(23, 8),
    BINARY64(52, 11);

    final int fractionBits;
    final int bias;
    final int precision;
    final int minimum;
    final long sign;
    final long infinity;
    final long quiet;
    final long fraction;
    /** What an invalid operation returns: the "real indefinite" QNaN (Intel SDM 1 table 4-3). */
    final long indefinite;

    SseFormat(int fractionBits, int exponentBits) {
        this.fractionBits = fractionBits;
        bias = (1 << (exponentBits - 1)) - 1;
        precision = fractionBits + 1;
        minimum = 1 - bias;
        sign = 1L << (fractionBits + exponentBits);
        infinity = ((1L << exponentBits) - 1) << fractionBits;
        quiet = 1L << (fractionBits - 1);
        fraction = (1L << fractionBits) - 1;
        indefinite = sign | infinity | quiet;
    }

    boolean isNan(long bits) {
        return (bits & ~sign) > infinity;
    }

    boolean isSignaling(long bits) {
        return isNan(bits) && (bits & quiet) == 0;
    }

    boolean isInfinite(long bits) {
        return (bits & ~sign) == infinity;
    }

    boolean isZero(long bits) {
        return (bits & ~sign) == 0;
    }

    boolean isNegative(long bits) {
        return (bits & sign) != 0;
    }

    boolean isDenormal(long bits) {
        return (bits & infinity) == 0 && (bits & fraction) != 0;
    }

    /** Unbiased exponent of a finite number other than zero, as if normalised. */
    int exponent(long bits) {
        int biased = (int) ((bits & infinity) >>> fractionBits);
        return biased == 0
                ? minimum - (Long.numberOfLeadingZeros(bits & fraction) - (63 - fractionBits))
                : biased - bias;
    }

    /** Significand of a finite number other than zero, its top bit in bit 63. */
    long significand(long bits) {
        long value = bits & fraction;
        return (bits & infinity) == 0
                ? value << Long.numberOfLeadingZeros(value)
                : (value | fraction + 1) << (63 - fractionBits);
    }

    /** Packs what {@link SoftFloat#round} left. */
    long pack(SoftFloat number) {
        long biased = number.infinite ? (infinity >>> fractionBits) - 1 : number.exponent + bias - 1;
        return (number.sign ? sign : 0) | (biased << fractionBits) + (number.high >>> (63 - fractionBits));
    }
}
