package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.X87Registers.*;

import oriel.hypervisor.cpu.CpuState;

/** Arithmetic, comparisons and functions of the x87 unit. */
abstract class X87Computation extends X87Core {
    /** D9 F0 and D9 FA–FF by their last four bits. */
    private static final int EXPONENTIAL = 0, SQUARE_ROOT = 10, ROUND = 12, SINE = 14, COSINE = 15;

    private static final int CONDITIONS = C0 | C2 | C3;
    private static final long ARITHMETIC_FLAGS = 0x8D5;

    X87Computation(CpuState state, LinearMemory memory, GuestFault fault) {
        super(state, memory, fault);
    }

    final void arithmeticWithMemory(int kind, boolean denormal) {
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

    final void arithmeticWithRegister(int kind, int index) {
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
    final void arithmeticToRegister(int reg, int index, boolean pop) {
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

    final void compareRegister(int index, boolean signaling, int pops) {
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

    final void compareWith(int signExponent, long significand, boolean denormal, boolean signaling, int pops) {
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

    final void compareToFlags(int index, boolean signaling, boolean pop) {
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

    final void changeSign(boolean absolute) {
        if (bothPresent(0, 0, 0)) {
            registers.setConditions(C1, 0);
            int signExponent = registers.signExponent(0);
            registers.set(0, absolute ? signExponent & 0x7FFF : signExponent ^ 0x8000, registers.significand(0));
        }
    }

    final void test() {
        compareWith(0, 0, false, true, 0);
    }

    final void examine() {
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

    final void remainder(boolean nearest) {
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
    final void unary(int operation) {
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
    final void binaryFunction(int function) {
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
    final void twoResults(int function) {
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
    final void extract() {
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
