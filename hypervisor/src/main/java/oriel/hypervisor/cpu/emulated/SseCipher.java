package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.SseOperation.*;

/** AES-NI (FIPS 197) and carry-less multiplication. */
final class SseCipher {
    /** S-box and its inverse, and both followed by (Inv)MixColumns of one byte: column contributions, rotated by row. */
    private static final byte[] SUBSTITUTE = new byte[256];

    private static final byte[] INVERSE = new byte[256];
    private static final int[] MIX = new int[256];
    private static final int[] UNMIX = new int[256];
    private static final int[] UNMIX_PLAIN = new int[256];

    static {
        // 3 generates the multiplicative group of GF(2⁸) and F6 is its inverse: walk both to get all inverses.
        int p = 1;
        int q = 1;
        do {
            p = times(p, 3);
            q = times(q, 0xF6);
            int s = q ^ rotate(q, 1) ^ rotate(q, 2) ^ rotate(q, 3) ^ rotate(q, 4) ^ 0x63;
            SUBSTITUTE[p] = (byte) s;
        } while (p != 1);
        SUBSTITUTE[0] = 0x63;
        for (int i = 0; i < 256; i++) {
            INVERSE[SUBSTITUTE[i] & 0xFF] = (byte) i;
        }
        for (int i = 0; i < 256; i++) {
            MIX[i] = column(SUBSTITUTE[i] & 0xFF, 2, 1, 1, 3);
            UNMIX[i] = column(INVERSE[i] & 0xFF, 14, 9, 13, 11);
            UNMIX_PLAIN[i] = column(i, 14, 9, 13, 11);
        }
    }

    private final long[] xmm;

    SseCipher(long[] xmm) {
        this.xmm = xmm;
    }

    private static int rotate(int value, int by) {
        return (value << by | value >>> (8 - by)) & 0xFF;
    }

    private static int times(int a, int b) {
        int product = 0;
        int x = a;
        for (int bits = b; bits != 0; bits >>>= 1) {
            if ((bits & 1) != 0) {
                product ^= x;
            }
            x = x << 1 ^ ((x & 0x80) != 0 ? 0x11B : 0);
        }
        return product;
    }

    private static int column(int value, int r0, int r1, int r2, int r3) {
        return times(value, r0) | times(value, r1) << 8 | times(value, r2) << 16 | times(value, r3) << 24;
    }

    void execute(int operation, int register, long low, long high, int immediate) {
        int at = 2 * register;
        long a = xmm[at];
        long b = xmm[at + 1];
        switch (operation) {
            case AESENC -> set(at, round(a, b, MIX, 5) ^ low, round(b, a, MIX, 5) ^ high);
            case AESDEC -> set(at, round(a, b, UNMIX, 3) ^ low, round(b, a, UNMIX, 3) ^ high);
            case AESENCLAST -> set(at, lastRound(a, b, SUBSTITUTE, 5) ^ low, lastRound(b, a, SUBSTITUTE, 5) ^ high);
            case AESDECLAST -> set(at, lastRound(a, b, INVERSE, 3) ^ low, lastRound(b, a, INVERSE, 3) ^ high);
            case AESIMC -> set(at, unmix(low), unmix(high));
            case AESKEYGENASSIST -> set(at, keyPair(low, immediate), keyPair(high, immediate));
            default -> multiplyCarryless(at, low, high, immediate);
        }
    }

    private void set(int at, long low, long high) {
        xmm[at] = low;
        xmm[at + 1] = high;
    }

    /**
     * Two columns of (Inv)ShiftRows, SubBytes, MixColumns.
     *
     * @param own the quadword of these columns
     * @param step bytes from one row's source to the next: 5 (one column right, one row down) or -3 modulo 16
     */
    private static long round(long own, long other, int[] table, int step) {
        return (column(own, other, table, 0, step) & 0xFFFFFFFFL) | (long) column(own, other, table, 4, step) << 32;
    }

    private static int column(long own, long other, int[] table, int first, int step) {
        int stride = step == 5 ? 5 : 13;
        return table[at(own, other, first)]
                ^ Integer.rotateLeft(table[at(own, other, first + stride)], 8)
                ^ Integer.rotateLeft(table[at(own, other, first + 2 * stride)], 16)
                ^ Integer.rotateLeft(table[at(own, other, first + 3 * stride)], 24);
    }

    private static int at(long own, long other, int index) {
        return (int) (((index & 8) == 0 ? own : other) >>> 8 * (index & 7)) & 0xFF;
    }

    private static long lastRound(long own, long other, byte[] box, int step) {
        int stride = step == 5 ? 5 : 13;
        long result = 0;
        for (int i = 0; i < 8; i++) {
            int source = (i & 4) + (i & 3) * stride;
            result |= (box[at(own, other, source)] & 0xFFL) << 8 * i;
        }
        return result;
    }

    private static long unmix(long a) {
        return (unmixColumn((int) a) & 0xFFFFFFFFL) | (long) unmixColumn((int) (a >>> 32)) << 32;
    }

    private static int unmixColumn(int a) {
        return UNMIX_PLAIN[a & 0xFF]
                ^ Integer.rotateLeft(UNMIX_PLAIN[a >>> 8 & 0xFF], 8)
                ^ Integer.rotateLeft(UNMIX_PLAIN[a >>> 16 & 0xFF], 16)
                ^ Integer.rotateLeft(UNMIX_PLAIN[a >>> 24], 24);
    }

    private static long keyPair(long a, int constant) {
        int word = (int) (a >>> 32);
        int substituted = (SUBSTITUTE[word & 0xFF] & 0xFF)
                | (SUBSTITUTE[word >>> 8 & 0xFF] & 0xFF) << 8
                | (SUBSTITUTE[word >>> 16 & 0xFF] & 0xFF) << 16
                | SUBSTITUTE[word >>> 24] << 24;
        return (substituted & 0xFFFFFFFFL) | (long) (Integer.rotateRight(substituted, 8) ^ constant) << 32;
    }

    private void multiplyCarryless(int at, long low, long high, int immediate) {
        long a = xmm[at + (immediate & 1)];
        long b = (immediate & 0x10) != 0 ? high : low;
        long productLow = 0;
        long productHigh = 0;
        for (int i = 0; i < 64; i++) {
            long mask = -(b >>> i & 1);
            productLow ^= (a << i) & mask;
            productHigh ^= (a >>> 1 >>> (63 - i)) & mask;
        }
        set(at, productLow, productHigh);
    }
}
