package oriel.hypervisor.cpu.emulated;

/**
 * Integer operations of MMX and SSE that work on each element alone, on 64 bits at a time: an XMM register is two such
 * lanes, an MMX register one. Static and without state, so that translated code can call them directly.
 */
final class SsePacked {
    private static final long B_HIGH = 0x8080808080808080L;
    private static final long W_HIGH = 0x8000800080008000L;
    private static final long D_HIGH = 0x8000000080000000L;
    private static final long B_ONE = 0x0101010101010101L;
    private static final long W_ONE = 0x0001000100010001L;
    private static final long D_ONE = 0x0000000100000001L;

    private SsePacked() {}

    /** Operations below {@link SseOperation#PSRLW}: destination a, source b. */
    static long apply(int operation, long a, long b) {
        return switch (operation) {
            case SseOperation.PAND -> a & b;
            case SseOperation.PANDN -> ~a & b;
            case SseOperation.POR -> a | b;
            case SseOperation.PXOR -> a ^ b;
            case SseOperation.PADDB -> add(a, b, B_HIGH);
            case SseOperation.PADDW -> add(a, b, W_HIGH);
            case SseOperation.PADDD -> add(a, b, D_HIGH);
            case SseOperation.PADDQ -> a + b;
            case SseOperation.PSUBB -> subtract(a, b, B_HIGH);
            case SseOperation.PSUBW -> subtract(a, b, W_HIGH);
            case SseOperation.PSUBD -> subtract(a, b, D_HIGH);
            case SseOperation.PSUBQ -> a - b;
            case SseOperation.PCMPEQB -> ~nonZero(a ^ b, B_HIGH, 7);
            case SseOperation.PCMPEQW -> ~nonZero(a ^ b, W_HIGH, 15);
            case SseOperation.PCMPEQD -> ~nonZero(a ^ b, D_HIGH, 31);
            case SseOperation.PCMPEQQ -> a == b ? -1L : 0;
            case SseOperation.PCMPGTB -> below(b ^ B_HIGH, a ^ B_HIGH, B_HIGH, 7);
            case SseOperation.PCMPGTW -> below(b ^ W_HIGH, a ^ W_HIGH, W_HIGH, 15);
            case SseOperation.PCMPGTD -> below(b ^ D_HIGH, a ^ D_HIGH, D_HIGH, 31);
            case SseOperation.PCMPGTQ -> a > b ? -1L : 0;
            case SseOperation.PMINUB -> choose(below(a, b, B_HIGH, 7), a, b);
            case SseOperation.PMAXUB -> choose(below(a, b, B_HIGH, 7), b, a);
            case SseOperation.PMINSW -> choose(below(a ^ W_HIGH, b ^ W_HIGH, W_HIGH, 15), a, b);
            case SseOperation.PMAXSW -> choose(below(a ^ W_HIGH, b ^ W_HIGH, W_HIGH, 15), b, a);
            default -> applyRare(operation, a, b);
        };
    }

    private static long applyRare(int operation, long a, long b) {
        return switch (operation) {
            case SseOperation.PADDSB -> addSigned(a, b, B_HIGH, 7);
            case SseOperation.PADDSW -> addSigned(a, b, W_HIGH, 15);
            case SseOperation.PADDUSB -> addUnsigned(a, b, B_HIGH, 7);
            case SseOperation.PADDUSW -> addUnsigned(a, b, W_HIGH, 15);
            case SseOperation.PSUBSB -> subtractSigned(a, b, B_HIGH, 7);
            case SseOperation.PSUBSW -> subtractSigned(a, b, W_HIGH, 15);
            case SseOperation.PSUBUSB -> subtract(a, b, B_HIGH) & ~below(a, b, B_HIGH, 7);
            case SseOperation.PSUBUSW -> subtract(a, b, W_HIGH) & ~below(a, b, W_HIGH, 15);
            case SseOperation.PMULLW -> multiplyLow(a, b);
            case SseOperation.PMULHW -> multiplyHigh(a, b);
            case SseOperation.PMULHUW -> multiplyHighUnsigned(a, b);
            case SseOperation.PMULUDQ -> (a & 0xFFFFFFFFL) * (b & 0xFFFFFFFFL);
            case SseOperation.PMADDWD -> multiplyAdd(a, b);
            case SseOperation.PSADBW -> sumOfDifferences(a, b);
            case SseOperation.PAVGB -> (a | b) - (((a ^ b) & ~B_ONE) >>> 1);
            case SseOperation.PAVGW -> (a | b) - (((a ^ b) & ~W_ONE) >>> 1);
            case SseOperation.PABSB -> absolute(b, B_HIGH, 7);
            case SseOperation.PABSW -> absolute(b, W_HIGH, 15);
            case SseOperation.PABSD -> absolute(b, D_HIGH, 31);
            case SseOperation.PSIGNB -> sign(a, b, B_HIGH, 7);
            case SseOperation.PSIGNW -> sign(a, b, W_HIGH, 15);
            case SseOperation.PSIGND -> sign(a, b, D_HIGH, 31);
            case SseOperation.PMULHRSW -> multiplyRoundScale(a, b);
            case SseOperation.PMADDUBSW -> multiplyAddBytes(a, b);
            case SseOperation.PMULLD -> (((a >> 32) * (b >> 32)) << 32) | ((a * b) & 0xFFFFFFFFL);
            case SseOperation.PMULDQ -> (long) (int) a * (int) b;
            case SseOperation.PMINSB -> choose(below(a ^ B_HIGH, b ^ B_HIGH, B_HIGH, 7), a, b);
            case SseOperation.PMAXSB -> choose(below(a ^ B_HIGH, b ^ B_HIGH, B_HIGH, 7), b, a);
            case SseOperation.PMINSD -> choose(below(a ^ D_HIGH, b ^ D_HIGH, D_HIGH, 31), a, b);
            case SseOperation.PMAXSD -> choose(below(a ^ D_HIGH, b ^ D_HIGH, D_HIGH, 31), b, a);
            case SseOperation.PMINUW -> choose(below(a, b, W_HIGH, 15), a, b);
            case SseOperation.PMAXUW -> choose(below(a, b, W_HIGH, 15), b, a);
            case SseOperation.PMINUD -> choose(below(a, b, D_HIGH, 31), a, b);
            case SseOperation.PMAXUD -> choose(below(a, b, D_HIGH, 31), b, a);
            default -> throw new IllegalArgumentException("packed operation " + operation);
        };
    }

    /** Shifts: from {@link SseOperation#PSRLW} to {@link SseOperation#PSLLQ}; any unsigned 64-bit count. */
    static long shift(int operation, long a, long count) {
        boolean all = Long.compareUnsigned(count, 63) > 0;
        int n = all ? 64 : (int) count;
        return switch (operation) {
            case SseOperation.PSRLW -> n > 15 ? 0 : (a >>> n) & ((0xFFFF >>> n) * W_ONE);
            case SseOperation.PSRLD -> n > 31 ? 0 : (a >>> n) & ((0xFFFFFFFFL >>> n) * D_ONE);
            case SseOperation.PSRLQ -> n > 63 ? 0 : a >>> n;
            case SseOperation.PSRAW -> shiftArithmetic(a, Math.min(n, 15), W_HIGH, 15, 0xFFFF, W_ONE);
            case SseOperation.PSRAD -> shiftArithmetic(a, Math.min(n, 31), D_HIGH, 31, 0xFFFFFFFFL, D_ONE);
            case SseOperation.PSLLW -> n > 15 ? 0 : (a << n) & (((0xFFFF << n) & 0xFFFF) * W_ONE);
            case SseOperation.PSLLD -> n > 31 ? 0 : (a << n) & (((0xFFFFFFFFL << n) & 0xFFFFFFFFL) * D_ONE);
            case SseOperation.PSLLQ -> n > 63 ? 0 : a << n;
            default -> throw new IllegalArgumentException("packed shift " + operation);
        };
    }

    private static long shiftArithmetic(long a, int n, long highs, int top, long element, long one) {
        long kept = (element >>> n) * one;
        return ((a >>> n) & kept) | (spread(a & highs, top) & ~kept);
    }

    /** Fills each element whose top bit is set in {@code highs} with ones. */
    private static long spread(long highs, int top) {
        return (highs << 1) - (highs >>> top);
    }

    private static long add(long a, long b, long highs) {
        return ((a & ~highs) + (b & ~highs)) ^ ((a ^ b) & highs);
    }

    private static long subtract(long a, long b, long highs) {
        return ((a | highs) - (b & ~highs)) ^ ((a ^ ~b) & highs);
    }

    private static long nonZero(long a, long highs, int top) {
        return spread((((a & ~highs) + ~highs) | a) & highs, top);
    }

    /** Elements where a < b, unsigned. */
    private static long below(long a, long b, long highs, int top) {
        return spread(((~a & b) | (~(a ^ b) & subtract(a, b, highs))) & highs, top);
    }

    private static long choose(long mask, long a, long b) {
        return (a & mask) | (b & ~mask);
    }

    private static long addSigned(long a, long b, long highs, int top) {
        long sum = add(a, b, highs);
        return saturate(sum, ~(a ^ b) & (a ^ sum), a, highs, top);
    }

    private static long subtractSigned(long a, long b, long highs, int top) {
        long difference = subtract(a, b, highs);
        return saturate(difference, (a ^ b) & (a ^ difference), a, highs, top);
    }

    private static long saturate(long value, long overflow, long a, long highs, int top) {
        long limit = ~highs + ((a & highs) >>> top);
        return choose(spread(overflow & highs, top), limit, value);
    }

    private static long addUnsigned(long a, long b, long highs, int top) {
        long sum = add(a, b, highs);
        return sum | below(sum, a, highs, top);
    }

    private static long absolute(long a, long highs, int top) {
        long negative = spread(a & highs, top);
        return subtract(a ^ negative, negative, highs);
    }

    private static long sign(long a, long b, long highs, int top) {
        long negative = spread(b & highs, top);
        return subtract(a ^ negative, negative, highs) & nonZero(b, highs, top);
    }

    private static long words(int w0, int w1, int w2, int w3) {
        return (w0 & 0xFFFFL) | (w1 & 0xFFFFL) << 16 | (w2 & 0xFFFFL) << 32 | (long) w3 << 48;
    }

    private static int word(long a, int index) {
        return (short) (a >>> (16 * index));
    }

    private static int unsignedWord(long a, int index) {
        return (int) (a >>> (16 * index)) & 0xFFFF;
    }

    private static long multiplyLow(long a, long b) {
        return words(
                word(a, 0) * word(b, 0), word(a, 1) * word(b, 1), word(a, 2) * word(b, 2), word(a, 3) * word(b, 3));
    }

    private static long multiplyHigh(long a, long b) {
        return words(
                word(a, 0) * word(b, 0) >> 16,
                word(a, 1) * word(b, 1) >> 16,
                word(a, 2) * word(b, 2) >> 16,
                word(a, 3) * word(b, 3) >> 16);
    }

    private static long multiplyHighUnsigned(long a, long b) {
        return words(
                unsignedWord(a, 0) * unsignedWord(b, 0) >>> 16,
                unsignedWord(a, 1) * unsignedWord(b, 1) >>> 16,
                unsignedWord(a, 2) * unsignedWord(b, 2) >>> 16,
                unsignedWord(a, 3) * unsignedWord(b, 3) >>> 16);
    }

    private static long multiplyRoundScale(long a, long b) {
        return words(
                ((word(a, 0) * word(b, 0) >> 14) + 1) >> 1,
                ((word(a, 1) * word(b, 1) >> 14) + 1) >> 1,
                ((word(a, 2) * word(b, 2) >> 14) + 1) >> 1,
                ((word(a, 3) * word(b, 3) >> 14) + 1) >> 1);
    }

    private static long multiplyAdd(long a, long b) {
        int even = word(a, 0) * word(b, 0) + word(a, 1) * word(b, 1);
        int odd = word(a, 2) * word(b, 2) + word(a, 3) * word(b, 3);
        return (even & 0xFFFFFFFFL) | (long) odd << 32;
    }

    private static long multiplyAddBytes(long a, long b) {
        long result = 0;
        for (int i = 0; i < 64; i += 16) {
            int even = ((int) (a >>> i) & 0xFF) * (byte) (b >>> i);
            int odd = ((int) (a >>> (i + 8)) & 0xFF) * (byte) (b >>> (i + 8));
            result |= (saturateToWord(even + odd) & 0xFFFFL) << i;
        }
        return result;
    }

    static int saturateToWord(int value) {
        return Math.clamp(value, -32768, 32767);
    }

    private static long sumOfDifferences(long a, long b) {
        long below = below(a, b, B_HIGH, 7);
        long differences = subtract(choose(below, b, a), choose(below, a, b), B_HIGH);
        long pairs = (differences & 0x00FF00FF00FF00FFL) + (differences >>> 8 & 0x00FF00FF00FF00FFL);
        return pairs * W_ONE >>> 48;
    }
}
