package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.SseOperation.*;

import oriel.hypervisor.cpu.CpuState;

/**
 * SSE to SSE4.2, MMX, AES-NI, PCLMULQDQ, and the state instructions of opcode 0F AE with a memory operand.
 *
 * <p>This class checks, fetches operands and hands on; what the operations do is in {@link SsePacked}, {@link SseShuffle},
 * {@link SseFloat}, {@link SseConversion}, {@link SseMove}, {@link MmxMove}, {@link SseCipher}, {@link SseString} and
 * {@link SseStateImage}. MASKMOVDQU and MASKMOVQ store at DS:RDI as it stands in 64-bit registers: segment overrides and
 * address-size prefixes are not applied to them.
 */
final class SseUnit {
    private static final int CR0_EM = 4, CR0_TS = 8, CR4_OSFXSR = 0x200;
    private static final long ARITHMETIC_FLAGS = 0x8D5, ZF = 0x40, CF = 1;

    private final CpuState state;
    private final long[] xmm;
    private final LinearMemory memory;
    private final GuestFault fault;
    private final MmxRegisters mmx;
    private final SseShuffle shuffle;
    private final SseFloat floats;
    private final SseConversion conversion;
    private final SseMove move;
    private final MmxMove mmxMove;
    private final SseCipher cipher;
    private final SseString string;
    private final SseStateImage image;

    SseUnit(CpuState state, LinearMemory memory, GuestFault fault) {
        this.state = state;
        this.xmm = state.xmm;
        this.memory = memory;
        this.fault = fault;
        SseExact exact = new SseExact(state);
        SseExceptions exceptions = new SseExceptions(state, exact, fault);
        mmx = new MmxRegisters(state, fault);
        shuffle = new SseShuffle(state.xmm);
        floats = new SseFloat(state, exact, exceptions);
        conversion = new SseConversion(state, exact, exceptions);
        move = new SseMove(state, memory, fault);
        mmxMove = new MmxMove(state, memory, mmx);
        cipher = new SseCipher(state.xmm);
        string = new SseString(state);
        image = new SseStateImage(state, memory, fault);
    }

    /**
     * Finds an operation, at decode time.
     *
     * @param map 1 for 0F, 2 for 0F 38, 3 for 0F 3A
     * @param opcode last opcode byte
     * @param prefix mandatory prefix: 0 none, 1 66, 2 F3, 3 F2
     * @param modrm ModRM byte (memory and register forms may be different operations)
     * @param rexW REX.W
     * @return its number, ≥ 0, or -1 if there is none
     */
    static int lookup(int map, int opcode, int prefix, int modrm, boolean rexW) {
        return SseOperation.lookup(map, opcode, prefix, modrm, rexW);
    }

    /** Whether an immediate byte follows. */
    static boolean hasImmediate(int operation) {
        return SseOperation.hasImmediate(operation);
    }

    /** Whether it writes arithmetic flags (COMISD, PTEST, …), into {@code state.rflags}, which is exact on entry. */
    static boolean writesFlags(int operation) {
        return SseOperation.writesFlags(operation);
    }

    /**
     * Executes. Checks CR0.EM/TS, CR4.OSFXSR and alignment itself.
     *
     * @param reg register number 0–15 from ModRM.reg and REX.R
     * @param rm register number from ModRM.rm and REX.B; unused with a memory operand
     * @param isMemory whether the operand is at {@code linear}
     * @param immediate zero-extended byte
     */
    void execute(int operation, int reg, int rm, boolean isMemory, long linear, int immediate) {
        if (operation >= MMX) {
            executeOther(operation, reg, rm, isMemory, linear, immediate);
            return;
        }
        requireSse();
        long low;
        long high;
        if (isMemory) {
            int size = operand(operation);
            if (size > U128) {
                low = readShort(size, linear);
                high = 0;
            } else {
                if (size == M128 && (linear & 15) != 0) {
                    throw fault.of(GuestFault.GP, 0);
                }
                low = memory.read64(linear);
                high = memory.read64(linear + 8);
            }
        } else {
            low = xmm[2 * rm];
            high = xmm[2 * rm + 1];
        }
        if (operation < WIDE) {
            packed(operation, 2 * reg, low, high);
        } else if (operation < FLOAT) {
            wide(operation, reg, low, high, isMemory, immediate);
        } else if (operation < CONVERSION) {
            floats.execute(operation, reg, low, high, immediate);
        } else if (operation < SHIFT_IMMEDIATE) {
            conversion.execute(operation, reg, low, high);
        } else {
            rare(operation, reg, rm, low, high, immediate);
        }
    }

    private long readShort(int size, long linear) {
        return switch (size) {
            case M64 -> memory.read64(linear);
            case M32 -> memory.read32(linear) & 0xFFFFFFFFL;
            default -> memory.read16(linear);
        };
    }

    /** Whether SSE instructions may be executed. */
    boolean enabled() {
        return (state.cr0 & (CR0_EM | CR0_TS)) == 0 && (state.cr4 & CR4_OSFXSR) != 0;
    }

    private void requireSse() {
        if (!enabled()) {
            boolean undefined = (state.cr0 & CR0_EM) != 0 || (state.cr4 & CR4_OSFXSR) == 0;
            throw fault.of(undefined ? GuestFault.UD : GuestFault.NM, 0);
        }
    }

    private void packed(int operation, int at, long low, long high) {
        if (operation < PSRLW) {
            xmm[at] = SsePacked.apply(operation, xmm[at], low);
            xmm[at + 1] = SsePacked.apply(operation, xmm[at + 1], high);
        } else {
            xmm[at] = SsePacked.shift(operation, xmm[at], low);
            xmm[at + 1] = SsePacked.shift(operation, xmm[at + 1], low);
        }
    }

    private void wide(int operation, int reg, long low, long high, boolean isMemory, int immediate) {
        if (operation < PTEST) {
            // INSERTPS takes its source element from the immediate only if the source is a register.
            shuffle.execute(
                    operation, reg, low, high, operation == INSERTPS && isMemory ? immediate & 0x3F : immediate);
        } else if (operation == PTEST) {
            long zero = ((xmm[2 * reg] & low) | (xmm[2 * reg + 1] & high)) == 0 ? ZF : 0;
            long carry = ((~xmm[2 * reg] & low) | (~xmm[2 * reg + 1] & high)) == 0 ? CF : 0;
            state.rflags = (state.rflags & ~ARITHMETIC_FLAGS) | zero | carry;
        } else {
            cipher.execute(operation, reg, low, high, immediate);
        }
    }

    private void rare(int operation, int reg, int rm, long low, long high, int immediate) {
        switch (operation) {
            case PSRLDQ, PSLLDQ -> shuffle.shiftBytes(rm, operation == PSLLDQ, immediate);
            case PCMPESTRM, PCMPESTRMQ ->
                string.compare(true, true, reg, low, high, immediate, operation == PCMPESTRMQ);
            case PCMPESTRI, PCMPESTRIQ ->
                string.compare(true, false, reg, low, high, immediate, operation == PCMPESTRIQ);
            case PCMPISTRM -> string.compare(false, true, reg, low, high, immediate, false);
            case PCMPISTRI -> string.compare(false, false, reg, low, high, immediate, false);
            default -> {
                int shift = operation - SHIFT_IMMEDIATE + PSRLW;
                xmm[2 * rm] = SsePacked.shift(shift, low, immediate);
                xmm[2 * rm + 1] = SsePacked.shift(shift, high, immediate);
            }
        }
    }

    private void executeOther(int operation, int reg, int rm, boolean isMemory, long linear, int immediate) {
        if (operation < GENERAL) {
            executeMmx(operation - MMX, reg, rm, isMemory, linear, immediate);
        } else if (operation < MOVAPS) {
            convert(operation, reg, rm, isMemory, linear);
        } else if (operation < MM_MOVD_TO) {
            if (operation < MOVNTI) {
                requireSse();
            }
            move.execute(operation, reg, rm, isMemory, linear, immediate);
        } else if (operation <= EMMS) {
            mmx.require();
            mmxMove.execute(operation, reg, rm, isMemory, linear, immediate);
        } else {
            executeState(operation, linear);
        }
    }

    private void executeMmx(int operation, int reg, int rm, boolean isMemory, long linear, int immediate) {
        mmx.require();
        if (operation >= SHIFT_IMMEDIATE) {
            mmx.set(rm, SsePacked.shift(operation - SHIFT_IMMEDIATE + PSRLW, mmx.get(rm), immediate));
            return;
        }
        // The low unpacks read only the four bytes they use.
        boolean half = operation >= PUNPCKLBW && operation <= PUNPCKLDQ;
        long source = !isMemory ? mmx.get(rm) : half ? memory.read32(linear) & 0xFFFFFFFFL : memory.read64(linear);
        long destination = mmx.get(reg);
        long result = operation < PSRLW
                ? SsePacked.apply(operation, destination, source)
                : operation < WIDE
                        ? SsePacked.shift(operation, destination, source)
                        : SseShuffle.executeMmx(operation, destination, source, immediate);
        mmx.set(reg, result);
    }

    /** Conversions with general and MMX registers; the latter leave x87 mode even if they then raise #XM. */
    private void convert(int operation, int reg, int rm, boolean isMemory, long linear) {
        requireSse();
        switch (operation) {
            case CVTSI2SS, CVTSI2SD ->
                conversion.fromGeneral(
                        operation == CVTSI2SS, reg, isMemory ? memory.read32(linear) : (int) state.gpr[rm]);
            case CVTSI2SSQ, CVTSI2SDQ ->
                conversion.fromGeneral(operation == CVTSI2SSQ, reg, isMemory ? memory.read64(linear) : state.gpr[rm]);
            case CVTPI2PS, CVTPI2PD -> {
                long source;
                if (isMemory) {
                    source = memory.read64(linear);
                } else {
                    mmx.require();
                    mmx.enter();
                    source = mmx.get(rm);
                }
                conversion.fromMmx(operation == CVTPI2PS, reg, source);
            }
            case CVTPS2PI, CVTTPS2PI -> {
                mmx.require();
                long source = isMemory ? memory.read64(linear) : xmm[2 * rm];
                mmx.enter();
                mmx.set(reg, conversion.toMmx(true, source, 0, operation == CVTTPS2PI));
            }
            case CVTPD2PI, CVTTPD2PI -> {
                mmx.require();
                if (isMemory) {
                    move.requireAligned(linear);
                }
                long low = isMemory ? memory.read64(linear) : xmm[2 * rm];
                long high = isMemory ? memory.read64(linear + 8) : xmm[2 * rm + 1];
                mmx.enter();
                mmx.set(reg, conversion.toMmx(false, low, high, operation == CVTTPD2PI));
            }
            default -> toGeneral(operation, reg, rm, isMemory, linear);
        }
    }

    private void toGeneral(int operation, int reg, int rm, boolean isMemory, long linear) {
        boolean single = operation < CVTTSD2SI;
        boolean wide = (operation - CVTTSS2SI & 1) != 0;
        boolean truncate = (operation - CVTTSS2SI & 2) == 0;
        long source = !isMemory ? xmm[2 * rm] : single ? memory.read32(linear) : memory.read64(linear);
        state.gpr[reg] = conversion.toGeneral(single, source, wide, truncate);
    }

    private void executeState(int operation, long linear) {
        switch (operation) {
            case FXSAVE, FXSAVE64 -> image.save(linear, operation == FXSAVE64);
            case FXRSTOR, FXRSTOR64 -> image.restore(linear, operation == FXRSTOR64);
            case LDMXCSR -> {
                requireSse();
                image.loadMxcsr(linear);
            }
            case STMXCSR -> {
                requireSse();
                image.storeMxcsr(linear);
            }
            default -> throw new IllegalArgumentException("state operation " + operation);
        }
    }
}
