package oriel.hypervisor.cpu.emulated;

import java.util.SplittableRandom;

/** Random operands, rich in the values that matter. */
final class Operands {
    private static final long[] FRACTIONS = {
        0,
        1,
        2,
        0x4000000000000L,
        0x8000000000000L,
        0xFFFFFFFFFFFFFL,
        0xFFFFFFFFFFFFEL,
        0x7FFFFFFFFFFFFL,
        0x0000000010000000L,
        0x0000000030000000L,
        0x000000001FFFFFFFL,
        0x0000000020000000L,
        0x8000000000001L,
        0x0000000000400L,
        0xFFFFFE0000000L
    };

    private final SplittableRandom random;

    Operands(SplittableRandom random) {
        this.random = random;
    }

    long binary64() {
        long sign = random.nextLong() & Long.MIN_VALUE;
        int exponent = switch (random.nextInt(12)) {
            case 0 -> 0;
            case 1 -> 0x7FF;
            case 2 -> random.nextInt(3);
            case 3 -> 0x7FE - random.nextInt(3);
            case 4 -> 1023 - 1022 / 2 + random.nextInt(5);
            case 5 -> 1023 + 126 + random.nextInt(4);
            case 6 -> 1023 - 150 + random.nextInt(26);
            case 7 -> 1023 + 28 + random.nextInt(6);
            case 8 -> 1023 + 50 + random.nextInt(16);
            case 9 -> random.nextInt(2048);
            default -> 1023 - 3 + random.nextInt(7);
        };
        return sign | (long) exponent << 52 | fraction();
    }

    private long fraction() {
        return switch (random.nextInt(4)) {
            case 0 -> FRACTIONS[random.nextInt(FRACTIONS.length)];
            case 1 -> random.nextLong() & 0xFFFFFFFFFFFFFL & -1L << random.nextInt(52);
            default -> random.nextLong() & 0xFFFFFFFFFFFFFL;
        };
    }

    int binary32() {
        int sign = random.nextInt() & Integer.MIN_VALUE;
        int exponent = switch (random.nextInt(10)) {
            case 0 -> 0;
            case 1 -> 0xFF;
            case 2 -> random.nextInt(3);
            case 3 -> 0xFE - random.nextInt(3);
            case 4 -> 127 - 126 / 2 + random.nextInt(5);
            case 5 -> 127 + 28 + random.nextInt(6);
            case 6 -> 127 + 20 + random.nextInt(6);
            case 7 -> random.nextInt(256);
            default -> 127 - 3 + random.nextInt(7);
        };
        return sign | exponent << 23 | (int) (fraction() >>> 29);
    }

    /** Sign and exponent of an 80-bit number. */
    int extendedExponent() {
        int sign = random.nextInt() & 0x8000;
        int exponent = switch (random.nextInt(14)) {
            case 0 -> 0;
            case 1 -> 0x7FFF;
            case 2 -> random.nextInt(3);
            case 3 -> 0x7FFE - random.nextInt(3);
            case 4 -> 16383 - 16382 / 2 + random.nextInt(5);
            case 5 -> 16383 + 1023 - random.nextInt(3);
            case 6 -> 16383 - 1022 - random.nextInt(55) + 2;
            case 7 -> 16383 - 126 - random.nextInt(26) + 2;
            case 8 -> 16383 + 126 + random.nextInt(3);
            case 9 -> 16383 + 60 + random.nextInt(6);
            case 10 -> 16383 + random.nextInt(34);
            case 11 -> random.nextInt(0x8000);
            default -> 16383 - 3 + random.nextInt(7);
        };
        return sign | exponent;
    }

    long extendedSignificand(int signExponent) {
        long fraction = switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> fraction() << 11;
            case 2 -> (fraction() >>> 29) << 40;
            case 3 -> random.nextLong() & -1L << random.nextInt(64);
            default -> random.nextLong();
        };
        boolean integerBit = (signExponent & 0x7FFF) != 0;
        if (random.nextInt(40) == 0) {
            integerBit = !integerBit;
        }
        return integerBit ? fraction | Long.MIN_VALUE : fraction & Long.MAX_VALUE;
    }

    long quadword(int style) {
        return switch (style) {
            case 0 -> binary64();
            case 1 -> binary32() & 0xFFFFFFFFL | (long) binary32() << 32;
            case 2 -> bytes();
            case 3 -> random.nextInt(-70, 70);
            default -> random.nextLong();
        };
    }

    private long bytes() {
        long result = 0;
        for (int i = 0; i < 8; i++) {
            int value = switch (random.nextInt(6)) {
                case 0 -> 0;
                case 1 -> 0x80;
                case 2 -> 0x7F;
                case 3 -> 0xFF;
                default -> random.nextInt(256);
            };
            result = result << 8 | value;
        }
        return result;
    }
}
