package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import java.util.Set;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.hostcode.HostFeatures;

/**
 * Translated integer arithmetic. The host's instructions are the guest's, and so are the flags they leave; where those
 * are undefined, what {@link IntegerOperations} makes of them is made here too, so that it doesn't matter when code is
 * translated.
 */
abstract class NativeArithmetic extends NativeMoves {
    private static final int INCREMENT = 0, DECREMENT = 1, NOT = 2, NEGATE = 3;
    private static final int[] HOST_OPERATION = {ADD, SUB, AND, OR, XOR};

    private final Set<BitOperation> bitOperations = BitOperation.of(HostFeatures.ofThisHost());

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
            case Op.INC64 -> count(3, INCREMENT, a);
            case Op.INC32 -> count(2, INCREMENT, a);
            case Op.DEC64 -> count(3, DECREMENT, a);
            case Op.DEC32 -> count(2, DECREMENT, a);
            case Op.SHLI64 -> shiftOnly(4, 3, a, immediate);
            case Op.SHLI32 -> shiftOnly(4, 2, a, immediate);
            case Op.SHRI64 -> shiftOnly(5, 3, a, immediate);
            case Op.SHRI32 -> shiftOnly(5, 2, a, immediate);
            case Op.SARI64 -> shiftOnly(7, 3, a, immediate);
            case Op.SARI32 -> shiftOnly(7, 2, a, immediate);
            case Op.ROLI64 -> shiftOnly(0, 3, a, immediate);
            case Op.ROLI32 -> shiftOnly(0, 2, a, immediate);
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
            case Op.ALUG, Op.ALUGI -> general(w);
            case Op.SHIFT -> shiftByRegister(w);
            case Op.SHIFTI -> shiftByConstant(w);
            case Op.DOUBLE_SHIFT -> {
                if (Op.scale(w) == 1) {
                    return false; // counts above 16 are undefined
                }
                doubleShift(w);
            }
            case Op.MULTIPLY -> {
                return multiply(w);
            }
            case Op.IMULG -> signedMultiply(w);
            case Op.BIT_TEST -> {
                loadFlags();
                int index = in(b, RCX);
                int host = modify(a);
                asm.registers(0x0FA3 | Op.d(w) << 3, Op.scale(w), index, host);
                bitTested(w);
            }
            case Op.BIT_TEST_I -> {
                loadFlags();
                asm.registers(0x0FBA, Op.scale(w), 4 + Op.d(w), modify(a));
                asm.emit(immediate & (8 << Op.scale(w)) - 1);
                bitTested(w);
            }
            case Op.BIT_TEST_MEMORY -> bitTestMemory(w);
            case Op.BIT_SCAN -> bitScan(w);
            case Op.BSWAP -> {
                return byteSwap(w);
            }
            case Op.BIT_OPERATION -> {
                BitOperation operation = BitOperation.of(w);
                if (!bitOperations.contains(operation)) {
                    return false;
                }
                operation.emit(this, w);
            }
            case Op.CRC32 -> {
                int size = Op.scale(w);
                if (size < 2) {
                    return false;
                }
                get(RAX, a);
                get(RCX, b);
                asm.vector(3, 0x0F38F1, size == 3, RAX, RCX);
                set(a, RAX);
            }
            case Op.CMPXCHG_MEMORY -> compareExchangeMemory(w);
            case Op.SIGN_SPREAD -> {
                int size = Op.scale(w);
                op(size == 3 ? LOAD : size == 2 ? 0x63 : 0x0FBF, 3, RAX, CpuState.RAX);
                asm.registers(0xC1, 3, 7, RAX);
                asm.emit(63);
                put(size, CpuState.RDX, RAX);
                flagsInHost = false;
            }
            case Op.FLAG -> {
                return carryFlag(Op.d(w));
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /** The arithmetic of the interpreter's hot switch. */
    private void hot(int number, long w) {
        int size = (number & 2) == 0 ? 3 : 2;
        int operation = HOST_OPERATION[number >> 3];
        arithmetic(operation, size, Op.a(w), Op.b(w), Op.immediate(w), (number & 4) != 0);
        if ((number & 1) == 0) {
            saveFlags();
        } else {
            flagsInHost = false;
        }
    }

    private void arithmetic(int operation, int size, int a, int b, int immediate, boolean isImmediate) {
        int host = modify(a);
        if (isImmediate) {
            asm.immediate(operation, size, host, immediate);
        } else {
            op(operation << 3 | (size == 0 ? 2 : 3), size, host, b);
        }
        made(a);
    }

    private void count(int size, int operation, int a) {
        loadCarry();
        unary(size == 0 ? 0xFE : 0xFF, size, operation, a);
        saveFlags();
    }

    private void unary(int opcode, int size, int operation, int a) {
        asm.registers(opcode, size, operation, modify(a));
        made(a);
    }

    /** ADD OR ADC SBB AND SUB XOR, INC DEC NEG NOT, of any size. */
    private void general(long w) {
        int size = Op.scale(w);
        int operation = Op.d(w);
        int a = Op.a(w);
        boolean isImmediate = Op.op(w) == Op.ALUGI;
        switch (operation) {
            case 8 -> count(size, INCREMENT, a);
            case 9 -> count(size, DECREMENT, a);
            case 10 -> {
                unary(size == 0 ? 0xF6 : 0xF7, size, NEGATE, a);
                saveFlags();
            }
            case 11 -> unary(size == 0 ? 0xF6 : 0xF7, size, NOT, a);
            default -> {
                if (operation == ADC || operation == SBB) {
                    loadCarry();
                }
                arithmetic(operation, size, a, Op.b(w), Op.immediate(w), isImmediate);
                saveFlags();
            }
        }
    }

    // ---- shifts -----------------------------------------------------------------------------------------------------

    private void shiftOnly(int kind, int size, int a, int count) {
        asm.registers(0xC1, size, kind, modify(a));
        asm.emit(count);
        made(a);
        flagsInHost = false;
    }

    private void shiftByConstant(long w) {
        int size = Op.scale(w);
        int kind = Op.d(w);
        int a = Op.a(w);
        int count = Op.immediate(w) & (size == 3 ? 63 : 31);
        if (count == 0) {
            if (size == 2) {
                op(LOAD, 2, out(a), a);
                made(a);
            }
            return;
        }
        if (kind < 4) {
            loadFlags(); // a rotation leaves the others alone
        }
        asm.registers(size == 0 ? 0xC0 : 0xC1, size, kind, modify(a));
        asm.emit(count);
        made(a);
        shifted(kind);
    }

    private void shiftByRegister(long w) {
        int size = Op.scale(w);
        int kind = Op.d(w);
        int a = Op.a(w);
        get(RCX, Op.b(w));
        if (size == 2) {
            op(LOAD, 2, out(a), a);
            made(a);
        }
        asm.testImmediate(0, RCX, size == 3 ? 63 : 31);
        int zero = asm.jumpIf(EQUAL);
        flagsInHost = false;
        if (kind < 4) {
            loadFlags();
        }
        asm.registers(size == 0 ? 0xD2 : 0xD3, size, kind, modify(a));
        made(a);
        shifted(kind);
        asm.land(zero);
        flagsInHost = false;
    }

    private void shifted(int kind) {
        if (kind < 4) {
            saveFlags();
        } else {
            saveFlags(Flags.ARITHMETIC & ~Flags.AF);
        }
    }

    private void doubleShift(long w) {
        int size = Op.scale(w);
        int a = Op.a(w);
        int immediate = Op.immediate(w);
        boolean byRegister = immediate < 0;
        int count = immediate & (size == 3 ? 63 : 31);
        if (size == 2) {
            op(LOAD, 2, out(a), a);
            made(a);
        }
        if (!byRegister && count == 0) {
            return;
        }
        int zero = -1;
        if (byRegister) {
            get(RCX, CpuState.RCX);
            asm.testImmediate(0, RCX, size == 3 ? 63 : 31);
            zero = asm.jumpIf(EQUAL);
        }
        int fill = in(Op.b(w), RDX);
        asm.registers((Op.d(w) == 1 ? 0x0FAC : 0x0FA4) | (byRegister ? 1 : 0), size, fill, modify(a));
        if (!byRegister) {
            asm.emit(count);
        }
        made(a);
        saveFlags(Flags.ARITHMETIC & ~Flags.AF);
        if (zero >= 0) {
            asm.land(zero);
        }
        flagsInHost = false;
    }

    // ---- multiplication and division --------------------------------------------------------------------------------

    private boolean multiply(long w) {
        int size = Op.scale(w);
        int kind = Op.d(w);
        int a = Op.a(w);
        if (kind >= 6) {
            if (size < 2) {
                return false;
            }
            divide(kind == 7, size, a);
            return true;
        }
        get(RAX, CpuState.RAX);
        op(size == 0 ? 0xF6 : 0xF7, size, kind, a);
        asm.registers(SET_OVERFLOW, 0, 0, RCX);
        if (size == 0) {
            put(1, CpuState.RAX, RAX);
        } else {
            put(size, CpuState.RAX, RAX);
            put(size, CpuState.RDX, RDX);
        }
        multiplied(size);
        return true;
    }

    private static final int SET_OVERFLOW = 0x0F90;

    private void signedMultiply(long w) {
        int size = Op.scale(w);
        op(LOAD, size, RAX, Op.b(w));
        op(0x0FAF, size, RAX, Op.c(w));
        asm.registers(SET_OVERFLOW, 0, 0, RCX);
        put(size, Op.a(w), RAX);
        multiplied(size);
    }

    /** CF and OF from CL, SF, ZF and PF of the result in RAX. */
    private void multiplied(int size) {
        asm.registers(size == 0 ? 0x84 : 0x85, size, RAX, RAX);
        asm.emit(0x9F); // LAHF
        asm.immediate(AND, 2, RAX, 0xC600);
        asm.registers(0x0FB6, 2, RCX, RCX);
        asm.registers(0x0B, 2, RAX, RCX);
        asm.registers(0xC1, 2, 4, RCX);
        asm.emit(8);
        asm.registers(0x0B, 2, RAX, RCX);
        asm.memory(STORE, 1, RAX, STATE, displacement(FLAGS));
        flagsInHost = false;
    }

    /** The host divides where it won't fault; Java does the others, and raises the guest's fault. */
    private void divide(boolean signed, int size, int a) {
        op(LOAD, size, RCX, a);
        op(LOAD, size, RAX, CpuState.RAX);
        op(LOAD, size, RDX, CpuState.RDX);
        if (signed) {
            // The dividend must be no wider than the divisor, and the divisor neither 0 nor -1.
            asm.memory(STORE, 3, RAX, STATE, displacement(TARGET));
            asm.registers(0xC1, size, 7, RAX);
            asm.emit((8 << size) - 1);
            asm.registers(0x3B, size, RAX, RDX);
            rareBy(asm.jumpIf(NOT_EQUAL));
            asm.memory(LEA, size, RAX, RCX, 1);
            asm.immediate(CMP, size, RAX, 1);
            rareBy(asm.jumpIf(6));
            asm.memory(LOAD, 3, RAX, STATE, displacement(TARGET));
        } else {
            asm.registers(0x3B, size, RDX, RCX);
            rareBy(asm.jumpIf(ABOVE_OR_EQUAL));
        }
        asm.registers(0xF7, size, signed ? 7 : 6, RCX);
        set(CpuState.RAX, RAX);
        set(CpuState.RDX, RDX);
        landRare();
    }

    // ---- bits -------------------------------------------------------------------------------------------------------

    private void bitTested(long w) {
        if (Op.d(w) != 0) {
            if (Op.scale(w) == 2 && host(Op.a(w)) < 0) {
                asm.registers(LOAD, 2, RAX, RAX);
            }
            made(Op.a(w));
        }
        saveFlags();
    }

    private void bitTestMemory(long w) {
        int size = Op.scale(w);
        int kind = Op.d(w);
        get(RAX, Op.T1);
        translate(1 << size, kind != 0);
        get(RCX, Op.b(w));
        asm.immediate(AND, 2, RCX, (8 << size) - 1);
        asm.move(RDX, RAX);
        loadFlags();
        asm.memory(0x0FA3 | kind << 3, size, RCX, RDX, 0);
        saveFlags();
    }

    /** A source of zero leaves the destination alone; only ZF changes. */
    private void bitScan(long w) {
        int size = Op.scale(w);
        int a = Op.a(w);
        op(size == 1 ? 0x0FB7 : LOAD, size == 3 ? 3 : 2, RCX, Op.b(w));
        asm.immediateMemory(OR, 1, STATE, displacement(FLAGS), Flags.ZF << 8);
        asm.registers(Op.d(w) == 1 ? 0x0FBD : 0x0FBC, size == 3 ? 3 : 2, RDX, RCX);
        int zero = asm.jumpIf(EQUAL);
        put(size, a, RDX);
        asm.immediateMemory(AND, 1, STATE, displacement(FLAGS), ~(Flags.ZF << 8));
        asm.land(zero);
        flagsInHost = false;
    }

    private boolean byteSwap(long w) {
        int size = Op.scale(w);
        if (size < 2) {
            return false;
        }
        op(LOAD, size, RAX, Op.b(w));
        asm.emit(size == 3 ? 0x48 : 0x40);
        asm.emit(0x0F);
        asm.emit(0xC8);
        set(Op.a(w), RAX);
        return true;
    }

    /** All processors of a machine run on one thread: nothing needs to be locked. */
    private void compareExchangeMemory(long w) {
        int size = Op.scale(w);
        get(RAX, Op.T1);
        translate(1 << size, true);
        asm.move(RDX, RAX);
        get(RAX, CpuState.RAX);
        get(RCX, Op.b(w));
        asm.memory(size == 0 ? 0x0FB0 : 0x0FB1, size, RCX, RDX, 0);
        int equal = asm.jumpIf(EQUAL);
        put(size, CpuState.RAX, RAX);
        asm.land(equal);
        saveFlags();
    }

    private boolean carryFlag(int code) {
        int carry = Flags.CF << 8;
        switch (code) {
            case 5 -> asm.immediateMemory(XOR, 1, STATE, displacement(FLAGS), carry);
            case 8 -> asm.immediateMemory(AND, 1, STATE, displacement(FLAGS), ~carry);
            case 9 -> asm.immediateMemory(OR, 1, STATE, displacement(FLAGS), carry);
            default -> {
                return false;
            }
        }
        flagsInHost = false;
        return true;
    }
}
