package oriel.hypervisor.cpu.emulated;

/**
 * Arithmetic flags, computed from what produced them. The interpreter keeps (kind, first operand, second operand) and
 * asks here when somebody wants to know.
 */
final class Flags {
    static final int CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, TF = 0x100, IF = 0x200, DF = 0x400, OF = 0x800;
    static final int NT = 0x4000, RF = 0x10000, VM = 0x20000, AC = 0x40000;

    /** The six that arithmetic writes. */
    static final int ARITHMETIC = CF | PF | AF | ZF | SF | OF;

    /** Kinds: what the two recorded values are. The size (log2 of bytes) is in the low two bits beside it. */
    static final int EAGER = 0,
            ADD = 1 << 2,
            SUB = 2 << 2,
            LOGIC = 3 << 2,
            INC = 4 << 2,
            DEC = 5 << 2,
            RESULT = 6 << 2,
            READY = 7 << 2;

    private Flags() {}

    /**
     * The arithmetic flags.
     *
     * @param kind {@link #ADD} and {@link #SUB}: both operands; {@link #LOGIC}: the result; {@link #INC}, {@link #DEC}:
     *     the result and the carry from before; {@link #RESULT}: the result, and CF, AF and OF ready made; {@link #READY}:
     *     nothing, and all six; plus the size in the low two bits
     */
    static int compute(int kind, long a, long b) {
        int shift = 64 - (8 << (kind & 3));
        return switch (kind & ~3) {
            case ADD -> {
                long x = a << shift;
                long y = b << shift;
                long sum = x + y;
                int flags = resultFlags(sum, (int) (a + b)) | ((int) (a ^ b ^ (a + b)) & AF);
                if (Long.compareUnsigned(sum, x) < 0) {
                    flags |= CF;
                }
                yield ((x ^ sum) & (y ^ sum)) < 0 ? flags | OF : flags;
            }
            case SUB -> {
                long x = a << shift;
                long y = b << shift;
                long difference = x - y;
                int flags = resultFlags(difference, (int) (a - b)) | ((int) (a ^ b ^ (a - b)) & AF);
                if (Long.compareUnsigned(x, y) < 0) {
                    flags |= CF;
                }
                yield ((x ^ y) & (x ^ difference)) < 0 ? flags | OF : flags;
            }
            case LOGIC -> resultFlags(a << shift, (int) a);
            case INC -> {
                long result = a << shift;
                int flags = resultFlags(result, (int) a) | (int) b;
                if ((a & 0xF) == 0) {
                    flags |= AF;
                }
                yield result == Long.MIN_VALUE ? flags | OF : flags;
            }
            case DEC -> {
                long result = a << shift;
                int flags = resultFlags(result, (int) a) | (int) b;
                if ((a & 0xF) == 0xF) {
                    flags |= AF;
                }
                yield result == Long.MAX_VALUE >> shift << shift ? flags | OF : flags;
            }
            case READY -> (int) b & ARITHMETIC;
            default -> resultFlags(a << shift, (int) a) | (int) b;
        };
    }

    /** ZF, SF and PF of a result: once shifted to the top of 64 bits, once with its low byte in place. */
    static int resultFlags(long shifted, int low) {
        int flags = shifted == 0 ? ZF : shifted < 0 ? SF : 0;
        return (Integer.bitCount(low & 0xFF) & 1) == 0 ? flags | PF : flags;
    }

    /** Whether a condition code (0–15, as in Jcc) holds for flags. */
    static boolean holds(int condition, long flags) {
        boolean result = switch (condition >> 1) {
            case 0 -> (flags & OF) != 0;
            case 1 -> (flags & CF) != 0;
            case 2 -> (flags & ZF) != 0;
            case 3 -> (flags & (CF | ZF)) != 0;
            case 4 -> (flags & SF) != 0;
            case 5 -> (flags & PF) != 0;
            case 6 -> (flags & SF) << 4 != (flags & OF);
            default -> (flags & ZF) != 0 || (flags & SF) << 4 != (flags & OF);
        };
        return result == ((condition & 1) == 0);
    }

    /** The flags that a condition reads. */
    static int readBy(int condition) {
        return switch (condition >> 1) {
            case 0 -> OF;
            case 1 -> CF;
            case 2 -> ZF;
            case 3 -> CF | ZF;
            case 4 -> SF;
            case 5 -> PF;
            case 6 -> SF | OF;
            default -> SF | OF | ZF;
        };
    }
}
