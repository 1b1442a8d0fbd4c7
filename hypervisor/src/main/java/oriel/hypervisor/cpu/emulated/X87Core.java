package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.X87Registers.*;

import oriel.hypervisor.cpu.CpuState;

/** What all x87 instructions share: the registers, arithmetic, and how results, exceptions and empty registers are dealt with. */
abstract class X87Core {
    final CpuState state;
    final LinearMemory memory;
    final GuestFault fault;
    final X87Registers registers;
    final X87Arithmetic arithmetic;
    final X87Conversion conversion;
    final X87Functions functions;

    X87Core(CpuState state, LinearMemory memory, GuestFault fault) {
        this.state = state;
        this.memory = memory;
        this.fault = fault;
        registers = new X87Registers(state);
        arithmetic = new X87Arithmetic(state);
        conversion = new X87Conversion(state, arithmetic);
        functions = new X87Functions(arithmetic);
    }

    /** Writes the result unless an exception found before computing is unmasked; returns whether it did. */
    final boolean write(int index) {
        registers.setConditions(C1, arithmetic.roundedUp ? C1 : 0);
        if ((registers.raise(arithmetic.flags) & 7) != 0) {
            registers.setConditions(C1, 0);
            return false;
        }
        registers.set(index, arithmetic.signExponent, arithmetic.significand);
        return true;
    }

    /** Pushes the result. */
    final void push() {
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
    final boolean bothPresent(int first, int second, int destination) {
        if (!registers.isEmpty(first) && !registers.isEmpty(second)) {
            return true;
        }
        if (registers.stackFault(false)) {
            registers.set(destination, INDEFINITE_SIGN_EXPONENT, INDEFINITE_SIGNIFICAND);
        }
        return false;
    }

    final void pop(int count) {
        for (int i = 0; i < count; i++) {
            registers.pop();
        }
    }
}
