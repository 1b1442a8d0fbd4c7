package oriel.hypervisor.cpu.emulated;

import java.util.Arrays;

/**
 * The operations of {@link SseUnit}: dense numbers, and the table from opcodes to them. One number may stand for several
 * opcodes that do the same (PAND, ANDPS, ANDPD).
 */
final class SseOperation {
    /** Element by element: {@link SsePacked}. The shifts are last. */
    static final int PAND = 0,
            PANDN = 1,
            POR = 2,
            PXOR = 3,
            PADDB = 4,
            PADDW = 5,
            PADDD = 6,
            PADDQ = 7,
            PSUBB = 8,
            PSUBW = 9,
            PSUBD = 10,
            PSUBQ = 11,
            PADDSB = 12,
            PADDSW = 13,
            PADDUSB = 14,
            PADDUSW = 15,
            PSUBSB = 16,
            PSUBSW = 17,
            PSUBUSB = 18,
            PSUBUSW = 19,
            PCMPEQB = 20,
            PCMPEQW = 21,
            PCMPEQD = 22,
            PCMPEQQ = 23,
            PCMPGTB = 24,
            PCMPGTW = 25,
            PCMPGTD = 26,
            PCMPGTQ = 27,
            PMULLW = 28,
            PMULHW = 29,
            PMULHUW = 30,
            PMULUDQ = 31,
            PMADDWD = 32,
            PSADBW = 33,
            PAVGB = 34,
            PAVGW = 35,
            PMINUB = 36,
            PMINSW = 37,
            PMAXUB = 38,
            PMAXSW = 39,
            PABSB = 40,
            PABSW = 41,
            PABSD = 42,
            PSIGNB = 43,
            PSIGNW = 44,
            PSIGND = 45,
            PMULHRSW = 46,
            PMADDUBSW = 47,
            PMULLD = 48,
            PMULDQ = 49,
            PMINSB = 50,
            PMINSD = 51,
            PMINUW = 52,
            PMINUD = 53,
            PMAXSB = 54,
            PMAXSD = 55,
            PMAXUW = 56,
            PMAXUD = 57,
            PSRLW = 58,
            PSRLD = 59,
            PSRLQ = 60,
            PSRAW = 61,
            PSRAD = 62,
            PSLLW = 63,
            PSLLD = 64,
            PSLLQ = 65;

    /** Across elements: {@link SseShuffle}, {@link SseCipher}, {@link SseString}. */
    static final int PACKSSWB = 66,
            PACKSSDW = 67,
            PACKUSWB = 68,
            PACKUSDW = 69,
            PUNPCKLBW = 70,
            PUNPCKLWD = 71,
            PUNPCKLDQ = 72,
            PUNPCKLQDQ = 73,
            PUNPCKHBW = 74,
            PUNPCKHWD = 75,
            PUNPCKHDQ = 76,
            PUNPCKHQDQ = 77,
            PSHUFB = 78,
            PHADDW = 79,
            PHADDD = 80,
            PHADDSW = 81,
            PHSUBW = 82,
            PHSUBD = 83,
            PHSUBSW = 84,
            PALIGNR = 85,
            PSHUFW = 86,
            PSHUFD = 87,
            PSHUFHW = 88,
            PSHUFLW = 89,
            SHUFPS = 90,
            SHUFPD = 91,
            PBLENDW = 92,
            BLENDPS = 93,
            BLENDPD = 94,
            PBLENDVB = 95,
            BLENDVPS = 96,
            BLENDVPD = 97,
            INSERTPS = 98,
            MPSADBW = 99,
            PHMINPOSUW = 100,
            MOVDDUP = 101,
            MOVSHDUP = 102,
            MOVSLDUP = 103,
            PMOVSXBW = 104,
            PMOVSXBD = 105,
            PMOVSXBQ = 106,
            PMOVSXWD = 107,
            PMOVSXWQ = 108,
            PMOVSXDQ = 109,
            PMOVZXBW = 110,
            PMOVZXBD = 111,
            PMOVZXBQ = 112,
            PMOVZXWD = 113,
            PMOVZXWQ = 114,
            PMOVZXDQ = 115,
            PTEST = 116,
            AESIMC = 117,
            AESENC = 118,
            AESENCLAST = 119,
            AESDEC = 120,
            AESDECLAST = 121,
            AESKEYGENASSIST = 122,
            PCLMULQDQ = 123;

    /** Floating point: add {@link #PS}, {@link #PD}, {@link #SS} or {@link #SD}. */
    static final int ADD = 128,
            MUL = 132,
            SUB = 136,
            MIN = 140,
            DIV = 144,
            MAX = 148,
            SQRT = 152,
            CMP = 156,
            ROUND = 160,
            RSQRT = 164,
            RCP = 168,
            HADD = 172,
            HSUB = 176,
            ADDSUB = 180,
            DP = 184,
            COMI = 188,
            UCOMI = 192;

    /** Conversions within XMM: {@link SseConversion}. */
    static final int CVTPS2PD = 196,
            CVTPD2PS = 197,
            CVTSS2SD = 198,
            CVTSD2SS = 199,
            CVTDQ2PS = 200,
            CVTPS2DQ = 201,
            CVTTPS2DQ = 202,
            CVTTPD2DQ = 203,
            CVTDQ2PD = 204,
            CVTPD2DQ = 205;

    /** Shifts by an immediate, in the order of the shifts by a register. */
    static final int SHIFT_IMMEDIATE = 224;
    /** Byte shifts by an immediate. */
    static final int PSRLDQ = 232, PSLLDQ = 233;

    /** String comparisons; the ones with Q take 64-bit lengths. */
    static final int PCMPESTRM = 234,
            PCMPESTRMQ = 235,
            PCMPESTRI = 236,
            PCMPESTRIQ = 237,
            PCMPISTRM = 238,
            PCMPISTRI = 239;

    /** Added to a packed, wide or immediate shift operation: the same on MMX registers. */
    static final int MMX = 256;

    /** Conversions with MMX or general registers. */
    static final int CVTPI2PS = 512,
            CVTPI2PD = 513,
            CVTSI2SS = 514,
            CVTSI2SSQ = 515,
            CVTSI2SD = 516,
            CVTSI2SDQ = 517,
            CVTTPS2PI = 518,
            CVTPS2PI = 519,
            CVTTPD2PI = 520,
            CVTPD2PI = 521,
            CVTTSS2SI = 522,
            CVTTSS2SIQ = 523,
            CVTSS2SI = 524,
            CVTSS2SIQ = 525,
            CVTTSD2SI = 526,
            CVTTSD2SIQ = 527,
            CVTSD2SI = 528,
            CVTSD2SIQ = 529;

    /** Moves of XMM registers. */
    static final int MOVAPS = 544,
            MOVNTDQA = 545,
            MOVUPS = 546,
            LDDQU = 547,
            MOVSS_LOAD = 548,
            MOVSD_LOAD = 549,
            MOVQ_LOAD = 550,
            STORE_ALIGNED = 551,
            MOVNTPS = 552,
            STORE_UNALIGNED = 553,
            MOVSS_STORE = 554,
            MOVSD_STORE = 555,
            MOVQ_STORE = 556,
            MOVLPS_LOAD = 557,
            MOVLPS_OR_MOVHLPS = 558,
            MOVHLPS = 559,
            MOVHPS_LOAD = 560,
            MOVHPS_OR_MOVLHPS = 561,
            MOVLHPS = 562,
            MOVLPS_STORE = 563,
            MOVHPS_STORE = 564,
            MOVD_TO_XMM = 565,
            MOVQ_TO_XMM = 566,
            MOVD_FROM_XMM = 567,
            MOVQ_FROM_XMM = 568,
            MOVMSKPS = 569,
            MOVMSKPD = 570,
            PMOVMSKB = 571,
            PINSRB = 572,
            PINSRW = 573,
            PINSRD = 574,
            PINSRQ = 575,
            PEXTRB = 576,
            PEXTRW = 577,
            PEXTRD = 578,
            PEXTRQ = 579,
            EXTRACTPS = 580,
            PEXTRW_REG = 581,
            MASKMOVDQU = 582,
            MOVNTI = 583,
            MOVNTIQ = 584;

    /** Moves of MMX registers. */
    static final int MM_MOVD_TO = 592,
            MM_MOVQ_TO = 593,
            MM_MOVD_FROM = 594,
            MM_MOVQ_FROM = 595,
            MM_MOVQ_LOAD = 596,
            MM_MOVQ_STORE = 597,
            MM_MOVNTQ = 598,
            MM_PMOVMSKB = 599,
            MM_PINSRW = 600,
            MM_PEXTRW = 601,
            MM_MASKMOVQ = 602,
            MOVQ2DQ = 603,
            MOVDQ2Q = 604,
            EMMS = 605;

    /** State: {@link SseStateImage}. */
    static final int FXSAVE = 608, FXSAVE64 = 609, FXRSTOR = 610, FXRSTOR64 = 611, LDMXCSR = 612, STMXCSR = 613;

    /** Element types of floating-point operations, equal to the numbers of their mandatory prefixes. */
    static final int PS = 0, PD = 1, SS = 2, SD = 3;

    /** Bounds of the groups. */
    static final int WIDE = PACKSSWB, FLOAT = ADD, CONVERSION = CVTPS2PD, GENERAL = CVTPI2PS, COUNT = 614;

    /** Sizes of memory operands, as {@link #operand} tells them: 16 bytes aligned, 16 bytes, 8, 4 and 2. */
    static final byte M128 = 0, U128 = 1, M64 = 2, M32 = 3, M16 = 4;

    private static final int IMMEDIATE = 1, FLAGS = 2, MEMORY_ONLY = 4, REGISTER_ONLY = 8;
    /** With REX.W, or as a register form, the operation is the next one. */
    private static final int WIDE_IS_NEXT = 16, REGISTER_IS_NEXT = 32;

    private static final byte[] PROPERTIES = new byte[COUNT];
    private static final byte[] OPERANDS = new byte[COUNT];
    private static final short[] TABLE = new short[3 * 4 * 256];
    private static final int[] ENCODINGS = new int[COUNT];

    /** Prefix numbers. */
    private static final int NONE = 0, P66 = 1, PF3 = 2, PF2 = 3;

    private SseOperation() {}

    static int lookup(int map, int opcode, int prefix, int modrm, boolean rexW) {
        boolean register = (modrm & 0xC0) == 0xC0;
        if (map == 1) {
            if (opcode >= 0x71 && opcode <= 0x73) {
                return register ? immediateShift(opcode, prefix, modrm >> 3 & 7) : -1;
            }
            if (opcode == 0xAE) {
                return register || prefix != NONE ? -1 : stateOperation(modrm >> 3 & 7, rexW);
            }
        }
        int operation = TABLE[index(map, prefix, opcode)];
        if (operation < 0) {
            return -1;
        }
        int properties = PROPERTIES[operation];
        if ((properties & (register ? MEMORY_ONLY : REGISTER_ONLY)) != 0) {
            return -1;
        }
        boolean next = (rexW && (properties & WIDE_IS_NEXT) != 0) || (register && (properties & REGISTER_IS_NEXT) != 0);
        return next ? operation + 1 : operation;
    }

    private static int immediateShift(int opcode, int prefix, int group) {
        if (prefix > P66) {
            return -1;
        }
        int shift = switch (group) {
            case 2 -> PSRLW + (opcode - 0x71);
            case 4 -> opcode == 0x73 ? -1 : PSRAW + (opcode - 0x71);
            case 6 -> PSLLW + (opcode - 0x71);
            default -> -1;
        };
        if (shift >= 0) {
            return SHIFT_IMMEDIATE + (shift - PSRLW) + (prefix == NONE ? MMX : 0);
        }
        if (opcode != 0x73 || prefix != P66) {
            return -1;
        }
        return group == 3 ? PSRLDQ : group == 7 ? PSLLDQ : -1;
    }

    private static int stateOperation(int group, boolean rexW) {
        return switch (group) {
            case 0 -> rexW ? FXSAVE64 : FXSAVE;
            case 1 -> rexW ? FXRSTOR64 : FXRSTOR;
            case 2 -> LDMXCSR;
            case 3 -> STMXCSR;
            default -> -1;
        };
    }

    static boolean hasImmediate(int operation) {
        return (PROPERTIES[operation] & IMMEDIATE) != 0;
    }

    static boolean writesFlags(int operation) {
        return (PROPERTIES[operation] & FLAGS) != 0;
    }

    /** The size of the source in memory, for operations on XMM below {@link #MMX}. */
    static int operand(int operation) {
        return OPERANDS[operation];
    }

    /**
     * An encoding of an operation on two registers: mandatory prefix in bits 24–25, opcode with its escape bytes below.
     *
     * @return -1 if it has none of its own
     */
    static int encoding(int operation) {
        return ENCODINGS[operation];
    }

    private static int index(int map, int prefix, int opcode) {
        return ((map - 1) * 4 + prefix) << 8 | opcode;
    }

    private static void define(int map, int prefix, int opcode, int operation) {
        TABLE[index(map, prefix, opcode)] = (short) operation;
        int escape = map == 1 ? 0x0F00 : map == 2 ? 0x0F_3800 : 0x0F_3A00;
        ENCODINGS[operation] = prefix << 24 | escape | opcode;
    }

    /** Opcodes in sequence, for XMM (66) and MMX (no prefix). */
    private static void both(int map, int opcode, int... operations) {
        for (int i = 0; i < operations.length; i++) {
            define(map, P66, opcode + i, operations[i]);
            define(map, NONE, opcode + i, operations[i] + MMX);
        }
    }

    /** Opcodes in sequence, for XMM (66) only. */
    private static void xmm(int map, int opcode, int... operations) {
        for (int i = 0; i < operations.length; i++) {
            define(map, P66, opcode + i, operations[i]);
        }
    }

    /** One floating-point opcode in four types. */
    private static void float4(int opcode, int operation) {
        for (int type = PS; type <= SD; type++) {
            define(1, type, opcode, operation + type);
            floatOperand(operation, type);
        }
    }

    private static void floatOperand(int operation, int type) {
        OPERANDS[operation + type] = type == SS ? M32 : type == SD ? M64 : M128;
    }

    private static void properties(int bits, int... operations) {
        for (int operation : operations) {
            PROPERTIES[operation] |= (byte) bits;
            if (operation < CONVERSION && (bits & IMMEDIATE) != 0 && operation < FLOAT) {
                PROPERTIES[operation + MMX] |= (byte) bits;
            }
        }
    }

    private static void operand(byte size, int... operations) {
        for (int operation : operations) {
            OPERANDS[operation] = size;
        }
    }

    static {
        Arrays.fill(TABLE, (short) -1);
        Arrays.fill(ENCODINGS, -1);
        defineMoves();
        definePacked();
        defineFloat();
        defineConversions();
        defineMap2();
        defineMap3();
    }

    private static void defineMoves() {
        for (int prefix = NONE; prefix <= P66; prefix++) {
            define(1, prefix, 0x10, MOVUPS);
            define(1, prefix, 0x11, STORE_UNALIGNED);
            define(1, prefix, 0x12, prefix == NONE ? MOVLPS_OR_MOVHLPS : MOVLPS_LOAD);
            define(1, prefix, 0x13, MOVLPS_STORE);
            define(1, prefix, 0x14, prefix == NONE ? PUNPCKLDQ : PUNPCKLQDQ);
            define(1, prefix, 0x15, prefix == NONE ? PUNPCKHDQ : PUNPCKHQDQ);
            define(1, prefix, 0x16, prefix == NONE ? MOVHPS_OR_MOVLHPS : MOVHPS_LOAD);
            define(1, prefix, 0x17, MOVHPS_STORE);
            define(1, prefix, 0x28, MOVAPS);
            define(1, prefix, 0x29, STORE_ALIGNED);
            define(1, prefix, 0x2B, MOVNTPS);
            define(1, prefix, 0x50, prefix == NONE ? MOVMSKPS : MOVMSKPD);
            define(1, prefix, 0x54, PAND);
            define(1, prefix, 0x55, PANDN);
            define(1, prefix, 0x56, POR);
            define(1, prefix, 0x57, PXOR);
            define(1, prefix, 0xC6, prefix == NONE ? SHUFPS : SHUFPD);
        }
        define(1, PF3, 0x10, MOVSS_LOAD);
        define(1, PF2, 0x10, MOVSD_LOAD);
        define(1, PF3, 0x11, MOVSS_STORE);
        define(1, PF2, 0x11, MOVSD_STORE);
        define(1, PF3, 0x12, MOVSLDUP);
        define(1, PF2, 0x12, MOVDDUP);
        define(1, PF3, 0x16, MOVSHDUP);
        define(1, NONE, 0x6E, MM_MOVD_TO);
        define(1, P66, 0x6E, MOVD_TO_XMM);
        define(1, NONE, 0x6F, MM_MOVQ_LOAD);
        define(1, P66, 0x6F, MOVAPS);
        define(1, PF3, 0x6F, MOVUPS);
        define(1, NONE, 0x7E, MM_MOVD_FROM);
        define(1, P66, 0x7E, MOVD_FROM_XMM);
        define(1, PF3, 0x7E, MOVQ_LOAD);
        define(1, NONE, 0x7F, MM_MOVQ_STORE);
        define(1, P66, 0x7F, STORE_ALIGNED);
        define(1, PF3, 0x7F, STORE_UNALIGNED);
        define(1, NONE, 0x77, EMMS);
        define(1, NONE, 0xC3, MOVNTI);
        define(1, NONE, 0xC4, MM_PINSRW);
        define(1, P66, 0xC4, PINSRW);
        define(1, NONE, 0xC5, MM_PEXTRW);
        define(1, P66, 0xC5, PEXTRW_REG);
        define(1, P66, 0xD6, MOVQ_STORE);
        define(1, PF3, 0xD6, MOVQ2DQ);
        define(1, PF2, 0xD6, MOVDQ2Q);
        define(1, NONE, 0xD7, MM_PMOVMSKB);
        define(1, P66, 0xD7, PMOVMSKB);
        define(1, NONE, 0xE7, MM_MOVNTQ);
        define(1, P66, 0xE7, MOVNTPS);
        define(1, PF2, 0xF0, LDDQU);
        define(1, NONE, 0xF7, MM_MASKMOVQ);
        define(1, P66, 0xF7, MASKMOVDQU);
        properties(
                MEMORY_ONLY,
                MOVLPS_LOAD,
                MOVHPS_LOAD,
                MOVLPS_STORE,
                MOVHPS_STORE,
                MOVNTPS,
                MOVNTI,
                MM_MOVNTQ,
                LDDQU,
                MOVNTDQA);
        properties(
                REGISTER_ONLY,
                MOVMSKPS,
                MOVMSKPD,
                PMOVMSKB,
                MM_PMOVMSKB,
                MOVQ2DQ,
                MOVDQ2Q,
                PEXTRW_REG,
                MM_PEXTRW,
                MM_MASKMOVQ,
                MASKMOVDQU);
        properties(WIDE_IS_NEXT, MM_MOVD_TO, MOVD_TO_XMM, MM_MOVD_FROM, MOVD_FROM_XMM, MOVNTI);
        properties(REGISTER_IS_NEXT, MOVLPS_OR_MOVHLPS, MOVHPS_OR_MOVLHPS);
        properties(IMMEDIATE, PINSRW, MM_PINSRW, PEXTRW_REG, MM_PEXTRW, SHUFPS, SHUFPD);
        operand(M64, MOVDDUP);
    }

    private static void definePacked() {
        both(1, 0x60, PUNPCKLBW, PUNPCKLWD, PUNPCKLDQ, PACKSSWB, PCMPGTB, PCMPGTW, PCMPGTD, PACKUSWB);
        both(1, 0x68, PUNPCKHBW, PUNPCKHWD, PUNPCKHDQ, PACKSSDW);
        xmm(1, 0x6C, PUNPCKLQDQ, PUNPCKHQDQ);
        define(1, NONE, 0x70, PSHUFW + MMX);
        define(1, P66, 0x70, PSHUFD);
        define(1, PF3, 0x70, PSHUFHW);
        define(1, PF2, 0x70, PSHUFLW);
        both(1, 0x74, PCMPEQB, PCMPEQW, PCMPEQD);
        both(1, 0xD1, PSRLW, PSRLD, PSRLQ, PADDQ, PMULLW);
        both(1, 0xD8, PSUBUSB, PSUBUSW, PMINUB, PAND, PADDUSB, PADDUSW, PMAXUB, PANDN);
        both(1, 0xE0, PAVGB, PSRAW, PSRAD, PAVGW, PMULHUW, PMULHW);
        both(1, 0xE8, PSUBSB, PSUBSW, PMINSW, POR, PADDSB, PADDSW, PMAXSW, PXOR);
        both(1, 0xF1, PSLLW, PSLLD, PSLLQ, PMULUDQ, PMADDWD, PSADBW);
        both(1, 0xF8, PSUBB, PSUBW, PSUBD, PSUBQ, PADDB, PADDW, PADDD);
        properties(IMMEDIATE, PSHUFW, PSHUFD, PSHUFHW, PSHUFLW, PSRLDQ, PSLLDQ);
        for (int i = 0; i < 8; i++) {
            properties(IMMEDIATE, SHIFT_IMMEDIATE + i, SHIFT_IMMEDIATE + i + MMX);
        }
    }

    private static void defineFloat() {
        float4(0x51, SQRT);
        float4(0x58, ADD);
        float4(0x59, MUL);
        float4(0x5C, SUB);
        float4(0x5D, MIN);
        float4(0x5E, DIV);
        float4(0x5F, MAX);
        float4(0xC2, CMP);
        for (int type = PS; type <= SS; type += SS - PS) {
            define(1, type, 0x52, RSQRT + type);
            define(1, type, 0x53, RCP + type);
            floatOperand(RSQRT, type);
            floatOperand(RCP, type);
        }
        for (int prefix = NONE; prefix <= P66; prefix++) {
            int type = prefix == NONE ? SS : SD;
            define(1, prefix, 0x2E, UCOMI + type);
            define(1, prefix, 0x2F, COMI + type);
            floatOperand(UCOMI, type);
            floatOperand(COMI, type);
            properties(FLAGS, UCOMI + type, COMI + type);
        }
        for (int prefix = P66; prefix <= PF2; prefix += PF2 - P66) {
            int type = prefix == P66 ? PD : PS;
            define(1, prefix, 0x7C, HADD + type);
            define(1, prefix, 0x7D, HSUB + type);
            define(1, prefix, 0xD0, ADDSUB + type);
        }
        for (int type = PS; type <= SD; type++) {
            define(3, P66, 0x08 + type, ROUND + type);
            floatOperand(ROUND, type);
            properties(IMMEDIATE, CMP + type, ROUND + type, DP + type);
        }
        xmm(3, 0x40, DP + PS, DP + PD);
    }

    private static void defineConversions() {
        define(1, NONE, 0x5A, CVTPS2PD);
        define(1, P66, 0x5A, CVTPD2PS);
        define(1, PF3, 0x5A, CVTSS2SD);
        define(1, PF2, 0x5A, CVTSD2SS);
        define(1, NONE, 0x5B, CVTDQ2PS);
        define(1, P66, 0x5B, CVTPS2DQ);
        define(1, PF3, 0x5B, CVTTPS2DQ);
        define(1, P66, 0xE6, CVTTPD2DQ);
        define(1, PF3, 0xE6, CVTDQ2PD);
        define(1, PF2, 0xE6, CVTPD2DQ);
        operand(M64, CVTPS2PD, CVTSD2SS, CVTDQ2PD);
        operand(M32, CVTSS2SD);
        int[] toFloat = {CVTPI2PS, CVTPI2PD, CVTSI2SS, CVTSI2SD};
        int[] truncate = {CVTTPS2PI, CVTTPD2PI, CVTTSS2SI, CVTTSD2SI};
        int[] toInteger = {CVTPS2PI, CVTPD2PI, CVTSS2SI, CVTSD2SI};
        for (int prefix = NONE; prefix <= PF2; prefix++) {
            define(1, prefix, 0x2A, toFloat[prefix]);
            define(1, prefix, 0x2C, truncate[prefix]);
            define(1, prefix, 0x2D, toInteger[prefix]);
        }
        properties(WIDE_IS_NEXT, CVTSI2SS, CVTSI2SD, CVTTSS2SI, CVTTSD2SI, CVTSS2SI, CVTSD2SI);
    }

    private static void defineMap2() {
        both(2, 0x00, PSHUFB, PHADDW, PHADDD, PHADDSW, PMADDUBSW, PHSUBW, PHSUBD, PHSUBSW);
        both(2, 0x08, PSIGNB, PSIGNW, PSIGND, PMULHRSW);
        both(2, 0x1C, PABSB, PABSW, PABSD);
        xmm(2, 0x10, PBLENDVB);
        xmm(2, 0x14, BLENDVPS, BLENDVPD);
        xmm(2, 0x17, PTEST);
        xmm(2, 0x20, PMOVSXBW, PMOVSXBD, PMOVSXBQ, PMOVSXWD, PMOVSXWQ, PMOVSXDQ);
        xmm(2, 0x28, PMULDQ, PCMPEQQ, MOVNTDQA, PACKUSDW);
        xmm(2, 0x30, PMOVZXBW, PMOVZXBD, PMOVZXBQ, PMOVZXWD, PMOVZXWQ, PMOVZXDQ);
        xmm(2, 0x37, PCMPGTQ, PMINSB, PMINSD, PMINUW, PMINUD, PMAXSB, PMAXSD, PMAXUW, PMAXUD, PMULLD, PHMINPOSUW);
        xmm(2, 0xDB, AESIMC, AESENC, AESENCLAST, AESDEC, AESDECLAST);
        properties(FLAGS, PTEST);
        operand(M64, PMOVSXBW, PMOVSXWD, PMOVSXDQ, PMOVZXBW, PMOVZXWD, PMOVZXDQ);
        operand(M32, PMOVSXBD, PMOVSXWQ, PMOVZXBD, PMOVZXWQ, INSERTPS);
        operand(M16, PMOVSXBQ, PMOVZXBQ);
    }

    private static void defineMap3() {
        xmm(3, 0x0C, BLENDPS, BLENDPD, PBLENDW);
        both(3, 0x0F, PALIGNR);
        xmm(3, 0x14, PEXTRB, PEXTRW, PEXTRD, EXTRACTPS);
        xmm(3, 0x20, PINSRB, INSERTPS, PINSRD);
        xmm(3, 0x42, MPSADBW);
        xmm(3, 0x44, PCLMULQDQ);
        xmm(3, 0x60, PCMPESTRM, PCMPESTRI, PCMPISTRM, PCMPISTRI);
        xmm(3, 0xDF, AESKEYGENASSIST);
        properties(
                IMMEDIATE,
                BLENDPS,
                BLENDPD,
                PBLENDW,
                PALIGNR,
                PEXTRB,
                PEXTRW,
                PEXTRD,
                PEXTRQ,
                EXTRACTPS,
                PINSRB,
                INSERTPS,
                PINSRD,
                PINSRQ,
                MPSADBW,
                PCLMULQDQ,
                AESKEYGENASSIST,
                PCMPESTRM,
                PCMPESTRMQ,
                PCMPESTRI,
                PCMPESTRIQ,
                PCMPISTRM,
                PCMPISTRI);
        properties(WIDE_IS_NEXT, PEXTRD, PINSRD, PCMPESTRM, PCMPESTRI);
        properties(FLAGS, PCMPESTRM, PCMPESTRMQ, PCMPESTRI, PCMPESTRIQ, PCMPISTRM, PCMPISTRI);
        operand(U128, PCMPESTRM, PCMPESTRMQ, PCMPESTRI, PCMPESTRIQ, PCMPISTRM, PCMPISTRI);
    }
}
