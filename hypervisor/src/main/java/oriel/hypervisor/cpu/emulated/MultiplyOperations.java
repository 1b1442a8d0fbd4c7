package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import oriel.hypervisor.cpu.CpuState;

/** Multiplication and division of any size. SF, ZF and PF, undefined after a multiplication, are those of its low half. */
final class MultiplyOperations {
    private static final int MUL = 4, DIV = 6, IDIV = 7;
    private static final int SET_OVERFLOW = 0x0F90, LAHF = 0x9F;

    static final Operation[] ALL = {
        // With the accumulator: MUL, IMUL, DIV or IDIV, by {@code d} as their opcode's extension.
        new Operation(Op.MULTIPLY) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                long operand = cpu.registers[Op.a(w)];
                if (Op.d(w) >= DIV) {
                    Division.divide(cpu, Op.d(w) == IDIV, Op.scale(w), operand);
                } else {
                    multiply(cpu, Op.d(w) == MUL, Op.scale(w), operand);
                }
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                if (Op.d(w) < DIV) {
                    emitMultiply(code, w);
                    return true;
                }
                if (Op.scale(w) < 2) {
                    return false;
                }
                emitDivide(code, Op.d(w) == IDIV, Op.scale(w), Op.a(w));
                return true;
            }

            @Override
            boolean mayFault() {
                return true;
            }
        },
        // IMUL with two or three operands.
        new Operation(Op.IMULG) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                int size = Op.scale(w);
                int shift = 64 - (8 << size);
                long x = cpu.registers[Op.b(w)] << shift >> shift;
                long y = cpu.registers[Op.c(w)] << shift >> shift;
                long product = x * y;
                boolean carry =
                        size == 3 ? Math.multiplyHigh(x, y) != product >> 63 : product << shift >> shift != product;
                cpu.put(Op.a(w), size, product);
                multiplied(cpu, size, product, carry);
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                int size = Op.scale(w);
                code.op(LOAD, size, RAX, Op.b(w));
                code.op(0x0FAF, size, RAX, Op.c(w));
                code.asm.registers(SET_OVERFLOW, 0, 0, RCX);
                code.put(size, Op.a(w), RAX);
                emitMultiplied(code, size);
                return true;
            }
        }
    };

    private MultiplyOperations() {}

    private static void multiply(ExecutionCore cpu, boolean unsigned, int size, long raw) {
        int bits = 8 << size;
        long low;
        long high;
        boolean carry;
        if (unsigned) {
            long x = cpu.registers[CpuState.RAX] & ExecutionCore.mask(size);
            long y = raw & ExecutionCore.mask(size);
            low = x * y;
            high = size == 3 ? Math.unsignedMultiplyHigh(x, y) : low >>> bits;
            carry = (high & ExecutionCore.mask(size)) != 0;
        } else {
            long x = cpu.registers[CpuState.RAX] << 64 - bits >> 64 - bits;
            long y = raw << 64 - bits >> 64 - bits;
            low = x * y;
            high = size == 3 ? Math.multiplyHigh(x, y) : low >> bits;
            long extended = low << 64 - bits >> 64 - bits;
            carry = size == 3 ? high != low >> 63 : extended != low;
        }
        if (size == 0) {
            cpu.put(CpuState.RAX, 1, low);
        } else {
            cpu.put(CpuState.RAX, size, low);
            cpu.put(CpuState.RDX, size, high);
        }
        multiplied(cpu, size, low, carry);
    }

    private static void multiplied(ExecutionCore cpu, int size, long low, boolean carry) {
        cpu.lazy(Flags.RESULT, size, low & ExecutionCore.mask(size), carry ? Flags.CF | Flags.OF : 0);
    }

    private static void emitMultiply(NativeOperands code, long w) {
        int size = Op.scale(w);
        code.get(RAX, CpuState.RAX);
        code.op(size == 0 ? 0xF6 : 0xF7, size, Op.d(w), Op.a(w));
        code.asm.registers(SET_OVERFLOW, 0, 0, RCX);
        if (size == 0) {
            code.put(1, CpuState.RAX, RAX);
        } else {
            code.put(size, CpuState.RAX, RAX);
            code.put(size, CpuState.RDX, RDX);
        }
        emitMultiplied(code, size);
    }

    /** CF and OF from CL, SF, ZF and PF of the result in RAX. */
    private static void emitMultiplied(NativeOperands code, int size) {
        code.asm.registers(size == 0 ? 0x84 : 0x85, size, RAX, RAX);
        code.asm.emit(LAHF);
        code.asm.immediate(AND, 2, RAX, 0xC600);
        code.asm.registers(0x0FB6, 2, RCX, RCX);
        code.asm.registers(0x0B, 2, RAX, RCX);
        code.asm.registers(0xC1, 2, 4, RCX);
        code.asm.emit(8);
        code.asm.registers(0x0B, 2, RAX, RCX);
        code.asm.memory(STORE, 1, RAX, STATE, displacement(FLAGS));
        code.flagsInHost = false;
    }

    /** The host divides where it won't fault; Java does the others, and raises the guest's fault. */
    private static void emitDivide(NativeOperands code, boolean signed, int size, int a) {
        code.op(LOAD, size, RCX, a);
        code.op(LOAD, size, RAX, CpuState.RAX);
        code.op(LOAD, size, RDX, CpuState.RDX);
        if (signed) {
            // The dividend must be no wider than the divisor, and the divisor neither 0 nor -1.
            code.asm.memory(STORE, 3, RAX, STATE, displacement(TARGET));
            code.asm.registers(0xC1, size, 7, RAX);
            code.asm.emit((8 << size) - 1);
            code.asm.registers(0x3B, size, RAX, RDX);
            code.rareBy(code.asm.jumpIf(NOT_EQUAL));
            code.asm.memory(LEA, size, RAX, RCX, 1);
            code.asm.immediate(CMP, size, RAX, 1);
            code.rareBy(code.asm.jumpIf(6));
            code.asm.memory(LOAD, 3, RAX, STATE, displacement(TARGET));
        } else {
            code.asm.registers(0x3B, size, RDX, RCX);
            code.rareBy(code.asm.jumpIf(ABOVE_OR_EQUAL));
        }
        code.asm.registers(0xF7, size, signed ? 7 : 6, RCX);
        code.set(CpuState.RAX, RAX);
        code.set(CpuState.RDX, RDX);
        code.landRare();
    }
}
