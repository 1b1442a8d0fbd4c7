package oriel.hypervisor.cpu.emulated;

/**
 * Operations of the arena and their word: operation in bits 0–9, three register slots (a 10–14, b 15–19, c 20–24), scale
 * or size 25–26, d 27–31, a signed immediate or displacement in bits 32–63. A terminator has a shift in bits 20–25 and
 * the block's instruction count in bits 26–31 instead of c, scale and d.
 *
 * <p>A memory operand is {@code [b + (c << scale) + displacement]}, with {@code a} as the register.
 */
final class Op {
    // Register slots behind the sixteen general registers.
    static final int T0 = 16, T1 = 17, ZERO = 18, RIP_BASE = 19, T2 = 26, T3 = 27;

    /** Slot of a segment's base, for ES to GS. */
    static final int SEGMENT_BASE = 20;

    private Op() {}

    static long word(int op, int a, int b, int c, int scale, int d, int immediate) {
        return op
                | (long) a << 10
                | (long) b << 15
                | (long) c << 20
                | (long) scale << 25
                | (long) d << 27
                | (long) immediate << 32;
    }

    static long terminator(int op, int a, int b, int shift, int count, int immediate) {
        return op | (long) a << 10 | (long) b << 15 | (long) shift << 20 | (long) count << 26 | (long) immediate << 32;
    }

    static int op(long word) {
        return (int) word & 0x3FF;
    }

    static int a(long word) {
        return (int) word >>> 10 & 31;
    }

    static int b(long word) {
        return (int) word >>> 15 & 31;
    }

    static int c(long word) {
        return (int) word >>> 20 & 31;
    }

    static int scale(long word) {
        return (int) word >>> 25 & 3;
    }

    static int d(long word) {
        return (int) word >>> 27;
    }

    static int immediate(long word) {
        return (int) (word >> 32);
    }

    /** Words of an operation: 2 if links or an operand follow. */
    static int length(long word) {
        int op = op(word);
        if (op >= JMP && op <= RESULTJ_NS) {
            return op == JMPR || op == CALLR || op == RET ? 1 : 2;
        }
        return switch (op) {
            case MOVI64, JMPG, CALLG, LOOP, INT -> 2;
            case FAR_JUMP, FAR_CALL -> d(word) == 1 ? 2 : 1;
            default -> 1;
        };
    }

    // ---- the hot switch ---------------------------------------------------------------------------------------------

    static final int NOP = 0;
    static final int MOV64 = 1, MOV32 = 2, MOVI = 3, MOVI32 = 4, MOVI64 = 5;
    static final int INSERT8 = 6, INSERT16 = 7, INSERT_HIGH = 8, EXTRACT_HIGH = 9;
    static final int ZX8 = 10, ZX16 = 11, SX8 = 12, SX16 = 13, SX32 = 14, SX8_32 = 15, SX16_32 = 16;
    static final int LD8 = 17, LD16 = 18, LD32 = 19, LD64 = 20;
    static final int LD8S = 21, LD32S = 22, LD8S_32 = 23;
    static final int LDW = 24;
    static final int ST8 = 25, ST16 = 26, ST32 = 27, ST64 = 28;
    static final int LEA64 = 29, LEA32 = 30;
    static final int PUSH64 = 31, POP64 = 32, LEAVE64 = 33;

    // Arithmetic: [operation][rr, ri][64, 32][with flags, without].
    static final int ALU = 37;
    static final int ADD = 0, SUB = 1, AND = 2, OR = 3, XOR = 4;

    static int alu(int operation, boolean immediate, boolean wide, boolean flags) {
        return ALU + operation * 8 + (immediate ? 4 : 0) + (wide ? 0 : 2) + (flags ? 0 : 1);
    }

    static final int ADD64 = 37, ADD64_NF = 38, ADD32 = 39, ADD32_NF = 40;
    static final int ADDI64 = 41, ADDI64_NF = 42, ADDI32 = 43, ADDI32_NF = 44;
    static final int SUB64 = 45, SUB64_NF = 46, SUB32 = 47, SUB32_NF = 48;
    static final int SUBI64 = 49, SUBI64_NF = 50, SUBI32 = 51, SUBI32_NF = 52;
    static final int AND64 = 53, AND64_NF = 54, AND32 = 55, AND32_NF = 56;
    static final int ANDI64 = 57, ANDI64_NF = 58, ANDI32 = 59, ANDI32_NF = 60;
    static final int OR64 = 61, OR64_NF = 62, OR32 = 63, OR32_NF = 64;
    static final int ORI64 = 65, ORI64_NF = 66, ORI32 = 67, ORI32_NF = 68;
    static final int XOR64 = 69, XOR64_NF = 70, XOR32 = 71, XOR32_NF = 72;
    static final int XORI64 = 73, XORI64_NF = 74, XORI32 = 75, XORI32_NF = 76;
    static final int CMP = 77, CMPI = 78, TEST = 79, TESTI = 80;
    static final int INC64 = 81, INC32 = 82, DEC64 = 83, DEC32 = 84;
    static final int SHLI64 = 85, SHLI32 = 86, SHRI64 = 87, SHRI32 = 88, SARI64 = 89, SARI32 = 90;
    static final int ROLI64 = 91, ROLI32 = 92;
    static final int IMUL64 = 93, IMUL32 = 94;
    static final int CMOV = 95, CMOV32 = 96, SETCC = 97;

    // Terminators. A second word holds links: taken in the low half, not taken in the high half.
    static final int JMP = 100, JCC = 101, JMPX = 102, JMPR = 103, CALL = 104, CALLX = 105, CALLR = 106, RET = 107;

    /**
     * Compare and branch. The general ones have a mask of the {@code Interpreter.relation}s that take the branch: in the
     * immediate with registers, in b with an immediate.
     */
    static final int CMPJ_E = 108, CMPJI_E = 109, CMPJ_NE = 110, CMPJI_NE = 111, CMPJ = 112, CMPJI = 113;

    /** Test and branch. The general one has a mask of signs (negative, zero, positive) in the immediate. */
    static final int TESTJ_E = 114, TESTJI_E = 115, TESTJ_NE = 116, TESTJI_NE = 117, TESTJ = 118;

    /** Branch on the result that an operation has just left in a register: [E NE S NS]. */
    static final int RESULTJ_E = 119, RESULTJ_NE = 120, RESULTJ_S = 121, RESULTJ_NS = 122;

    static final int SSE = 123, SSE_MEMORY = 124;
    static final int FALL_THROUGH = 125;

    /**
     * Enters a block, as the first of its operations: the immediate counts up to zero, when it is translated; then it is
     * the offset of the block's code.
     */
    static final int ENTRY = 126, NATIVE = 127;

    /** The first operation that the hot switch leaves to {@link RareOperations}. */
    static final int RARE = 160;

    static final int STALE = 160, RAISE = 161;
    static final int ALUG = 162, ALUGI = 163, SHIFT = 164, SHIFTI = 165, DOUBLE_SHIFT = 166, MULTIPLY = 167;
    static final int IMULG = 168, BIT_TEST = 169, BIT_TEST_I = 170, BIT_TEST_MEMORY = 171, BIT_SCAN = 172;
    static final int BSWAP = 173,
            BIT_OPERATION = 174,
            CRC32 = 175,
            CMPXCHG = 176,
            CMPXCHG_MEMORY = 177,
            CMPXCHG8B = 178;
    static final int SIGN_SPREAD = 179, BCD = 180, FLAG = 181, LAHF = 182, SAHF = 183, SALC = 184;
    static final int RDRAND = 185, SEGMENT_CHECK = 186, LEA16 = 187;
    static final int STRING = 190, PORT_IN = 191, PORT_OUT = 192, PORT_STRING = 193;

    // Legacy stack operations and control transfers.
    static final int PUSHG = 200, POPG = 201, PEEKG = 202, DROPG = 203, PUSHA = 204, POPA = 205, ENTER = 206;
    static final int LEAVEG = 207, JMPG = 208, JMPRG = 209, CALLG = 210, CALLRG = 211, RETG = 212, LOOP = 213;
    static final int PUSHF = 214, POPF = 215, BOUND = 216, ARPL = 217, INTO = 218;

    // The system unit.
    static final int FAR_JUMP = 230, FAR_CALL = 231, FAR_RETURN = 232, IRET = 233, INT = 234, INT1 = 235;
    static final int SYSCALL = 236, SYSRET = 237, SYSENTER = 238, SYSEXIT = 239, SWAPGS = 240;
    static final int READ_CONTROL = 241, WRITE_CONTROL = 242, READ_DEBUG = 243, WRITE_DEBUG = 244;
    static final int RDMSR = 245, WRMSR = 246, CPUID = 247, RDTSC = 248, RDTSCP = 249, RDPMC = 250;
    static final int XGETBV = 251, XSETBV = 252, SMSW = 253, LMSW = 254, CLTS = 255;
    static final int LOAD_TABLE = 256, STORE_TABLE = 257, LLDT = 258, LTR = 259, STORE_SELECTOR = 260;
    static final int LAR = 261, LSL = 262, VERIFY = 263, INVLPG = 264, INVPCID = 265, HLT = 266;
    static final int CLI = 267, STI = 268, PRIVILEGED_NOP = 269, LOAD_SEGMENT = 270, READ_BASE = 271, WRITE_BASE = 272;
    static final int ALIGN_CHECK = 273, X87 = 274, WAIT = 275, SSE_FLAGS = 276;
}
