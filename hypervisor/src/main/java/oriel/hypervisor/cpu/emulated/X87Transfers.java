package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.X87Registers.*;

import oriel.hypervisor.cpu.CpuState;

/** Loads, stores and exchanges of the x87 unit. */
abstract class X87Transfers extends X87Computation {
    X87Transfers(CpuState state, LinearMemory memory, GuestFault fault) {
        super(state, memory, fault);
    }

    final void conditionalMove(int reg, int index, boolean negated) {
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

    final void loadReal(SseFormat format, long bits) {
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

    final void loadInteger(long value) {
        conversion.fromInteger(value);
        push();
    }

    final void loadExtended(long linear) {
        long significand = memory.read64(linear);
        arithmetic.set(memory.read16(linear + 8), significand);
        push();
    }

    final void loadDecimal(long linear) {
        long low = memory.read64(linear);
        conversion.fromDecimal(low, memory.read16(linear + 8));
        push();
    }

    final void loadRegister(int index) {
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

    final void storeReal(SseFormat format, long linear, boolean pop) {
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

    final void storeInteger(long linear, int size, int rounding, boolean pop) {
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

    final void storeExtended(long linear) {
        memory.probeWrite(linear, 10);
        boolean empty = registers.isEmpty(0);
        if (empty && !storesIndefinite()) {
            return;
        }
        memory.write64(linear, empty ? INDEFINITE_SIGNIFICAND : registers.significand(0));
        memory.write16(linear + 8, empty ? INDEFINITE_SIGN_EXPONENT : registers.signExponent(0));
        finishStore(empty, true);
    }

    final void storeDecimal(long linear) {
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

    final void storeRegister(int index, boolean pop) {
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

    final void free(int index) {
        registers.setConditions(C1, 0);
        registers.free(index);
    }

    /** D9 D8+i: FSTP that doesn't care whether ST(0) is empty. */
    final void storeUnchecked(int index) {
        registers.setConditions(C1, 0);
        if (!registers.isEmpty(0)) {
            registers.set(index, registers.signExponent(0), registers.significand(0));
        }
        registers.pop();
    }

    /** FXCH: masked underflow replaces what is empty, then exchanges. */
    final void exchange(int index) {
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
}
