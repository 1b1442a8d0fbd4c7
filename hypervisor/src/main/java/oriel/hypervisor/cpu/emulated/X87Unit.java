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
final class X87Unit {
    private static final int CR0_EM = 4, CR0_TS = 8, CR0_MP = 2;
    /** D9 F0 and D9 FA–FF by their last four bits. */
    private static final int EXPONENTIAL = 0, SQUARE_ROOT = 10, ROUND = 12, SINE = 14, COSINE = 15;

    private static final int CONDITIONS = C0 | C2 | C3;
    private static final long ARITHMETIC_FLAGS = 0x8D5;

    private final CpuState state;
    private final LinearMemory memory;
    private final GuestFault fault;
    private final X87Registers registers;
    private final X87Arithmetic arithmetic;
    private final X87Conversion conversion;
    private final X87Environment environment;
    private final X87Functions functions;

    X87Unit(CpuState state, LinearMemory memory, GuestFault fault) {
        this.state = state;
        this.memory = memory;
        this.fault = fault;
        registers = new X87Registers(state);
        arithmetic = new X87Arithmetic(state);
        conversion = new X87Conversion(state, arithmetic);
        environment = new X87Environment(state, memory, registers);
        functions = new X87Functions(arithmetic);
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

    /** Writes the result unless an exception found before computing is unmasked; returns whether it did. */
    private boolean write(int index) {
        registers.setConditions(C1, arithmetic.roundedUp ? C1 : 0);
        if ((registers.raise(arithmetic.flags) & 7) != 0) {
            registers.setConditions(C1, 0);
            return false;
        }
        registers.set(index, arithmetic.signExponent, arithmetic.significand);
        return true;
    }

    /** Pushes the result. */
    private void push() {
        if (!registers.isEmpty(7)) {
            if (registers.stackFault(true)) {
                registers.push(INDEFINITE_SIGN_EXPONENT, INDEFINITE_SIGNIFICAND);
            }
            return;
        }
        registers.setConditions(C1, 0);
        // A denormal is pushed even if that exception is unmasked.
        if ((registers.raise(arithmetic.flags) & SoftFloat.INVALID) == 0) {
            registers.push(arithmetic.signExponent, arithmetic.significand);
        }
    }

    /** Checks for stack underflow, of which the masked response is the indefinite in {@code destination}. */
    private boolean bothPresent(int first, int second, int destination) {
        if (!registers.isEmpty(first) && !registers.isEmpty(second)) {
            return true;
        }
        if (registers.stackFault(false)) {
            registers.set(destination, INDEFINITE_SIGN_EXPONENT, INDEFINITE_SIGNIFICAND);
        }
        return false;
    }

    private void arithmeticWithMemory(int kind, boolean denormal) {
        int signExponent = arithmetic.signExponent;
        long significand = arithmetic.significand;
        if (kind == 2 || kind == 3) {
            compareWith(signExponent, significand, denormal, true, kind == 3 ? 1 : 0);
            return;
        }
        if (bothPresent(0, 0, 0)) {
            arithmetic.binary(kind, registers.signExponent(0), registers.significand(0), signExponent, significand);
            noteDenormalSource(denormal);
            write(0);
        }
    }

    /** A denormal in memory is normal as 80 bits, but still an exception, unless a NaN or an invalid one precedes. */
    private void noteDenormalSource(boolean denormal) {
        boolean preceded = (arithmetic.flags & (SoftFloat.INVALID | SoftFloat.ZERO_DIVIDE)) != 0
                || X87Arithmetic.isNan(registers.signExponent(0), registers.significand(0));
        if (denormal && !preceded) {
            arithmetic.flags |= SoftFloat.DENORMAL;
        }
    }

    private void arithmeticWithRegister(int kind, int index) {
        if (kind == 2 || kind == 3) {
            compareRegister(index, true, kind == 3 ? 1 : 0);
        } else if (bothPresent(0, index, 0)) {
            arithmetic.binary(
                    kind,
                    registers.signExponent(0),
                    registers.significand(0),
                    registers.signExponent(index),
                    registers.significand(index));
            write(0);
        }
    }

    /** DC and DE forms: ST(i) is the destination, and the reversed kinds are encoded the other way round. */
    private void arithmeticToRegister(int reg, int index, boolean pop) {
        if (reg == 2 || reg == 3) {
            compareRegister(index, true, reg == 3 || pop ? 1 : 0);
            return;
        }
        boolean done;
        if (!registers.isEmpty(0) && !registers.isEmpty(index)) {
            arithmetic.binary(
                    reg >= 4 ? reg ^ 1 : reg,
                    registers.signExponent(index),
                    registers.significand(index),
                    registers.signExponent(0),
                    registers.significand(0));
            done = write(index);
        } else {
            done = registers.stackFault(false);
            if (done) {
                registers.set(index, INDEFINITE_SIGN_EXPONENT, INDEFINITE_SIGNIFICAND);
            }
        }
        if (pop && done) {
            registers.pop();
        }
    }

    private void compareRegister(int index, boolean signaling, int pops) {
        if (registers.isEmpty(index)) {
            compareEmpty(pops);
        } else {
            compareWith(registers.signExponent(index), registers.significand(index), false, signaling, pops);
        }
    }

    private void compareEmpty(int pops) {
        boolean masked = registers.stackFault(false);
        registers.setConditions(CONDITIONS, CONDITIONS);
        pop(masked ? pops : 0);
    }

    private void pop(int count) {
        for (int i = 0; i < count; i++) {
            registers.pop();
        }
    }

    private void compareWith(int signExponent, long significand, boolean denormal, boolean signaling, int pops) {
        if (registers.isEmpty(0)) {
            compareEmpty(pops);
            return;
        }
        int relation = arithmetic.compare(
                registers.signExponent(0), registers.significand(0), signExponent, significand, signaling);
        if (denormal && relation != X87Arithmetic.UNORDERED) {
            arithmetic.flags |= SoftFloat.DENORMAL;
        }
        // ZF, PF, CF sit in the low byte where C3, C2, C0 sit in the high one.
        registers.setConditions(CONDITIONS | C1, relation << 8);
        if ((registers.raise(arithmetic.flags) & BEFORE_COMPUTING) == 0) {
            pop(pops);
        }
    }

    private void compareToFlags(int index, boolean signaling, boolean pop) {
        int relation = X87Arithmetic.UNORDERED;
        boolean masked;
        if (registers.isEmpty(0) || registers.isEmpty(index)) {
            masked = registers.stackFault(false);
        } else {
            relation = arithmetic.compare(
                    registers.signExponent(0),
                    registers.significand(0),
                    registers.signExponent(index),
                    registers.significand(index),
                    signaling);
            masked = (registers.raise(arithmetic.flags) & 7) == 0;
        }
        state.rflags = state.rflags & ~ARITHMETIC_FLAGS | relation;
        pop(pop && masked ? 1 : 0);
    }

    private void conditionalMove(int reg, int index, boolean negated) {
        long flags = state.rflags;
        boolean condition = switch (reg) {
            case 0 -> (flags & 0x01) != 0;
            case 1 -> (flags & 0x40) != 0;
            case 2 -> (flags & 0x41) != 0;
            case 3 -> (flags & 0x04) != 0;
            default -> throw fault.of(GuestFault.UD, 0);
        };
        if (bothPresent(0, index, 0) && condition != negated) {
            registers.set(0, registers.signExponent(index), registers.significand(index));
        }
    }

    private void loadReal(SseFormat format, long bits) {
        boolean denormal = conversion.expand(format, bits);
        if (denormal) {
            arithmetic.flags |= SoftFloat.DENORMAL;
        }
        if (format.isSignaling(bits)) {
            arithmetic.flags |= SoftFloat.INVALID;
            arithmetic.significand |= X87Arithmetic.QUIET_BIT;
        }
        push();
    }

    private void loadInteger(long value) {
        conversion.fromInteger(value);
        push();
    }

    private void loadExtended(long linear) {
        long significand = memory.read64(linear);
        arithmetic.set(memory.read16(linear + 8), significand);
        push();
    }

    private void loadDecimal(long linear) {
        long low = memory.read64(linear);
        conversion.fromDecimal(low, memory.read16(linear + 8));
        push();
    }

    private void loadRegister(int index) {
        if (registers.isEmpty(index)) {
            if (registers.stackFault(false)) {
                registers.push(INDEFINITE_SIGN_EXPONENT, INDEFINITE_SIGNIFICAND);
            }
            return;
        }
        arithmetic.set(registers.signExponent(index), registers.significand(index));
        push();
    }

    /** Notes the exceptions of a store and pops, if they allow it. */
    private void finishStore(boolean pop) {
        registers.setConditions(C1, arithmetic.roundedUp ? C1 : 0);
        registers.raise(arithmetic.flags);
        pop(pop ? 1 : 0);
    }

    /** Whether {@code blocking} exceptions keep a value from being stored; then they are noted. */
    private boolean blocked(int blocking) {
        int unmasked = arithmetic.flags & ~state.fpControl & blocking;
        if (unmasked == 0) {
            return false;
        }
        registers.setConditions(C1, 0);
        registers.raise(arithmetic.flags & ~SoftFloat.PRECISION);
        return true;
    }

    /** An empty ST(0) is an invalid operand of a store; returns whether the indefinite value is to be stored. */
    private boolean storesIndefinite() {
        return (state.fpControl & SoftFloat.INVALID) != 0 || registers.stackFault(false);
    }

    // Stores: the address faults before anything is stored, raised or refused.

    private void storeReal(SseFormat format, long linear, boolean pop) {
        memory.probeWrite(linear, format == SseFormat.BINARY32 ? 4 : 8);
        boolean empty = registers.isEmpty(0);
        if (empty && !storesIndefinite()) {
            return;
        }
        long bits = empty
                ? format.indefinite
                : conversion.narrow(format, registers.signExponent(0), registers.significand(0));
        if (blocked(SoftFloat.INVALID | SoftFloat.OVERFLOW | SoftFloat.UNDERFLOW)) {
            return;
        }
        if (format == SseFormat.BINARY32) {
            memory.write32(linear, (int) bits);
        } else {
            memory.write64(linear, bits);
        }
        finishStore(empty, pop);
    }

    private void finishStore(boolean empty, boolean pop) {
        if (empty) {
            registers.stackFault(false);
            pop(pop ? 1 : 0);
        } else {
            finishStore(pop);
        }
    }

    private void storeInteger(long linear, int size, int rounding, boolean pop) {
        memory.probeWrite(linear, size);
        boolean empty = registers.isEmpty(0);
        if (empty && !storesIndefinite()) {
            return;
        }
        long value = empty
                ? -1L << (8 * size - 1)
                : conversion.toInteger(registers.signExponent(0), registers.significand(0), 8 * size, rounding);
        if (blocked(SoftFloat.INVALID)) {
            return;
        }
        switch (size) {
            case 2 -> memory.write16(linear, (int) value & 0xFFFF);
            case 4 -> memory.write32(linear, (int) value);
            default -> memory.write64(linear, value);
        }
        finishStore(empty, pop);
    }

    private void storeExtended(long linear) {
        memory.probeWrite(linear, 10);
        boolean empty = registers.isEmpty(0);
        if (empty && !storesIndefinite()) {
            return;
        }
        memory.write64(linear, empty ? INDEFINITE_SIGNIFICAND : registers.significand(0));
        memory.write16(linear + 8, empty ? INDEFINITE_SIGN_EXPONENT : registers.signExponent(0));
        finishStore(empty, true);
    }

    private void storeDecimal(long linear) {
        memory.probeWrite(linear, 10);
        boolean empty = registers.isEmpty(0);
        if (empty && !storesIndefinite()) {
            return;
        }
        long low = INDEFINITE_SIGNIFICAND;
        int high = 0xFFFF;
        if (!empty) {
            low = conversion.toDecimal(registers.signExponent(0), registers.significand(0));
            high = conversion.decimalHigh;
        }
        if (blocked(SoftFloat.INVALID)) {
            return;
        }
        memory.write64(linear, low);
        memory.write16(linear + 8, high);
        finishStore(empty, true);
    }

    private void storeRegister(int index, boolean pop) {
        if (registers.isEmpty(0)) {
            if (!registers.stackFault(false)) {
                return;
            }
            registers.set(index, INDEFINITE_SIGN_EXPONENT, INDEFINITE_SIGNIFICAND);
        } else {
            registers.setConditions(C1, 0);
            registers.set(index, registers.signExponent(0), registers.significand(0));
        }
        pop(pop ? 1 : 0);
    }

    private void free(int index) {
        registers.setConditions(C1, 0);
        registers.free(index);
    }

    /** D9 D8+i: FSTP that doesn't care whether ST(0) is empty. */
    private void storeUnchecked(int index) {
        registers.setConditions(C1, 0);
        if (!registers.isEmpty(0)) {
            registers.set(index, registers.signExponent(0), registers.significand(0));
        }
        registers.pop();
    }

    /** FXCH: masked underflow replaces what is empty, then exchanges. */
    private void exchange(int index) {
        registers.setConditions(C1, 0);
        boolean underflow = registers.isEmpty(0) || registers.isEmpty(index);
        if (underflow && !registers.stackFault(false)) {
            return;
        }
        boolean empty = registers.isEmpty(0);
        int signExponent = empty ? INDEFINITE_SIGN_EXPONENT : registers.signExponent(0);
        long significand = empty ? INDEFINITE_SIGNIFICAND : registers.significand(0);
        boolean otherEmpty = registers.isEmpty(index);
        registers.set(
                0,
                otherEmpty ? INDEFINITE_SIGN_EXPONENT : registers.signExponent(index),
                otherEmpty ? INDEFINITE_SIGNIFICAND : registers.significand(index));
        registers.set(index, signExponent, significand);
    }

    private void changeSign(boolean absolute) {
        if (bothPresent(0, 0, 0)) {
            registers.setConditions(C1, 0);
            int signExponent = registers.signExponent(0);
            registers.set(0, absolute ? signExponent & 0x7FFF : signExponent ^ 0x8000, registers.significand(0));
        }
    }

    private void test() {
        compareWith(0, 0, false, true, 0);
    }

    private void examine() {
        int signExponent = registers.signExponent(0);
        long significand = registers.significand(0);
        int result;
        if (registers.isEmpty(0)) {
            result = C3 | C0;
        } else if (X87Arithmetic.isUnsupported(signExponent, significand)) {
            result = 0;
        } else if (X87Arithmetic.isNan(signExponent, significand)) {
            result = C0;
        } else if (X87Arithmetic.isInfinite(signExponent, significand)) {
            result = C2 | C0;
        } else if (X87Arithmetic.isZero(signExponent, significand)) {
            result = C3;
        } else if (X87Arithmetic.isDenormal(signExponent, significand)) {
            result = C3 | C2;
        } else {
            result = C2;
        }
        registers.setConditions(CONDITIONS | C1, result | (X87Arithmetic.isNegative(signExponent) ? C1 : 0));
    }

    private void remainder(boolean nearest) {
        registers.setConditions(C2, 0);
        if (!bothPresent(0, 1, 0)) {
            return;
        }
        int codes = arithmetic.remainder(
                registers.signExponent(0),
                registers.significand(0),
                registers.signExponent(1),
                registers.significand(1),
                nearest);
        if (write(0) && codes >= 0) {
            registers.setConditions(CONDITIONS | C1, codes);
        }
    }

    /** One operand, one result. */
    private void unary(int operation) {
        boolean trigonometric = operation >= SINE;
        if (trigonometric) {
            registers.setConditions(C2, 0);
        }
        if (!bothPresent(0, 0, 0)) {
            return;
        }
        int signExponent = registers.signExponent(0);
        long significand = registers.significand(0);
        switch (operation) {
            case SQUARE_ROOT -> arithmetic.squareRoot(signExponent, significand);
            case ROUND -> arithmetic.roundToIntegral(signExponent, significand);
            case EXPONENTIAL -> functions.exponential(signExponent, significand);
            default -> {
                if (!functions.sineOrCosine(signExponent, significand, operation == COSINE)) {
                    registers.setConditions(C1 | C2, C2);
                    return;
                }
            }
        }
        write(0);
    }

    /** FYL2X, FYL2XP1, FPATAN: into ST(1), and pop. */
    private void binaryFunction(int function) {
        boolean done;
        if (!registers.isEmpty(0) && !registers.isEmpty(1)) {
            functions.binary(
                    function,
                    registers.signExponent(0),
                    registers.significand(0),
                    registers.signExponent(1),
                    registers.significand(1));
            done = write(1);
        } else {
            done = registers.stackFault(false);
            if (done) {
                registers.set(1, INDEFINITE_SIGN_EXPONENT, INDEFINITE_SIGNIFICAND);
            }
        }
        pop(done ? 1 : 0);
    }

    /** FPTAN, FSINCOS: one result replaces ST(0), the other is pushed. */
    private void twoResults(int function) {
        registers.setConditions(C2, 0);
        if (registers.isEmpty(0) || !registers.isEmpty(7)) {
            if (registers.stackFault(!registers.isEmpty(0))) {
                registers.set(0, INDEFINITE_SIGN_EXPONENT, INDEFINITE_SIGNIFICAND);
                registers.push(INDEFINITE_SIGN_EXPONENT, INDEFINITE_SIGNIFICAND);
            }
            return;
        }
        if (!functions.two(function, registers.signExponent(0), registers.significand(0))) {
            registers.setConditions(C1 | C2, C2);
            return;
        }
        if (write(0)) {
            registers.push(functions.secondSignExponent, functions.secondSignificand);
        }
    }

    /** FXTRACT: the exponent replaces ST(0), the significand is pushed. */
    private void extract() {
        if (registers.isEmpty(0) || !registers.isEmpty(7)) {
            if (registers.stackFault(!registers.isEmpty(0))) {
                registers.set(0, INDEFINITE_SIGN_EXPONENT, INDEFINITE_SIGNIFICAND);
                registers.push(INDEFINITE_SIGN_EXPONENT, INDEFINITE_SIGNIFICAND);
            }
            return;
        }
        int signExponent = registers.signExponent(0);
        long significand = registers.significand(0);
        if (arithmetic.propagate(signExponent, significand, signExponent, significand)) {
            signExponent = arithmetic.signExponent;
            significand = arithmetic.significand;
        } else if (X87Arithmetic.isInfinite(signExponent, significand)) {
            arithmetic.set(X87Arithmetic.SPECIAL, X87Arithmetic.INTEGER_BIT);
        } else if (X87Arithmetic.isZero(signExponent, significand)) {
            arithmetic.flags |= SoftFloat.ZERO_DIVIDE;
            arithmetic.set(0x8000 | X87Arithmetic.SPECIAL, X87Arithmetic.INTEGER_BIT);
        } else {
            if (X87Arithmetic.isDenormal(signExponent, significand)) {
                arithmetic.flags |= SoftFloat.DENORMAL;
            }
            conversion.fromInteger(X87Arithmetic.exponent(signExponent, significand));
            significand = X87Arithmetic.normalised(significand);
            signExponent = signExponent & 0x8000 | X87Arithmetic.BIAS;
        }
        if (write(0)) {
            registers.push(signExponent, significand);
        }
    }
}
