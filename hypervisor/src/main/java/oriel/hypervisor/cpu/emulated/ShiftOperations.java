package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import oriel.hypervisor.cpu.CpuState;

/** Shifts and rotates of any size: ROL ROR RCL RCR SHL SHR SAL SAR, what is in the word's {@code d}, and SHLD, SHRD. */
final class ShiftOperations {
    static final Operation[] ALL = {
        new Operation(Op.SHIFT) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                shift(cpu, Op.d(w), Op.scale(w), Op.a(w), (int) cpu.registers[Op.b(w)]);
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                emitByRegister(code, w);
                return true;
            }
        },
        new Operation(Op.SHIFTI) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                shift(cpu, Op.d(w), Op.scale(w), Op.a(w), Op.immediate(w));
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                emitByConstant(code, w);
                return true;
            }
        },
        // SHRD if {@code d} is 1, with a count in the immediate, or in CL if that is negative.
        new Operation(Op.DOUBLE_SHIFT) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                int count = Op.immediate(w) < 0 ? (int) cpu.registers[CpuState.RCX] : Op.immediate(w);
                doubleShift(cpu, Op.d(w) == 1, Op.scale(w), Op.a(w), cpu.registers[Op.b(w)], count);
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                if (Op.scale(w) == 1) {
                    return false; // counts above 16 are undefined
                }
                emitDoubleShift(code, w);
                return true;
            }
        }
    };

    private ShiftOperations() {}

    private static int count(int raw, int size) {
        return raw & (size == 3 ? 63 : 31);
    }

    // ---- shifts and rotates -----------------------------------------------------------------------------------------

    private static void shift(ExecutionCore cpu, int kind, int size, int slot, int rawCount) {
        int count = count(rawCount, size);
        if (count == 0) {
            if (size == 2) {
                cpu.put(slot, size, cpu.registers[slot]);
            }
            return;
        }
        int bits = 8 << size;
        long m = ExecutionCore.mask(size);
        long value = cpu.registers[slot] & m;
        switch (kind) {
            case 0 -> {
                int n = count & bits - 1;
                long result = n == 0 ? value : (value << n | value >>> bits - n) & m;
                cpu.put(slot, size, result);
                int carry = (int) result & 1;
                cpu.setFlags(Flags.CF | Flags.OF, carry | overflow((int) (result >>> bits - 1) & 1 ^ carry));
            }
            case 1 -> {
                int n = count & bits - 1;
                long result = n == 0 ? value : (value >>> n | value << bits - n) & m;
                cpu.put(slot, size, result);
                int top = (int) (result >>> bits - 1) & 1;
                cpu.setFlags(Flags.CF | Flags.OF, top | overflow(top ^ (int) (result >>> bits - 2) & 1));
            }
            case 2, 3 -> rotateThroughCarry(cpu, kind == 3, size, slot, value, count);
            case 4, 6 -> {
                long result = value << count & m;
                int carry = count > bits ? 0 : (int) (value >>> bits - count) & 1;
                cpu.put(slot, size, result);
                cpu.lazy(Flags.RESULT, size, result, carry | overflow((int) (result >>> bits - 1) & 1 ^ carry));
            }
            case 5 -> {
                long result = value >>> count;
                cpu.put(slot, size, result);
                int carry = (int) (value >>> count - 1) & 1;
                // Defined for one bit only, where it is the old top bit; processors make it so for any count.
                cpu.lazy(Flags.RESULT, size, result, carry | overflow((int) (result >>> bits - 2) & 1));
            }
            default -> {
                long signed = value << 64 - bits >> 64 - bits;
                long result = signed >> count;
                cpu.put(slot, size, result);
                cpu.lazy(Flags.RESULT, size, result, (int) (signed >> count - 1) & 1);
            }
        }
    }

    private static int overflow(int bit) {
        return bit << 11;
    }

    private static void rotateThroughCarry(
            ExecutionCore cpu, boolean right, int size, int slot, long value, int rawCount) {
        int bits = 8 << size;
        int count = rawCount % (bits + 1);
        int carry = cpu.carry();
        long result = value;
        for (int i = 0; i < count; i++) {
            if (right) {
                int out = (int) result & 1;
                result = result >>> 1 | (long) carry << bits - 1;
                carry = out;
            } else {
                int out = (int) (result >>> bits - 1) & 1;
                result = result << 1 & ExecutionCore.mask(size) | carry;
                carry = out;
            }
        }
        cpu.put(slot, size, result);
        int top = (int) (result >>> bits - 1) & 1;
        int other = right ? (int) (result >>> bits - 2) & 1 : carry;
        cpu.setFlags(Flags.CF | Flags.OF, carry | overflow(top ^ other));
    }

    private static void emitByConstant(NativeOperands code, long w) {
        int size = Op.scale(w);
        int kind = Op.d(w);
        int a = Op.a(w);
        int count = count(Op.immediate(w), size);
        if (count == 0) {
            if (size == 2) {
                code.op(LOAD, 2, code.out(a), a);
                code.made(a);
            }
            return;
        }
        if (kind < 4) {
            code.loadFlags(); // a rotation leaves the others alone
        }
        code.asm.registers(size == 0 ? 0xC0 : 0xC1, size, kind, code.modify(a));
        code.asm.emit(count);
        code.made(a);
        emitFlags(code, kind);
    }

    /** A shift by a constant whose flags nobody reads. */
    static void emitWithoutFlags(NativeOperands code, int kind, int size, int a, int count) {
        code.asm.registers(0xC1, size, kind, code.modify(a));
        code.asm.emit(count);
        code.made(a);
        code.flagsInHost = false;
    }

    private static void emitByRegister(NativeOperands code, long w) {
        int size = Op.scale(w);
        int kind = Op.d(w);
        int a = Op.a(w);
        code.get(RCX, Op.b(w));
        if (size == 2) {
            code.op(LOAD, 2, code.out(a), a);
            code.made(a);
        }
        code.asm.testImmediate(0, RCX, size == 3 ? 63 : 31);
        int zero = code.asm.jumpIf(EQUAL);
        code.flagsInHost = false;
        if (kind < 4) {
            code.loadFlags();
        }
        code.asm.registers(size == 0 ? 0xD2 : 0xD3, size, kind, code.modify(a));
        code.made(a);
        emitFlags(code, kind);
        code.asm.land(zero);
        code.flagsInHost = false;
    }

    private static void emitFlags(NativeOperands code, int kind) {
        if (kind < 4) {
            code.saveFlags();
        } else {
            code.saveFlags(Flags.ARITHMETIC & ~Flags.AF);
        }
    }

    // ---- double shifts ----------------------------------------------------------------------------------------------

    private static void doubleShift(ExecutionCore cpu, boolean right, int size, int slot, long fill, int rawCount) {
        int count = count(rawCount, size);
        if (count == 0) {
            if (size == 2) {
                cpu.put(slot, size, cpu.registers[slot]);
            }
            return;
        }
        int bits = 8 << size;
        long m = ExecutionCore.mask(size);
        long value = cpu.registers[slot] & m;
        long other = fill & m;
        long result;
        int carry;
        if (size == 1) {
            // Counts above 16 are undefined; processors shift the operand in behind itself.
            long wide = right ? value | other << 16 | value << 32 : value << 32 | other << 16 | value;
            result = (right ? wide >>> count : wide << count >>> 32) & m;
            carry = (int) (right ? wide >>> count - 1 : wide >>> 48 - count) & 1;
        } else if (right) {
            result = (value >>> count | other << bits - count) & m;
            carry = (int) (value >>> count - 1) & 1;
        } else {
            result = (value << count | other >>> bits - count) & m;
            carry = (int) (value >>> bits - count) & 1;
        }
        cpu.put(slot, size, result);
        // Defined for one bit only, where it is whether the sign changed; processors make it so for any count.
        int top = (int) (result >>> bits - 1) & 1;
        int below = right ? (int) (result >>> bits - 2) & 1 : carry;
        cpu.lazy(Flags.RESULT, size, result, carry | overflow(top ^ below));
    }

    private static void emitDoubleShift(NativeOperands code, long w) {
        int size = Op.scale(w);
        int a = Op.a(w);
        boolean byRegister = Op.immediate(w) < 0;
        int count = count(Op.immediate(w), size);
        if (size == 2) {
            code.op(LOAD, 2, code.out(a), a);
            code.made(a);
        }
        if (!byRegister && count == 0) {
            return;
        }
        int zero = -1;
        if (byRegister) {
            code.get(RCX, CpuState.RCX);
            code.asm.testImmediate(0, RCX, size == 3 ? 63 : 31);
            zero = code.asm.jumpIf(EQUAL);
        }
        int fill = code.in(Op.b(w), RDX);
        code.asm.registers((Op.d(w) == 1 ? 0x0FAC : 0x0FA4) | (byRegister ? 1 : 0), size, fill, code.modify(a));
        if (!byRegister) {
            code.asm.emit(count);
        }
        code.made(a);
        code.saveFlags(Flags.ARITHMETIC & ~Flags.AF);
        if (zero >= 0) {
            code.asm.land(zero);
        }
        code.flagsInHost = false;
    }
}
