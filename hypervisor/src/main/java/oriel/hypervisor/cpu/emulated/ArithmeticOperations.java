package oriel.hypervisor.cpu.emulated;

/** ADD OR ADC SBB AND SUB XOR in the manual's order, then INC DEC NEG NOT, of any size: what is in the word's {@code d}. */
final class ArithmeticOperations {
    private static final int ADD_WITH_CARRY = 2, SUBTRACT_WITH_BORROW = 3;
    static final int INCREMENT = 8, DECREMENT = 9, NEGATE = 10, NOT = 11;

    static final Operation[] ALL = {
        new Operation(Op.ALUG) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                arithmetic(cpu, w, cpu.registers[Op.b(w)]);
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                emitArithmetic(code, w, false);
                return true;
            }
        },
        new Operation(Op.ALUGI) {
            @Override
            void execute(ExecutionCore cpu, long w) {
                arithmetic(cpu, w, Op.immediate(w));
            }

            @Override
            boolean emit(NativeOperands code, long w) {
                emitArithmetic(code, w, true);
                return true;
            }
        }
    };

    private ArithmeticOperations() {}

    private static void arithmetic(ExecutionCore cpu, long w, long operand) {
        int size = Op.scale(w);
        int slot = Op.a(w);
        long a = cpu.registers[slot];
        switch (Op.d(w)) {
            case 0 -> {
                cpu.lazy(Flags.ADD, size, a, operand);
                cpu.put(slot, size, a + operand);
            }
            case 1 -> {
                cpu.lazy(Flags.LOGIC, size, a | operand, 0);
                cpu.put(slot, size, a | operand);
            }
            case ADD_WITH_CARRY -> addWithCarry(cpu, size, slot, a, operand);
            case SUBTRACT_WITH_BORROW -> subtractWithBorrow(cpu, size, slot, a, operand);
            case 4 -> {
                cpu.lazy(Flags.LOGIC, size, a & operand, 0);
                cpu.put(slot, size, a & operand);
            }
            case 5 -> {
                cpu.lazy(Flags.SUB, size, a, operand);
                cpu.put(slot, size, a - operand);
            }
            case 6 -> {
                cpu.lazy(Flags.LOGIC, size, a ^ operand, 0);
                cpu.put(slot, size, a ^ operand);
            }
            case INCREMENT -> {
                cpu.lazy(Flags.INC, size, a + 1, cpu.carry());
                cpu.put(slot, size, a + 1);
            }
            case DECREMENT -> {
                cpu.lazy(Flags.DEC, size, a - 1, cpu.carry());
                cpu.put(slot, size, a - 1);
            }
            case NEGATE -> {
                cpu.lazy(Flags.SUB, size, 0, a);
                cpu.put(slot, size, -a);
            }
            default -> cpu.put(slot, size, ~a);
        }
    }

    private static void addWithCarry(ExecutionCore cpu, int size, int slot, long a, long b) {
        int carry = cpu.carry();
        long m = ExecutionCore.mask(size);
        long x = a & m;
        long y = b & m;
        long sum = x + y + carry & m;
        int flags = (int) (x ^ y ^ sum) & Flags.AF;
        if (carry == 0 ? Long.compareUnsigned(sum, x) < 0 : Long.compareUnsigned(sum, x) <= 0) {
            flags |= Flags.CF;
        }
        if (((x ^ sum) & (y ^ sum)) << 64 - (8 << size) < 0) {
            flags |= Flags.OF;
        }
        cpu.lazy(Flags.RESULT, size, sum, flags);
        cpu.put(slot, size, sum);
    }

    private static void subtractWithBorrow(ExecutionCore cpu, int size, int slot, long a, long b) {
        int borrow = cpu.carry();
        long m = ExecutionCore.mask(size);
        long x = a & m;
        long y = b & m;
        long difference = x - y - borrow & m;
        int flags = (int) (x ^ y ^ difference) & Flags.AF;
        if (borrow == 0 ? Long.compareUnsigned(x, y) < 0 : Long.compareUnsigned(x, y) <= 0) {
            flags |= Flags.CF;
        }
        if (((x ^ y) & (x ^ difference)) << 64 - (8 << size) < 0) {
            flags |= Flags.OF;
        }
        cpu.lazy(Flags.RESULT, size, difference, flags);
        cpu.put(slot, size, difference);
    }

    private static void emitArithmetic(NativeOperands code, long w, boolean isImmediate) {
        int size = Op.scale(w);
        int a = Op.a(w);
        switch (Op.d(w)) {
            case INCREMENT -> emitCount(code, size, false, a);
            case DECREMENT -> emitCount(code, size, true, a);
            case NEGATE -> {
                emitUnary(code, size == 0 ? 0xF6 : 0xF7, size, 3, a);
                code.saveFlags();
            }
            case NOT -> emitUnary(code, size == 0 ? 0xF6 : 0xF7, size, 2, a);
            default -> {
                if (Op.d(w) == ADD_WITH_CARRY || Op.d(w) == SUBTRACT_WITH_BORROW) {
                    code.loadCarry();
                }
                emitBinary(code, Op.d(w), size, w, isImmediate);
                code.saveFlags();
            }
        }
    }

    /** The host's instruction of two operands, without its flags. */
    static void emitBinary(NativeOperands code, int operation, int size, long w, boolean isImmediate) {
        int host = code.modify(Op.a(w));
        if (isImmediate) {
            code.asm.immediate(operation, size, host, Op.immediate(w));
        } else {
            code.op(operation << 3 | (size == 0 ? 2 : 3), size, host, Op.b(w));
        }
        code.made(Op.a(w));
    }

    /** INC or DEC, which leave CF alone. */
    static void emitCount(NativeOperands code, int size, boolean down, int a) {
        code.loadCarry();
        emitUnary(code, size == 0 ? 0xFE : 0xFF, size, down ? 1 : 0, a);
        code.saveFlags();
    }

    private static void emitUnary(NativeOperands code, int opcode, int size, int digit, int a) {
        code.asm.registers(opcode, size, digit, code.modify(a));
        code.made(a);
    }
}
