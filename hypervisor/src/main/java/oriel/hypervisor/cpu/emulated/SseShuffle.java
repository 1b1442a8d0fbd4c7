package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.SseOperation.*;

/** Integer operations that move data across the elements of a register: pack, unpack, shuffle, blend, extend, add pairs. */
final class SseShuffle {
    private final long[] xmm;

    SseShuffle(long[] xmm) {
        this.xmm = xmm;
    }

    /** Operations from {@link SseOperation#PACKSSWB} to {@link SseOperation#PMOVZXDQ}: register = register op (low, high). */
    void execute(int operation, int register, long low, long high, int immediate) {
        int at = 2 * register;
        long a = xmm[at];
        long b = xmm[at + 1];
        switch (operation) {
            case PACKSSWB, PACKSSDW, PACKUSWB, PACKUSDW -> set(at, pack(operation, a, b), pack(operation, low, high));
            case PUNPCKLBW -> set(at, interleaveBytes(a, low), interleaveBytes(a >>> 32, low >>> 32));
            case PUNPCKLWD -> set(at, interleaveWords(a, low), interleaveWords(a >>> 32, low >>> 32));
            case PUNPCKLDQ -> set(at, doublewords(a, low), doublewords(a >>> 32, low >>> 32));
            case PUNPCKLQDQ -> set(at, a, low);
            case PUNPCKHBW -> set(at, interleaveBytes(b, high), interleaveBytes(b >>> 32, high >>> 32));
            case PUNPCKHWD -> set(at, interleaveWords(b, high), interleaveWords(b >>> 32, high >>> 32));
            case PUNPCKHDQ -> set(at, doublewords(b, high), doublewords(b >>> 32, high >>> 32));
            case PUNPCKHQDQ -> set(at, b, high);
            case PSHUFB -> set(at, shuffleBytes(a, b, low), shuffleBytes(a, b, high));
            case PSHUFD ->
                set(
                        at,
                        doublewords(select(low, high, immediate), select(low, high, immediate >> 2)),
                        doublewords(select(low, high, immediate >> 4), select(low, high, immediate >> 6)));
            case PSHUFHW -> set(at, low, shuffleWords(high, immediate));
            case PSHUFLW -> set(at, shuffleWords(low, immediate), high);
            case SHUFPS ->
                set(
                        at,
                        doublewords(select(a, b, immediate), select(a, b, immediate >> 2)),
                        doublewords(select(low, high, immediate >> 4), select(low, high, immediate >> 6)));
            case SHUFPD -> set(at, (immediate & 1) != 0 ? b : a, (immediate & 2) != 0 ? high : low);
            case PHADDW, PHADDD, PHADDSW, PHSUBW, PHSUBD, PHSUBSW ->
                set(at, horizontal(operation, a, b), horizontal(operation, low, high));
            case PALIGNR -> align(at, low, high, immediate);
            case MOVDDUP -> set(at, low, low);
            case MOVSHDUP -> set(at, doublewords(low >>> 32, low >>> 32), doublewords(high >>> 32, high >>> 32));
            case MOVSLDUP -> set(at, doublewords(low, low), doublewords(high, high));
            default -> executeSse41(operation, at, low, high, immediate);
        }
    }

    private void executeSse41(int operation, int at, long low, long high, int immediate) {
        long a = xmm[at];
        long b = xmm[at + 1];
        switch (operation) {
            case PBLENDW -> set(at, blend(a, low, wordMask(immediate)), blend(b, high, wordMask(immediate >> 4)));
            case BLENDPS ->
                set(at, blend(a, low, doublewordMask(immediate)), blend(b, high, doublewordMask(immediate >> 2)));
            case BLENDPD -> set(at, (immediate & 1) != 0 ? low : a, (immediate & 2) != 0 ? high : b);
            case PBLENDVB -> set(at, blend(a, low, byteSigns(xmm[0])), blend(b, high, byteSigns(xmm[1])));
            case BLENDVPS -> set(at, blend(a, low, doublewordSigns(xmm[0])), blend(b, high, doublewordSigns(xmm[1])));
            case BLENDVPD -> set(at, blend(a, low, xmm[0] >> 63), blend(b, high, xmm[1] >> 63));
            case INSERTPS -> insertSingle(at, select(low, high, immediate >> 6), immediate);
            case MPSADBW -> sumsOfDifferences(at, low, high, immediate);
            case PHMINPOSUW -> minimumWord(at, low, high);
            case PMOVSXBW -> set(at, extend(low, 8, 16, true), extend(low >>> 32, 8, 16, true));
            case PMOVSXBD -> set(at, extend(low, 8, 32, true), extend(low >>> 16, 8, 32, true));
            case PMOVSXBQ -> set(at, (byte) low, (byte) (low >> 8));
            case PMOVSXWD -> set(at, extend(low, 16, 32, true), extend(low >>> 32, 16, 32, true));
            case PMOVSXWQ -> set(at, (short) low, (short) (low >> 16));
            case PMOVSXDQ -> set(at, low << 32 >> 32, low >> 32);
            case PMOVZXBW -> set(at, extend(low, 8, 16, false), extend(low >>> 32, 8, 16, false));
            case PMOVZXBD -> set(at, extend(low, 8, 32, false), extend(low >>> 16, 8, 32, false));
            case PMOVZXBQ -> set(at, low & 0xFF, low >>> 8 & 0xFF);
            case PMOVZXWD -> set(at, extend(low, 16, 32, false), extend(low >>> 32, 16, 32, false));
            case PMOVZXWQ -> set(at, low & 0xFFFF, low >>> 16 & 0xFFFF);
            case PMOVZXDQ -> set(at, low & 0xFFFFFFFFL, low >>> 32);
            default -> throw new IllegalArgumentException("shuffle " + operation);
        }
    }

    /** The MMX forms; returns the result. */
    static long executeMmx(int operation, long a, long b, int immediate) {
        return switch (operation) {
            case PACKSSWB, PACKSSDW, PACKUSWB -> packHalves(operation, a, b);
            case PUNPCKLBW -> interleaveBytes(a, b);
            case PUNPCKLWD -> interleaveWords(a, b);
            case PUNPCKLDQ -> doublewords(a, b);
            case PUNPCKHBW -> interleaveBytes(a >>> 32, b >>> 32);
            case PUNPCKHWD -> interleaveWords(a >>> 32, b >>> 32);
            case PUNPCKHDQ -> doublewords(a >>> 32, b >>> 32);
            case PSHUFB -> shuffleBytes(a, a, b & 0xF7F7F7F7F7F7F7F7L);
            case PSHUFW -> shuffleWords(b, immediate);
            case PHADDW, PHADDD, PHADDSW, PHSUBW, PHSUBD, PHSUBSW -> horizontal(operation, a, b);
            case PALIGNR -> alignMmx(a, b, immediate);
            default -> throw new IllegalArgumentException("shuffle " + operation);
        };
    }

    /** PSRLDQ, PSLLDQ. */
    void shiftBytes(int register, boolean left, int count) {
        int at = 2 * register;
        int bits = 8 * Math.min(count, 16);
        long low = xmm[at];
        long high = xmm[at + 1];
        if (bits == 0) {
            return;
        }
        if (left) {
            set(at, bits < 64 ? low << bits : 0, bits < 64 ? high << bits | low >>> (64 - bits) : shl(low, bits - 64));
        } else {
            set(
                    at,
                    bits < 64 ? low >>> bits | high << (64 - bits) : shr(high, bits - 64),
                    bits < 64 ? high >>> bits : 0);
        }
    }

    private static long shl(long value, int bits) {
        return bits > 63 ? 0 : value << bits;
    }

    private static long shr(long value, int bits) {
        return bits > 63 ? 0 : value >>> bits;
    }

    private void set(int at, long low, long high) {
        xmm[at] = low;
        xmm[at + 1] = high;
    }

    private static long doublewords(long low, long high) {
        return (low & 0xFFFFFFFFL) | high << 32;
    }

    private static long select(long low, long high, int index) {
        long half = (index & 2) != 0 ? high : low;
        return (index & 1) != 0 ? half >>> 32 : half & 0xFFFFFFFFL;
    }

    /** The low four bytes of each, alternating. */
    private static long interleaveBytes(long a, long b) {
        return spreadBytes(a) | spreadBytes(b) << 8;
    }

    private static long spreadBytes(long a) {
        long x = a & 0xFFFFFFFFL;
        x = (x | x << 16) & 0x0000FFFF0000FFFFL;
        return (x | x << 8) & 0x00FF00FF00FF00FFL;
    }

    private static long interleaveWords(long a, long b) {
        return spreadWords(a) | spreadWords(b) << 16;
    }

    private static long spreadWords(long a) {
        long x = a & 0xFFFFFFFFL;
        return (x | x << 16) & 0x0000FFFF0000FFFFL;
    }

    private static long shuffleWords(long a, int immediate) {
        return (a >>> 16 * (immediate & 3) & 0xFFFF)
                | (a >>> 16 * (immediate >> 2 & 3) & 0xFFFF) << 16
                | (a >>> 16 * (immediate >> 4 & 3) & 0xFFFF) << 32
                | a >>> 16 * (immediate >> 6 & 3) << 48;
    }

    private static long shuffleBytes(long a, long b, long control) {
        long result = 0;
        for (int i = 0; i < 64; i += 8) {
            int index = (int) (control >>> i);
            if ((index & 0x80) == 0) {
                result |= (((index & 8) != 0 ? b : a) >>> 8 * (index & 7) & 0xFF) << i;
            }
        }
        return result;
    }

    /** Eight (or four) elements of a and b, saturated to half their size. */
    private static long pack(int operation, long a, long b) {
        return packHalves(operation, a, b);
    }

    private static long packHalves(int operation, long a, long b) {
        return packHalf(operation, a) | packHalf(operation, b) << 32;
    }

    private static long packHalf(int operation, long a) {
        return switch (operation) {
            case PACKSSWB -> packBytes(a, -128, 127);
            case PACKUSWB -> packBytes(a, 0, 255);
            case PACKSSDW -> packWords(a, -32768, 32767);
            default -> packWords(a, 0, 65535);
        };
    }

    private static long packBytes(long a, int least, int greatest) {
        long result = 0;
        for (int i = 0; i < 4; i++) {
            result |= (Math.clamp((short) (a >>> 16 * i), least, greatest) & 0xFFL) << 8 * i;
        }
        return result;
    }

    private static long packWords(long a, int least, int greatest) {
        return (Math.clamp(a << 32 >> 32, least, greatest) & 0xFFFFL)
                | (Math.clamp(a >> 32, least, greatest) & 0xFFFFL) << 16;
    }

    /** Sums (differences) of the pairs of a, then of b. */
    private static long horizontal(int operation, long a, long b) {
        return switch (operation) {
            case PHADDD -> doublewords(a + (a >>> 32), b + (b >>> 32));
            case PHSUBD -> doublewords(a - (a >>> 32), b - (b >>> 32));
            default ->
                pair(operation, a)
                        | pair(operation, a >>> 32) << 16
                        | pair(operation, b) << 32
                        | pair(operation, b >>> 32) << 48;
        };
    }

    private static long pair(int operation, long a) {
        int first = (short) a;
        int second = (short) (a >>> 16);
        return switch (operation) {
                    case PHADDW -> first + second;
                    case PHSUBW -> first - second;
                    case PHADDSW -> SsePacked.saturateToWord(first + second);
                    default -> SsePacked.saturateToWord(first - second);
                }
                & 0xFFFFL;
    }

    private void align(int at, long low, long high, int count) {
        long a = xmm[at];
        long b = xmm[at + 1];
        set(at, bytesFrom(low, high, a, b, count), bytesFrom(low, high, a, b, count + 8));
    }

    /** Eight bytes of a 32-byte value, from a byte offset on. */
    private static long bytesFrom(long q0, long q1, long q2, long q3, int offset) {
        int bits = 8 * (offset & 7);
        long first = quadword(q0, q1, q2, q3, offset >> 3);
        return bits == 0 ? first : first >>> bits | quadword(q0, q1, q2, q3, (offset >> 3) + 1) << (64 - bits);
    }

    private static long quadword(long q0, long q1, long q2, long q3, int index) {
        return switch (index) {
            case 0 -> q0;
            case 1 -> q1;
            case 2 -> q2;
            case 3 -> q3;
            default -> 0;
        };
    }

    private static long alignMmx(long a, long b, int count) {
        return bytesFrom(b, a, 0, 0, count);
    }

    private static long blend(long a, long b, long mask) {
        return (a & ~mask) | (b & mask);
    }

    private static long wordMask(int bits) {
        return ((bits & 1) | (bits & 2) << 15 | (bits & 4L) << 30 | (bits & 8L) << 45) * 0xFFFF;
    }

    private static long doublewordMask(int bits) {
        return ((bits & 1) | (bits & 2L) << 31) * 0xFFFFFFFFL;
    }

    private static long byteSigns(long a) {
        return (a >>> 7 & 0x0101010101010101L) * 0xFF;
    }

    private static long doublewordSigns(long a) {
        return (a >>> 31 & 0x0000000100000001L) * 0xFFFFFFFFL;
    }

    private void insertSingle(int at, long value, int immediate) {
        int target = at + (immediate >> 5 & 1);
        int shift = 32 * (immediate >> 4 & 1);
        xmm[target] = (xmm[target] & ~(0xFFFFFFFFL << shift)) | value << shift;
        xmm[at] &= ~doublewordMask(immediate);
        xmm[at + 1] &= ~doublewordMask(immediate >> 2);
    }

    private void sumsOfDifferences(int at, long low, long high, int immediate) {
        int from = 4 * (immediate >> 2 & 1);
        long block = select(low, high, immediate);
        long a = xmm[at];
        long b = xmm[at + 1];
        long first = 0;
        long second = 0;
        for (int i = 0; i < 4; i++) {
            first |= sumOfDifferences(bytesFrom(a, b, 0, 0, from + i), block) << 16 * i;
            second |= sumOfDifferences(bytesFrom(a, b, 0, 0, from + i + 4), block) << 16 * i;
        }
        set(at, first, second);
    }

    private static long sumOfDifferences(long a, long b) {
        int sum = 0;
        for (int i = 0; i < 32; i += 8) {
            sum += Math.abs((int) (a >>> i & 0xFF) - (int) (b >>> i & 0xFF));
        }
        return sum;
    }

    private void minimumWord(int at, long low, long high) {
        int least = 0x10000;
        int index = 0;
        for (int i = 0; i < 8; i++) {
            int word = (int) ((i < 4 ? low : high) >>> 16 * (i & 3)) & 0xFFFF;
            if (word < least) {
                least = word;
                index = i;
            }
        }
        set(at, least | index << 16, 0);
    }

    /** The elements of {@code from} bits at the bottom of a, extended to {@code to} bits each. */
    private static long extend(long a, int from, int to, boolean signed) {
        long result = 0;
        for (int i = 0; i < 64 / to; i++) {
            long element = a >>> from * i << (64 - from);
            element = signed ? element >> (64 - from) : element >>> (64 - from);
            result |= (element & (-1L >>> (64 - to))) << to * i;
        }
        return result;
    }
}
