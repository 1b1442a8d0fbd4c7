package oriel.hypervisor.cpu.emulated;

/**
 * Flags that are dead unless an instruction faults: the operation that sets them is dropped, and if the fault comes its
 * flags are computed from the operands, which are still in the registers. {@link BlockBuilder} decides, and keeps the
 * flags of operations whose operands are gone by then; a marked word tells {@link #flags} what to compute.
 */
final class FlagRecovery {
    /** Answer of {@link #flags}: the word says nothing about flags; an operation made them, so that they are exact. */
    static final int UNRELATED = -1, EXACT = -2;

    // In the field d of a NOP: what it was. In that of an operation without flags: 1.
    private static final int COMPARED = 1, COMPARED_IMMEDIATE = 2, TESTED = 3, TESTED_IMMEDIATE = 4;

    private static final int D = 27;

    private FlagRecovery() {}

    /**
     * The registers, as a set of slots, that the flags of an operation can be computed from afterwards; 0 if they can't.
     *
     * @param word an operation that sets all flags
     */
    static int operands(long word) {
        int op = Op.op(word);
        int a = Op.a(word);
        int b = Op.b(word);
        int registers = switch (op) {
            case Op.CMP, Op.TEST, Op.ADD64, Op.ADD32, Op.SUB64, Op.SUB32 -> 1 << a | 1 << b;
            case Op.CMPI, Op.TESTI, Op.ADDI64, Op.ADDI32, Op.SUBI64, Op.SUBI32 -> 1 << a;
            default -> op >= Op.AND64 && op < Op.CMP && (op - Op.ALU & 1) == 0 ? 1 << a : 0;
        };
        // Twice a register has lost its top bit; temporaries have other values in the next instruction.
        boolean lost = (op == Op.ADD64 || op == Op.ADD32) && a == b;
        return lost || registers >>> 16 != 0 ? 0 : registers;
    }

    /** What stands in for an operation, marked so that its flags can be recovered. */
    static long marked(long word, long flagless) {
        long kind = switch (Op.op(word)) {
            case Op.CMPI -> COMPARED_IMMEDIATE;
            case Op.TEST -> TESTED;
            case Op.TESTI -> TESTED_IMMEDIATE;
            default -> COMPARED; // CMP, and arithmetic that goes on without flags
        };
        boolean compared = Op.op(flagless) == Op.NOP;
        return (compared ? word & ~0x3FFL | Op.NOP : flagless) & ~(31L << D) | kind << D;
    }

    /** The flags that the operation a word stands in for has left, or {@link #UNRELATED} or {@link #EXACT}. */
    static int flags(long word, long[] registers) {
        int op = Op.op(word);
        long a = registers[Op.a(word)];
        long b = registers[Op.b(word)];
        int immediate = Op.immediate(word);
        int size = Op.scale(word);
        if (op == Op.NOP) {
            return switch (Op.d(word)) {
                case COMPARED -> Flags.compute(Flags.SUB | size, a, b);
                case COMPARED_IMMEDIATE -> Flags.compute(Flags.SUB | size, a, immediate);
                case TESTED -> Flags.compute(Flags.LOGIC | size, a & b, 0);
                case TESTED_IMMEDIATE -> Flags.compute(Flags.LOGIC | size, a & immediate, 0);
                default -> UNRELATED;
            };
        }
        if (op >= Op.CMP && op <= Op.DEC32 || op >= Op.RARE) {
            return EXACT;
        }
        if (op < Op.ALU || op >= Op.CMP) {
            return UNRELATED;
        }
        int form = op - Op.ALU;
        if ((form & 1) == 0) {
            return EXACT;
        }
        if (Op.d(word) == 0) {
            return UNRELATED;
        }
        int width = (form & 2) == 0 ? 3 : 2;
        long operand = (form & 4) != 0 ? immediate : b;
        return switch (form >> 3) {
            case Op.ADD -> Flags.compute(Flags.ADD | width, a - operand, operand);
            case Op.SUB -> Flags.compute(Flags.SUB | width, a + operand, operand);
            default -> Flags.compute(Flags.LOGIC | width, a, 0);
        };
    }

    /** The slots that an operation writes; all if that isn't known here. */
    static int writes(long word) {
        int op = Op.op(word);
        int a = 1 << Op.a(word);
        if (op == Op.NOP || op >= Op.ST8 && op <= Op.ST64 || op >= Op.CMP && op <= Op.TESTI) {
            return 0;
        }
        return switch (op) {
            case Op.PUSH64 -> 1 << 4;
            case Op.POP64 -> 1 << 4 | a;
            case Op.LEAVE64 -> 1 << 4 | 1 << 5;
            default -> op <= Op.SETCC ? a : -1;
        };
    }

    /** Whether an operation can fault. */
    static boolean mayFault(long word) {
        int op = Op.op(word);
        if (op >= Op.RARE) {
            return op < Op.ALUG || op > Op.RDRAND || OperationTable.of(word).mayFault();
        }
        return op >= Op.LD8 && op <= Op.ST64
                || op >= Op.PUSH64 && op <= Op.LEAVE64
                || op >= Op.CALL && op <= Op.RET
                || op == Op.SSE
                || op == Op.SSE_MEMORY;
    }
}
