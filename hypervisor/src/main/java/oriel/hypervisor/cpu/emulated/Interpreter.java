package oriel.hypervisor.cpu.emulated;

import oriel.hypervisor.cpu.CpuState;

/**
 * Runs blocks of operations. {@link #execute} is the hot loop: HotSpot compiles methods of less than 8000 bytecodes
 * only (HugeMethodLimit), so that everything rare is in {@link RareOperations}. Its cases decode their words by hand
 * instead of through {@link Op}: what C2 inlines counts towards a limit of its own (DesiredMethodLimit).
 */
final class Interpreter extends NativeExecution {
    private static final int[] SUB_KINDS = kinds(Flags.SUB);
    private static final int[] LOGIC_KINDS = kinds(Flags.LOGIC);

    Interpreter(CpuState state, Mmu mmu, CodeCache cache, Decoder decoder, GuestFault fault, Units units) {
        super(state, mmu, cache, decoder, fault, units);
    }

    /** Flag kinds by the shift, in bytes, that brings an operand to the top of 64 bits. */
    private static int[] kinds(int kind) {
        return new int[] {kind | 3, 0, 0, 0, kind | 2, 0, kind | 1, kind};
    }

    /** 0 equal, else 1 plus 1 if less signed plus 2 if less unsigned: a bit number for a branch's mask. */
    private static int relation(long x, long y) {
        if (x == y) {
            return 0;
        }
        return (x < y ? 2 : 1) + (x + Long.MIN_VALUE < y + Long.MIN_VALUE ? 2 : 0);
    }

    /**
     * Runs from an arena index until the budget is used, or an operation wants the run loop's attention.
     *
     * @return whether it ended without a fault; {@code state.rip} is right then, else {@link #faultAt} tells
     */
    @SuppressWarnings("LabelledBreakTarget") // the alternative repeats the end of a block in five cases
    boolean execute(int start) {
        int pc = start;
        long[] code = cache.arena;
        long[] r = registers;
        try {
            for (; ; ) {
                long w = code[pc++];
                int i;
                long x;
                long y;
                boolean taken;
                branch:
                {
                    switch ((int) w & 0x3FF) {
                        case Op.NOP:
                            continue;
                        case Op.MOV64:
                            r[(int) w >>> 10 & 31] = r[(int) w >>> 15 & 31];
                            continue;
                        case Op.MOV32:
                            r[(int) w >>> 10 & 31] = r[(int) w >>> 15 & 31] & 0xFFFF_FFFFL;
                            continue;
                        case Op.MOVI:
                            r[(int) w >>> 10 & 31] = w >> 32;
                            continue;
                        case Op.MOVI32:
                            r[(int) w >>> 10 & 31] = w >>> 32;
                            continue;
                        case Op.MOVI64:
                            r[(int) w >>> 10 & 31] = code[pc++];
                            continue;
                        case Op.INSERT8:
                            i = (int) w >>> 10 & 31;
                            r[i] = r[i] & ~0xFFL | r[(int) w >>> 15 & 31] & 0xFF;
                            continue;
                        case Op.INSERT16:
                            i = (int) w >>> 10 & 31;
                            r[i] = r[i] & ~0xFFFFL | r[(int) w >>> 15 & 31] & 0xFFFF;
                            continue;
                        case Op.INSERT_HIGH:
                            i = (int) w >>> 10 & 31;
                            r[i] = r[i] & ~0xFF00L | (r[(int) w >>> 15 & 31] & 0xFF) << 8;
                            continue;
                        case Op.EXTRACT_HIGH:
                            r[(int) w >>> 10 & 31] = r[(int) w >>> 15 & 31] >>> 8 & 0xFF;
                            continue;
                        case Op.ZX8:
                            r[(int) w >>> 10 & 31] = r[(int) w >>> 15 & 31] & 0xFF;
                            continue;
                        case Op.ZX16:
                            r[(int) w >>> 10 & 31] = r[(int) w >>> 15 & 31] & 0xFFFF;
                            continue;
                        case Op.SX8:
                            r[(int) w >>> 10 & 31] = (byte) r[(int) w >>> 15 & 31];
                            continue;
                        case Op.SX16:
                            r[(int) w >>> 10 & 31] = (short) r[(int) w >>> 15 & 31];
                            continue;
                        case Op.SX32:
                            r[(int) w >>> 10 & 31] = (int) r[(int) w >>> 15 & 31];
                            continue;
                        case Op.SX8_32:
                            r[(int) w >>> 10 & 31] = (byte) r[(int) w >>> 15 & 31] & 0xFFFF_FFFFL;
                            continue;
                        case Op.SX16_32:
                            r[(int) w >>> 10 & 31] = (short) r[(int) w >>> 15 & 31] & 0xFFFF_FFFFL;
                            continue;
                        case Op.LD8:
                            r[(int) w >>> 10 & 31] = mmu.read8(r[(int) w >>> 15 & 31]
                                    + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                    + (w >> 32));
                            continue;
                        case Op.LD16:
                            r[(int) w >>> 10 & 31] = mmu.read16(r[(int) w >>> 15 & 31]
                                    + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                    + (w >> 32));
                            continue;
                        case Op.LD32:
                            r[(int) w >>> 10 & 31] = mmu.read32(r[(int) w >>> 15 & 31]
                                            + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                            + (w >> 32))
                                    & 0xFFFF_FFFFL;
                            continue;
                        case Op.LD64:
                            r[(int) w >>> 10 & 31] = mmu.read64(r[(int) w >>> 15 & 31]
                                    + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                    + (w >> 32));
                            continue;
                        case Op.LD8S:
                            r[(int) w >>> 10 & 31] = (byte) mmu.read8(r[(int) w >>> 15 & 31]
                                    + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                    + (w >> 32));
                            continue;
                        case Op.LD32S:
                            r[(int) w >>> 10 & 31] = mmu.read32(r[(int) w >>> 15 & 31]
                                    + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                    + (w >> 32));
                            continue;
                        case Op.LD8S_32:
                            r[(int) w >>> 10 & 31] = (byte) mmu.read8(r[(int) w >>> 15 & 31]
                                            + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                            + (w >> 32))
                                    & 0xFFFF_FFFFL;
                            continue;
                        case Op.LDW:
                            r[(int) w >>> 10 & 31] = mmu.readForWrite(
                                    r[(int) w >>> 15 & 31]
                                            + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                            + (w >> 32),
                                    1 << ((int) w >>> 27));
                            continue;
                        case Op.ST8:
                            mmu.write8(
                                    r[(int) w >>> 15 & 31]
                                            + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                            + (w >> 32),
                                    (int) r[(int) w >>> 10 & 31]);
                            continue;
                        case Op.ST16:
                            mmu.write16(
                                    r[(int) w >>> 15 & 31]
                                            + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                            + (w >> 32),
                                    (int) r[(int) w >>> 10 & 31]);
                            continue;
                        case Op.ST32:
                            mmu.write32(
                                    r[(int) w >>> 15 & 31]
                                            + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                            + (w >> 32),
                                    (int) r[(int) w >>> 10 & 31]);
                            continue;
                        case Op.ST64:
                            mmu.write64(
                                    r[(int) w >>> 15 & 31]
                                            + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                            + (w >> 32),
                                    r[(int) w >>> 10 & 31]);
                            continue;
                        case Op.LEA64:
                            r[(int) w >>> 10 & 31] = r[(int) w >>> 15 & 31]
                                    + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                    + (w >> 32);
                            continue;
                        case Op.LEA32:
                            r[(int) w >>> 10 & 31] = r[(int) w >>> 15 & 31]
                                            + (r[(int) w >>> 20 & 31] << ((int) w >>> 25 & 3))
                                            + (w >> 32)
                                    & 0xFFFF_FFFFL;
                            continue;
                        case Op.PUSH64:
                            x = r[4] - 8;
                            mmu.write64(x, r[(int) w >>> 10 & 31]);
                            r[4] = x;
                            continue;
                        case Op.POP64:
                            x = mmu.read64(r[4]);
                            r[4] += 8;
                            r[(int) w >>> 10 & 31] = x;
                            continue;
                        case Op.LEAVE64:
                            x = mmu.read64(r[5]);
                            r[4] = r[5] + 8;
                            r[5] = x;
                            continue;
                        case Op.ADD64:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.ADD | 3;
                            flagA = x = r[i];
                            flagB = y = r[(int) w >>> 15 & 31];
                            r[i] = x + y;
                            continue;
                        case Op.ADD64_NF:
                            r[(int) w >>> 10 & 31] += r[(int) w >>> 15 & 31];
                            continue;
                        case Op.ADD32:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.ADD | 2;
                            flagA = x = r[i];
                            flagB = y = r[(int) w >>> 15 & 31];
                            r[i] = x + y & 0xFFFF_FFFFL;
                            continue;
                        case Op.ADD32_NF:
                            i = (int) w >>> 10 & 31;
                            r[i] = (r[i] + r[(int) w >>> 15 & 31]) & 0xFFFF_FFFFL;
                            continue;
                        case Op.ADDI64:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.ADD | 3;
                            flagA = x = r[i];
                            flagB = y = w >> 32;
                            r[i] = x + y;
                            continue;
                        case Op.ADDI64_NF:
                            r[(int) w >>> 10 & 31] += w >> 32;
                            continue;
                        case Op.ADDI32:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.ADD | 2;
                            flagA = x = r[i];
                            flagB = y = w >> 32;
                            r[i] = x + y & 0xFFFF_FFFFL;
                            continue;
                        case Op.ADDI32_NF:
                            i = (int) w >>> 10 & 31;
                            r[i] = (r[i] + (w >> 32)) & 0xFFFF_FFFFL;
                            continue;
                        case Op.SUB64:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.SUB | 3;
                            flagA = x = r[i];
                            flagB = y = r[(int) w >>> 15 & 31];
                            r[i] = x - y;
                            continue;
                        case Op.SUB64_NF:
                            r[(int) w >>> 10 & 31] -= r[(int) w >>> 15 & 31];
                            continue;
                        case Op.SUB32:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.SUB | 2;
                            flagA = x = r[i];
                            flagB = y = r[(int) w >>> 15 & 31];
                            r[i] = x - y & 0xFFFF_FFFFL;
                            continue;
                        case Op.SUB32_NF:
                            i = (int) w >>> 10 & 31;
                            r[i] = (r[i] - r[(int) w >>> 15 & 31]) & 0xFFFF_FFFFL;
                            continue;
                        case Op.SUBI64:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.SUB | 3;
                            flagA = x = r[i];
                            flagB = y = w >> 32;
                            r[i] = x - y;
                            continue;
                        case Op.SUBI64_NF:
                            r[(int) w >>> 10 & 31] -= w >> 32;
                            continue;
                        case Op.SUBI32:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.SUB | 2;
                            flagA = x = r[i];
                            flagB = y = w >> 32;
                            r[i] = x - y & 0xFFFF_FFFFL;
                            continue;
                        case Op.SUBI32_NF:
                            i = (int) w >>> 10 & 31;
                            r[i] = (r[i] - (w >> 32)) & 0xFFFF_FFFFL;
                            continue;
                        case Op.AND64:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.LOGIC | 3;
                            flagA = r[i] = r[i] & r[(int) w >>> 15 & 31];
                            continue;
                        case Op.AND64_NF:
                            r[(int) w >>> 10 & 31] &= r[(int) w >>> 15 & 31];
                            continue;
                        case Op.AND32:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.LOGIC | 2;
                            flagA = r[i] = (r[i] & r[(int) w >>> 15 & 31]) & 0xFFFF_FFFFL;
                            continue;
                        case Op.AND32_NF:
                            i = (int) w >>> 10 & 31;
                            r[i] = (r[i] & r[(int) w >>> 15 & 31]) & 0xFFFF_FFFFL;
                            continue;
                        case Op.ANDI64:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.LOGIC | 3;
                            flagA = r[i] = r[i] & (w >> 32);
                            continue;
                        case Op.ANDI64_NF:
                            r[(int) w >>> 10 & 31] &= w >> 32;
                            continue;
                        case Op.ANDI32:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.LOGIC | 2;
                            flagA = r[i] = (r[i] & (w >> 32)) & 0xFFFF_FFFFL;
                            continue;
                        case Op.ANDI32_NF:
                            i = (int) w >>> 10 & 31;
                            r[i] = (r[i] & (w >> 32)) & 0xFFFF_FFFFL;
                            continue;
                        case Op.OR64:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.LOGIC | 3;
                            flagA = r[i] = r[i] | r[(int) w >>> 15 & 31];
                            continue;
                        case Op.OR64_NF:
                            r[(int) w >>> 10 & 31] |= r[(int) w >>> 15 & 31];
                            continue;
                        case Op.OR32:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.LOGIC | 2;
                            flagA = r[i] = (r[i] | r[(int) w >>> 15 & 31]) & 0xFFFF_FFFFL;
                            continue;
                        case Op.OR32_NF:
                            i = (int) w >>> 10 & 31;
                            r[i] = (r[i] | r[(int) w >>> 15 & 31]) & 0xFFFF_FFFFL;
                            continue;
                        case Op.ORI64:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.LOGIC | 3;
                            flagA = r[i] = r[i] | (w >> 32);
                            continue;
                        case Op.ORI64_NF:
                            r[(int) w >>> 10 & 31] |= w >> 32;
                            continue;
                        case Op.ORI32:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.LOGIC | 2;
                            flagA = r[i] = (r[i] | (w >> 32)) & 0xFFFF_FFFFL;
                            continue;
                        case Op.ORI32_NF:
                            i = (int) w >>> 10 & 31;
                            r[i] = (r[i] | (w >> 32)) & 0xFFFF_FFFFL;
                            continue;
                        case Op.XOR64:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.LOGIC | 3;
                            flagA = r[i] = r[i] ^ r[(int) w >>> 15 & 31];
                            continue;
                        case Op.XOR64_NF:
                            r[(int) w >>> 10 & 31] ^= r[(int) w >>> 15 & 31];
                            continue;
                        case Op.XOR32:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.LOGIC | 2;
                            flagA = r[i] = (r[i] ^ r[(int) w >>> 15 & 31]) & 0xFFFF_FFFFL;
                            continue;
                        case Op.XOR32_NF:
                            i = (int) w >>> 10 & 31;
                            r[i] = (r[i] ^ r[(int) w >>> 15 & 31]) & 0xFFFF_FFFFL;
                            continue;
                        case Op.XORI64:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.LOGIC | 3;
                            flagA = r[i] = r[i] ^ (w >> 32);
                            continue;
                        case Op.XORI64_NF:
                            r[(int) w >>> 10 & 31] ^= w >> 32;
                            continue;
                        case Op.XORI32:
                            i = (int) w >>> 10 & 31;
                            flagKind = Flags.LOGIC | 2;
                            flagA = r[i] = (r[i] ^ (w >> 32)) & 0xFFFF_FFFFL;
                            continue;
                        case Op.XORI32_NF:
                            i = (int) w >>> 10 & 31;
                            r[i] = (r[i] ^ (w >> 32)) & 0xFFFF_FFFFL;
                            continue;
                        case Op.CMP:
                            flagA = r[(int) w >>> 10 & 31];
                            flagB = r[(int) w >>> 15 & 31];
                            flagKind = Flags.SUB | (int) w >>> 25 & 3;
                            continue;
                        case Op.CMPI:
                            flagA = r[(int) w >>> 10 & 31];
                            flagB = w >> 32;
                            flagKind = Flags.SUB | (int) w >>> 25 & 3;
                            continue;
                        case Op.TEST:
                            flagA = r[(int) w >>> 10 & 31] & r[(int) w >>> 15 & 31];
                            flagKind = Flags.LOGIC | (int) w >>> 25 & 3;
                            continue;
                        case Op.TESTI:
                            flagA = r[(int) w >>> 10 & 31] & w >> 32;
                            flagKind = Flags.LOGIC | (int) w >>> 25 & 3;
                            continue;
                        case Op.INC64:
                            i = (int) w >>> 10 & 31;
                            flagB = carry();
                            flagA = r[i] = r[i] + 1;
                            flagKind = Flags.INC | 3;
                            continue;
                        case Op.INC32:
                            i = (int) w >>> 10 & 31;
                            flagB = carry();
                            flagA = r[i] = r[i] + 1 & 0xFFFF_FFFFL;
                            flagKind = Flags.INC | 2;
                            continue;
                        case Op.DEC64:
                            i = (int) w >>> 10 & 31;
                            flagB = carry();
                            flagA = r[i] = r[i] - 1;
                            flagKind = Flags.DEC | 3;
                            continue;
                        case Op.DEC32:
                            i = (int) w >>> 10 & 31;
                            flagB = carry();
                            flagA = r[i] = r[i] - 1 & 0xFFFF_FFFFL;
                            flagKind = Flags.DEC | 2;
                            continue;
                        case Op.SHLI64:
                            r[(int) w >>> 10 & 31] <<= (int) (w >>> 32);
                            continue;
                        case Op.SHLI32:
                            i = (int) w >>> 10 & 31;
                            r[i] = r[i] << (int) (w >>> 32) & 0xFFFF_FFFFL;
                            continue;
                        case Op.SHRI64:
                            r[(int) w >>> 10 & 31] >>>= (int) (w >>> 32);
                            continue;
                        case Op.SHRI32:
                            i = (int) w >>> 10 & 31;
                            r[i] = (r[i] & 0xFFFF_FFFFL) >>> (int) (w >>> 32);
                            continue;
                        case Op.SARI64:
                            r[(int) w >>> 10 & 31] >>= (int) (w >>> 32);
                            continue;
                        case Op.SARI32:
                            i = (int) w >>> 10 & 31;
                            r[i] = (int) r[i] >> (int) (w >>> 32) & 0xFFFF_FFFFL;
                            continue;
                        case Op.ROLI64:
                            i = (int) w >>> 10 & 31;
                            r[i] = Long.rotateLeft(r[i], (int) (w >>> 32));
                            continue;
                        case Op.ROLI32:
                            i = (int) w >>> 10 & 31;
                            r[i] = Integer.rotateLeft((int) r[i], (int) (w >>> 32)) & 0xFFFF_FFFFL;
                            continue;
                        case Op.IMUL64:
                            r[(int) w >>> 10 & 31] = r[(int) w >>> 15 & 31] * r[(int) w >>> 20 & 31];
                            continue;
                        case Op.IMUL32:
                            r[(int) w >>> 10 & 31] = r[(int) w >>> 15 & 31] * r[(int) w >>> 20 & 31] & 0xFFFF_FFFFL;
                            continue;
                        case Op.CMOV:
                            if (condition((int) w >>> 27)) {
                                r[(int) w >>> 10 & 31] = r[(int) w >>> 15 & 31];
                            }
                            continue;
                        case Op.CMOV32:
                            i = (int) w >>> 10 & 31;
                            r[i] = (condition((int) w >>> 27) ? r[(int) w >>> 15 & 31] : r[i]) & 0xFFFF_FFFFL;
                            continue;
                        case Op.SETCC:
                            r[(int) w >>> 10 & 31] = condition((int) w >>> 27) ? 1 : 0;
                            continue;
                        case Op.JMP:
                            taken = true;
                            break;
                        case Op.JCC:
                            taken = condition((int) w >>> 10 & 31);
                            break;
                        case Op.JMPX:
                            pc = jump(r[Op.RIP_BASE] + code[pc]);
                            code = cache.arena;
                            break branch;
                        case Op.JMPR:
                            pc = jump(r[(int) w >>> 10 & 31]);
                            code = cache.arena;
                            break branch;
                        case Op.CALL:
                            x = r[4] - 8;
                            mmu.write64(x, r[Op.RIP_BASE] + (w >> 32));
                            r[4] = x;
                            taken = true;
                            break;
                        case Op.CALLX:
                            x = r[4] - 8;
                            mmu.write64(x, r[Op.RIP_BASE] + (w >> 32));
                            r[4] = x;
                            pc = jump(r[Op.RIP_BASE] + code[pc]);
                            code = cache.arena;
                            break branch;
                        case Op.CALLR:
                            y = r[(int) w >>> 10 & 31];
                            x = r[4] - 8;
                            mmu.write64(x, r[Op.RIP_BASE] + (w >> 32));
                            r[4] = x;
                            pc = jump(y);
                            code = cache.arena;
                            break branch;
                        case Op.RET:
                            x = mmu.read64(r[4]);
                            r[4] += 8 + (w >> 32);
                            pc = jump(x);
                            code = cache.arena;
                            break branch;
                        case Op.CMPJ_E:
                            i = (int) w >>> 20;
                            flagA = x = r[(int) w >>> 10 & 31];
                            flagB = y = r[(int) w >>> 15 & 31];
                            flagKind = SUB_KINDS[i >>> 3 & 7];
                            taken = x << i == y << i;
                            break;
                        case Op.CMPJI_E:
                            i = (int) w >>> 20;
                            flagA = x = r[(int) w >>> 10 & 31];
                            flagB = y = w >> 32;
                            flagKind = SUB_KINDS[i >>> 3 & 7];
                            taken = x << i == y << i;
                            break;
                        case Op.CMPJ_NE:
                            i = (int) w >>> 20;
                            flagA = x = r[(int) w >>> 10 & 31];
                            flagB = y = r[(int) w >>> 15 & 31];
                            flagKind = SUB_KINDS[i >>> 3 & 7];
                            taken = x << i != y << i;
                            break;
                        case Op.CMPJI_NE:
                            i = (int) w >>> 20;
                            flagA = x = r[(int) w >>> 10 & 31];
                            flagB = y = w >> 32;
                            flagKind = SUB_KINDS[i >>> 3 & 7];
                            taken = x << i != y << i;
                            break;
                        case Op.CMPJ:
                            i = (int) w >>> 20;
                            flagA = x = r[(int) w >>> 10 & 31];
                            flagB = y = r[(int) w >>> 15 & 31];
                            flagKind = SUB_KINDS[i >>> 3 & 7];
                            taken = ((int) (w >>> 32) >>> relation(x << i, y << i) & 1) != 0;
                            break;
                        case Op.CMPJI:
                            i = (int) w >>> 20;
                            flagA = x = r[(int) w >>> 10 & 31];
                            flagB = y = w >> 32;
                            flagKind = SUB_KINDS[i >>> 3 & 7];
                            taken = (((int) w >>> 15 & 31) >>> relation(x << i, y << i) & 1) != 0;
                            break;
                        case Op.TESTJ_E:
                            i = (int) w >>> 20;
                            flagA = x = r[(int) w >>> 10 & 31] & r[(int) w >>> 15 & 31];
                            flagKind = LOGIC_KINDS[i >>> 3 & 7];
                            taken = x << i == 0;
                            break;
                        case Op.TESTJI_E:
                            i = (int) w >>> 20;
                            flagA = x = r[(int) w >>> 10 & 31] & w >> 32;
                            flagKind = LOGIC_KINDS[i >>> 3 & 7];
                            taken = x << i == 0;
                            break;
                        case Op.TESTJ_NE:
                            i = (int) w >>> 20;
                            flagA = x = r[(int) w >>> 10 & 31] & r[(int) w >>> 15 & 31];
                            flagKind = LOGIC_KINDS[i >>> 3 & 7];
                            taken = x << i != 0;
                            break;
                        case Op.TESTJI_NE:
                            i = (int) w >>> 20;
                            flagA = x = r[(int) w >>> 10 & 31] & w >> 32;
                            flagKind = LOGIC_KINDS[i >>> 3 & 7];
                            taken = x << i != 0;
                            break;
                        case Op.TESTJ:
                            i = (int) w >>> 20;
                            flagA = x = r[(int) w >>> 10 & 31] & r[(int) w >>> 15 & 31];
                            flagKind = LOGIC_KINDS[i >>> 3 & 7];
                            taken = ((int) (w >>> 32) >>> Long.signum(x << i) + 1 & 1) != 0;
                            break;
                        case Op.RESULTJ_E:
                            taken = r[(int) w >>> 10 & 31] << ((int) w >>> 20) == 0;
                            break;
                        case Op.RESULTJ_NE:
                            taken = r[(int) w >>> 10 & 31] << ((int) w >>> 20) != 0;
                            break;
                        case Op.RESULTJ_S:
                            taken = r[(int) w >>> 10 & 31] << ((int) w >>> 20) < 0;
                            break;
                        case Op.RESULTJ_NS:
                            taken = r[(int) w >>> 10 & 31] << ((int) w >>> 20) >= 0;
                            break;
                        case Op.SSE:
                            sse.execute(
                                    (int) (w >> 40),
                                    (int) w >>> 10 & 31,
                                    (int) w >>> 15 & 31,
                                    false,
                                    0,
                                    (int) (w >>> 32) & 0xFF);
                            continue;
                        case Op.SSE_MEMORY:
                            sse.execute(
                                    (int) (w >> 40),
                                    (int) w >>> 10 & 31,
                                    (int) w >>> 15 & 31,
                                    true,
                                    r[Op.T1],
                                    (int) (w >>> 32) & 0xFF);
                            continue;
                        case Op.FALL_THROUGH:
                            return finish(pc, r[Op.RIP_BASE] + (w >> 32));
                        case Op.ENTRY:
                            x = w + (1L << 32);
                            code[pc - 1] = x;
                            if (x < 0) {
                                continue;
                            }
                            pc = enterHot(pc);
                            if (pc < 0) {
                                return true;
                            }
                            code = cache.arena;
                            continue;
                        case Op.NATIVE:
                            pc = enterNative(w);
                            if (pc < 0) {
                                return true;
                            }
                            code = cache.arena;
                            continue;
                        default:
                            pc = rare(pc, w);
                            if (pc < 0) {
                                return true;
                            }
                            code = cache.arena;
                            continue;
                    }
                    long links = code[pc];
                    i = taken ? (int) links : (int) (links >> 32);
                    if (i < 0) {
                        i = link(pc, taken, i);
                        code = cache.arena;
                    }
                    pc = i;
                }
                if ((left -= (int) w >>> 26) <= 0) {
                    return leave(pc);
                }
            }
        } catch (GuestFault e) {
            faultAt = faultPlace(pc);
            return false;
        }
    }
}
