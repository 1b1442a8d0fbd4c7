package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

/** Translates the integer arithmetic of the interpreter's hot switch; what is outside of it has an {@link Operation}. */
abstract class NativeArithmetic extends NativeMoves {
    private static final int[] HOST_OPERATION = {ADD, SUB, AND, OR, XOR};

    /** Translates an operation; false if it isn't one of these. */
    final boolean arithmetic(long w) {
        int a = Op.a(w);
        int b = Op.b(w);
        int immediate = Op.immediate(w);
        int op = Op.op(w);
        if (op >= Op.ALU && op < Op.CMP) {
            hot(op - Op.ALU, w);
            return true;
        }
        switch (op) {
            case Op.CMP -> {
                op(Op.scale(w) == 0 ? 0x3A : 0x3B, Op.scale(w), in(a, RAX), b);
                saveFlags();
            }
            case Op.CMPI -> {
                asm.immediate(CMP, Op.scale(w), in(a, RAX), immediate);
                saveFlags();
            }
            case Op.TEST -> {
                op(Op.scale(w) == 0 ? 0x84 : 0x85, Op.scale(w), in(a, RAX), b);
                saveFlags();
            }
            case Op.TESTI -> {
                asm.testImmediate(Op.scale(w), in(a, RAX), immediate);
                saveFlags();
            }
            case Op.INC64 -> ArithmeticOperations.emitCount(this, 3, false, a);
            case Op.INC32 -> ArithmeticOperations.emitCount(this, 2, false, a);
            case Op.DEC64 -> ArithmeticOperations.emitCount(this, 3, true, a);
            case Op.DEC32 -> ArithmeticOperations.emitCount(this, 2, true, a);
            case Op.SHLI64 -> ShiftOperations.emitWithoutFlags(this, 4, 3, a, immediate);
            case Op.SHLI32 -> ShiftOperations.emitWithoutFlags(this, 4, 2, a, immediate);
            case Op.SHRI64 -> ShiftOperations.emitWithoutFlags(this, 5, 3, a, immediate);
            case Op.SHRI32 -> ShiftOperations.emitWithoutFlags(this, 5, 2, a, immediate);
            case Op.SARI64 -> ShiftOperations.emitWithoutFlags(this, 7, 3, a, immediate);
            case Op.SARI32 -> ShiftOperations.emitWithoutFlags(this, 7, 2, a, immediate);
            case Op.ROLI64 -> ShiftOperations.emitWithoutFlags(this, 0, 3, a, immediate);
            case Op.ROLI32 -> ShiftOperations.emitWithoutFlags(this, 0, 2, a, immediate);
            case Op.IMUL64, Op.IMUL32 -> {
                int size = op == Op.IMUL64 ? 3 : 2;
                op(LOAD, size, RAX, b);
                op(0x0FAF, size, RAX, Op.c(w));
                set(a, RAX);
                flagsInHost = false;
            }
            case Op.CMOV, Op.CMOV32 -> {
                int size = op == Op.CMOV ? 3 : 2;
                loadFlags();
                int host = host(a);
                if (host < 0) {
                    get(RCX, a);
                }
                op(0x0F40 | Op.d(w), size, host < 0 ? RCX : host, b);
                if (host < 0) {
                    set(a, RCX);
                }
            }
            case Op.SETCC -> {
                loadFlags();
                asm.registers(0x0F90 | Op.d(w), 0, 0, RCX);
                asm.registers(0x0FB6, 2, RCX, RCX);
                set(a, RCX);
            }
            default -> {
                return op >= Op.ALUG && op <= Op.RDRAND && OperationTable.of(w).emit(this, w);
            }
        }
        return true;
    }

    /** The arithmetic of the interpreter's hot switch. */
    private void hot(int number, long w) {
        int size = (number & 2) == 0 ? 3 : 2;
        ArithmeticOperations.emitBinary(this, HOST_OPERATION[number >> 3], size, w, (number & 4) != 0);
        if ((number & 1) == 0) {
            saveFlags();
        } else {
            flagsInHost = false;
        }
    }
}
