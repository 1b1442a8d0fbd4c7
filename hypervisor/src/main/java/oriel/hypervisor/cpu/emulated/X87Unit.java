package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.X87Registers.*;

import oriel.hypervisor.cpu.CpuState;

/**
 * The x87 floating-point unit: opcodes D8–DF, with 80-bit arithmetic.
 *
 * <p>An unmasked exception always raises #MF at the next waiting instruction, also with CR0.NE clear: there is no FERR#
 * line to IRQ 13. The instruction pointer it stores is {@code state.rip} as found on entry, the data pointer the linear
 * address.
 */
final class X87Unit extends X87Transfers {
    private static final int CR0_EM = 4, CR0_TS = 8, CR0_MP = 2;
    private final X87Environment environment;

    X87Unit(CpuState state, LinearMemory memory, GuestFault fault) {
        super(state, memory, fault);
        environment = new X87Environment(state, memory, registers);
    }

    /** The bits of a control word that can be loaded; bit 6 is always set. */
    static int controlWord(int value) {
        return value & 0x1F3F | 0x40;
    }

    /** A status word with ES and B as its exceptions and their masks want them. */
    static int withSummary(int status, int control) {
        boolean pending = (status & ~control & 0x3F) != 0;
        return status & ~(SUMMARY | BUSY) | (pending ? SUMMARY | BUSY : 0);
    }

    /** Whether an instruction writes arithmetic flags (FCOMI, …), into {@code state.rflags}, which is exact on entry. */
    static boolean writesFlags(int opcode, int modrm) {
        return (opcode == 0xDB || opcode == 0xDF) && modrm >= 0xE8 && modrm <= 0xF7;
    }

    /** Whether it reads them (FCMOVcc). */
    static boolean readsFlags(int opcode, int modrm) {
        return (opcode == 0xDA || opcode == 0xDB) && modrm >= 0xC0 && modrm <= 0xDF;
    }

    /**
     * Executes. Checks CR0.EM/TS and pending exceptions itself.
     *
     * @param opcode D8H–DFH
     * @param linear the memory operand's address if ModRM says memory
     * @param operandSize 2 or 4: the size of FLDENV, FSTENV, FSAVE, FRSTOR images
     */
    void execute(int opcode, int modrm, long linear, int operandSize) {
        if ((state.cr0 & (CR0_EM | CR0_TS)) != 0) {
            throw fault.of(GuestFault.NM, 0);
        }
        boolean register = modrm >= 0xC0;
        if (register ? controlRegister(opcode, modrm) : controlMemory(opcode, modrm >> 3 & 7, linear, operandSize)) {
            return;
        }
        requireNoPending();
        arithmetic.begin();
        if (register) {
            executeRegister(opcode, modrm);
        } else {
            executeMemory(opcode, modrm >> 3 & 7, linear);
            state.fpData = linear;
        }
        state.fpOpcode = (opcode & 7) << 8 | modrm;
        state.fpInstruction = state.rip;
    }

    /** WAIT/FWAIT: raises a pending unmasked exception. */
    void waitForPending() {
        if ((state.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS)) {
            throw fault.of(GuestFault.NM, 0);
        }
        requireNoPending();
    }

    private void requireNoPending() {
        if ((state.fpStatus & SUMMARY) != 0) {
            throw fault.of(GuestFault.MF, 0);
        }
    }

    /** Control instructions: they leave the last-instruction pointers alone, and some don't wait. */
    private boolean controlRegister(int opcode, int modrm) {
        switch (opcode << 8 | modrm) {
            case 0xDBE0, 0xDBE1, 0xDBE4 -> {} // FENI, FDISI, FSETPM: of the 8087 and 287
            case 0xDBE2 -> state.fpStatus &= 0x7F00; // FNCLEX
            case 0xDBE3 -> environment.initialise();
            case 0xDFE0 -> state.gpr[CpuState.RAX] = state.gpr[CpuState.RAX] & ~0xFFFFL | state.fpStatus & 0xFFFF;
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean controlMemory(int opcode, int reg, long linear, int operandSize) {
        if (opcode == 0xD9 && reg >= 4) {
            switch (reg) {
                case 4 -> {
                    requireNoPending();
                    environment.load(linear, operandSize);
                }
                case 5 -> {
                    requireNoPending();
                    state.fpControl = controlWord(memory.read16(linear));
                    state.fpStatus = withSummary(state.fpStatus, state.fpControl);
                }
                case 6 -> environment.store(linear, operandSize);
                default -> memory.write16(linear, state.fpControl);
            }
            return true;
        }
        if (opcode == 0xDD && reg >= 4) {
            switch (reg) {
                case 4 -> {
                    requireNoPending();
                    environment.restore(linear, operandSize);
                }
                case 6 -> environment.save(linear, operandSize);
                case 7 -> memory.write16(linear, state.fpStatus & 0xFFFF);
                default -> throw fault.of(GuestFault.UD, 0);
            }
            return true;
        }
        return false;
    }

    private void executeMemory(int opcode, int reg, long linear) {
        switch (opcode) {
            case 0xD8 -> arithmeticWithMemory(reg, conversion.expand(SseFormat.BINARY32, single(linear)));
            case 0xDC -> arithmeticWithMemory(reg, conversion.expand(SseFormat.BINARY64, memory.read64(linear)));
            case 0xDA -> {
                conversion.fromInteger(memory.read32(linear));
                arithmeticWithMemory(reg, false);
            }
            case 0xDE -> {
                conversion.fromInteger((short) memory.read16(linear));
                arithmeticWithMemory(reg, false);
            }
            case 0xD9 -> realMemory(SseFormat.BINARY32, reg, linear);
            case 0xDD -> {
                if (reg == 1) {
                    storeInteger(linear, 8, SoftFloat.ZERO, true);
                } else {
                    realMemory(SseFormat.BINARY64, reg, linear);
                }
            }
            case 0xDB -> {
                switch (reg) {
                    case 0 -> loadInteger(memory.read32(linear));
                    case 1 -> storeInteger(linear, 4, SoftFloat.ZERO, true);
                    case 2, 3 -> storeInteger(linear, 4, arithmetic.roundingControl(), reg == 3);
                    case 5 -> loadExtended(linear);
                    case 7 -> storeExtended(linear);
                    default -> throw fault.of(GuestFault.UD, 0);
                }
            }
            default -> {
                switch (reg) {
                    case 0 -> loadInteger((short) memory.read16(linear));
                    case 1 -> storeInteger(linear, 2, SoftFloat.ZERO, true);
                    case 2, 3 -> storeInteger(linear, 2, arithmetic.roundingControl(), reg == 3);
                    case 4 -> loadDecimal(linear);
                    case 5 -> loadInteger(memory.read64(linear));
                    case 6 -> storeDecimal(linear);
                    default -> storeInteger(linear, 8, arithmetic.roundingControl(), true);
                }
            }
        }
    }

    private long single(long linear) {
        return memory.read32(linear) & 0xFFFFFFFFL;
    }

    private void realMemory(SseFormat format, int reg, long linear) {
        switch (reg) {
            case 0 -> loadReal(format, format == SseFormat.BINARY32 ? single(linear) : memory.read64(linear));
            case 2, 3 -> storeReal(format, linear, reg == 3);
            default -> throw fault.of(GuestFault.UD, 0);
        }
    }

    private void executeRegister(int opcode, int modrm) {
        int reg = modrm >> 3 & 7;
        int index = modrm & 7;
        switch (opcode) {
            case 0xD8 -> arithmeticWithRegister(reg, index);
            case 0xD9 -> executeD9(modrm, reg, index);
            case 0xDA -> {
                if (modrm == 0xE9) {
                    compareRegister(1, false, 2);
                } else {
                    conditionalMove(reg, index, false);
                }
            }
            case 0xDB -> {
                if (reg == 5 || reg == 6) {
                    compareToFlags(index, reg == 6, false);
                } else {
                    conditionalMove(reg, index, true);
                }
            }
            case 0xDC -> arithmeticToRegister(reg, index, false);
            case 0xDD -> {
                switch (reg) {
                    case 0 -> free(index);
                    case 1 -> exchange(index);
                    case 2, 3 -> storeRegister(index, reg == 3);
                    case 4, 5 -> compareRegister(index, false, reg == 5 ? 1 : 0);
                    default -> throw fault.of(GuestFault.UD, 0);
                }
            }
            case 0xDE -> {
                if (reg == 3) {
                    if (index != 1) {
                        throw fault.of(GuestFault.UD, 0);
                    }
                    compareRegister(1, true, 2);
                } else {
                    arithmeticToRegister(reg, index, true);
                }
            }
            default -> {
                switch (reg) {
                    case 0 -> {
                        free(index);
                        registers.pop();
                    }
                    case 1 -> exchange(index);
                    case 2, 3 -> storeRegister(index, true);
                    case 5, 6 -> compareToFlags(index, reg == 6, true);
                    default -> throw fault.of(GuestFault.UD, 0);
                }
            }
        }
    }

    private void executeD9(int modrm, int reg, int index) {
        switch (reg) {
            case 0 -> loadRegister(index);
            case 1 -> exchange(index);
            case 2 -> {
                if (index != 0) {
                    throw fault.of(GuestFault.UD, 0);
                }
            }
            case 3 -> storeUnchecked(index);
            case 4 -> {
                switch (modrm) {
                    case 0xE0, 0xE1 -> changeSign(modrm == 0xE1);
                    case 0xE4 -> test();
                    case 0xE5 -> examine();
                    default -> throw fault.of(GuestFault.UD, 0);
                }
            }
            case 5 -> {
                if (index == 7) {
                    throw fault.of(GuestFault.UD, 0);
                }
                if (X87Constants.load(index, arithmetic)) {
                    push();
                }
            }
            case 6 -> executeF0(index);
            default -> executeF8(index);
        }
    }

    private void executeF0(int index) {
        switch (index) {
            case 0 -> unary(index);
            case 1, 3 -> binaryFunction(index == 1 ? X87Functions.FYL2X : X87Functions.FPATAN);
            case 2 -> twoResults(X87Functions.FPTAN);
            case 4 -> extract();
            case 5 -> remainder(true);
            case 6, 7 -> {
                registers.setTop(registers.top() + (index == 6 ? -1 : 1));
                registers.setConditions(C1, 0);
            }
            default -> throw new IllegalArgumentException();
        }
    }

    private void executeF8(int index) {
        switch (index) {
            case 0 -> remainder(false);
            case 1 -> binaryFunction(X87Functions.FYL2XP1);
            case 3 -> twoResults(X87Functions.FSINCOS);
            case 5 -> {
                if (bothPresent(0, 1, 0)) {
                    arithmetic.scale(
                            registers.signExponent(0),
                            registers.significand(0),
                            registers.signExponent(1),
                            registers.significand(1));
                    write(0);
                }
            }
            default -> unary(8 + index);
        }
    }
}
