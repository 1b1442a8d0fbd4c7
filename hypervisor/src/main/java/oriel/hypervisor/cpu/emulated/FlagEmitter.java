package oriel.hypervisor.cpu.emulated;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * Bytecode for flags and conditions. The interpreter's three fields (kind, first and second operand) are three locals;
 * writing them costs nothing where nobody reads them, for the JIT sees that. Where the kind is known while translating,
 * a condition becomes one comparison.
 */
abstract class FlagEmitter {
    static final ClassDesc CPU = descriptor(Interpreter.class);

    static final int FLAG_KIND = 8, FLAG_A = 9, FLAG_B = 11;
    static final int UNKNOWN = -1;

    private static final MethodTypeDesc COMPARE = MethodTypeDesc.ofDescriptor("(JJ)I");

    /** Where the bytecode goes. */
    @SuppressWarnings("NullAway.Init") // set before code is made
    CodeBuilder c;

    /** What {@link #FLAG_KIND} holds here, or {@link #UNKNOWN}. */
    int kind;

    static ClassDesc descriptor(Class<?> type) {
        return type.describeConstable().orElseThrow();
    }

    abstract void get(int slot);

    final void zeroExtend32() {
        c.loadConstant(0xFFFF_FFFFL).land();
    }

    final void loadFlags() {
        c.aload(1).getfield(CPU, "flagKind", ConstantDescs.CD_int).istore(FLAG_KIND);
        c.aload(1).getfield(CPU, "flagA", ConstantDescs.CD_long).lstore(FLAG_A);
        c.aload(1).getfield(CPU, "flagB", ConstantDescs.CD_long).lstore(FLAG_B);
    }

    final void storeFlags() {
        c.aload(1).iload(FLAG_KIND).putfield(CPU, "flagKind", ConstantDescs.CD_int);
        c.aload(1).lload(FLAG_A).putfield(CPU, "flagA", ConstantDescs.CD_long);
        c.aload(1).lload(FLAG_B).putfield(CPU, "flagB", ConstantDescs.CD_long);
    }

    final void recordKind(int newKind) {
        c.loadConstant(newKind).istore(FLAG_KIND);
        kind = newKind;
    }

    /** Flags of an operation on two operands. */
    final void record(int newKind, Runnable first, Runnable second) {
        first.run();
        c.lstore(FLAG_A);
        second.run();
        c.lstore(FLAG_B);
        recordKind(newKind);
    }

    /** Flags of a result. */
    final void recordResult(int newKind, Runnable result) {
        result.run();
        c.lstore(FLAG_A);
        recordKind(newKind);
    }

    private static int shift(int size) {
        return 64 - (8 << size);
    }

    private void shiftUp(int size) {
        if (size < 3) {
            c.loadConstant(shift(size)).lshl();
        }
    }

    /** CF, 0 or 1, as a long. */
    final void pushCarry() {
        int size = kind & 3;
        switch (kind == UNKNOWN ? Flags.EAGER : kind & ~3) {
            case Flags.LOGIC -> c.lconst_0();
            case Flags.INC, Flags.DEC, Flags.RESULT ->
                c.lload(FLAG_B).lconst_1().land();
            case Flags.SUB, Flags.ADD -> {
                Label no = c.newLabel();
                Label both = c.newLabel();
                pushCarryComparison(size);
                c.ifge(no).lconst_1().goto_(both).labelBinding(no).lconst_0().labelBinding(both);
            }
            default -> {
                Label call = c.newLabel();
                Label both = c.newLabel();
                c.iload(FLAG_KIND).loadConstant(Flags.INC).if_icmplt(call);
                c.lload(FLAG_B).lconst_1().land().goto_(both).labelBinding(call);
                c.aload(1).iload(FLAG_KIND).lload(FLAG_A).lload(FLAG_B);
                c.invokevirtual(CPU, "carryOf", MethodTypeDesc.ofDescriptor("(IJJ)J"))
                        .labelBinding(both);
            }
        }
    }

    /** Pushes an int that is negative if CF is set, after an addition or subtraction. */
    private void pushCarryComparison(int size) {
        if ((kind & ~3) == Flags.SUB) {
            c.lload(FLAG_A);
            shiftUp(size);
            c.lload(FLAG_B);
            shiftUp(size);
        } else {
            c.lload(FLAG_A).lload(FLAG_B).ladd();
            shiftUp(size);
            c.lload(FLAG_A);
            shiftUp(size);
        }
        c.invokestatic(ConstantDescs.CD_Long, "compareUnsigned", COMPARE);
    }

    final void branchUnless(int condition, Label target) {
        branchIf(condition ^ 1, target);
    }

    /** Branches if a condition code holds. */
    final void branchIf(int condition, Label target) {
        boolean done = switch (kind == UNKNOWN ? Flags.EAGER : kind & ~3) {
            case Flags.SUB -> branchOnDifference(condition, target);
            case Flags.LOGIC -> branchOnLogic(condition, target);
            case Flags.ADD -> branchOnSum(condition, target);
            case Flags.INC, Flags.DEC, Flags.RESULT -> branchOnResult(condition, target);
            default -> false;
        };
        if (!done) {
            c.aload(1).iload(FLAG_KIND).lload(FLAG_A).lload(FLAG_B).loadConstant(condition);
            c.invokevirtual(CPU, "conditionOf", MethodTypeDesc.ofDescriptor("(IJJI)Z"))
                    .ifne(target);
        }
    }

    private boolean branchOnDifference(int condition, Label target) {
        int size = kind & 3;
        Opcode opcode = switch (condition) {
            case 2, 12 -> Opcode.IFLT;
            case 3, 13 -> Opcode.IFGE;
            case 4 -> Opcode.IFEQ;
            case 5 -> Opcode.IFNE;
            case 6, 14 -> Opcode.IFLE;
            case 7, 15 -> Opcode.IFGT;
            case 8 -> Opcode.IFLT;
            case 9 -> Opcode.IFGE;
            default -> Opcode.NOP;
        };
        if (opcode == Opcode.NOP) {
            return false;
        }
        if (condition == 8 || condition == 9) {
            c.lload(FLAG_A).lload(FLAG_B).lsub();
            shiftUp(size);
            c.lconst_0().lcmp().branch(opcode, target);
            return true;
        }
        boolean unsigned = condition < 4 || condition == 6 || condition == 7;
        if (size == 2) {
            c.lload(FLAG_A).l2i().lload(FLAG_B).l2i();
            if (unsigned) {
                c.invokestatic(ConstantDescs.CD_Integer, "compareUnsigned", MethodTypeDesc.ofDescriptor("(II)I"))
                        .branch(opcode, target);
            } else {
                c.branch(intComparison(opcode), target);
            }
            return true;
        }
        c.lload(FLAG_A);
        shiftUp(size);
        c.lload(FLAG_B);
        shiftUp(size);
        if (unsigned) {
            c.invokestatic(ConstantDescs.CD_Long, "compareUnsigned", COMPARE);
        } else {
            c.lcmp();
        }
        c.branch(opcode, target);
        return true;
    }

    private static Opcode intComparison(Opcode withZero) {
        return switch (withZero) {
            case IFLT -> Opcode.IF_ICMPLT;
            case IFGE -> Opcode.IF_ICMPGE;
            case IFEQ -> Opcode.IF_ICMPEQ;
            case IFNE -> Opcode.IF_ICMPNE;
            case IFLE -> Opcode.IF_ICMPLE;
            default -> Opcode.IF_ICMPGT;
        };
    }

    private boolean branchOnLogic(int condition, Label target) {
        Opcode opcode = switch (condition) {
            case 0, 2 -> Opcode.NOP;
            case 1, 3 -> Opcode.GOTO;
            case 4, 6 -> Opcode.IFEQ;
            case 5, 7 -> Opcode.IFNE;
            case 8, 12 -> Opcode.IFLT;
            case 9, 13 -> Opcode.IFGE;
            case 14 -> Opcode.IFLE;
            case 15 -> Opcode.IFGT;
            default -> Opcode.RETURN;
        };
        if (opcode == Opcode.RETURN) {
            return false;
        }
        if (opcode == Opcode.GOTO) {
            always(target);
        } else if (opcode != Opcode.NOP) {
            pushSigned(() -> c.lload(FLAG_A), kind & 3);
            c.branch(opcode, target);
        }
        return true;
    }

    /** A branch that is always taken, in a form after which code may still follow. */
    private void always(Label target) {
        c.iconst_0().ifeq(target);
    }

    /** Pushes an int with the sign of a value of some size. */
    final void pushSigned(Runnable value, int size) {
        value.run();
        if (size == 2) {
            c.l2i();
        } else {
            shiftUp(size);
            c.lconst_0().lcmp();
        }
    }

    /** Branches on the int of {@link #pushSigned}: E NE S NS. */
    final void branchOnSign(int which, int size, Label target) {
        c.branch(
                switch (which) {
                    case 0 -> Opcode.IFEQ;
                    case 1 -> Opcode.IFNE;
                    case 2 -> Opcode.IFLT;
                    default -> Opcode.IFGE;
                },
                target);
    }

    private boolean branchOnSum(int condition, Label target) {
        int size = kind & 3;
        if (condition == 2 || condition == 3) {
            pushCarryComparison(size);
            c.branch(condition == 2 ? Opcode.IFLT : Opcode.IFGE, target);
            return true;
        }
        int which = simple(condition);
        if (which < 0) {
            return false;
        }
        pushSigned(() -> c.lload(FLAG_A).lload(FLAG_B).ladd(), size);
        branchOnSign(which, size, target);
        return true;
    }

    private boolean branchOnResult(int condition, Label target) {
        if (condition == 2 || condition == 3) {
            c.lload(FLAG_B).l2i().iconst_1().iand().branch(condition == 2 ? Opcode.IFNE : Opcode.IFEQ, target);
            return true;
        }
        int which = simple(condition);
        if (which < 0) {
            return false;
        }
        pushSigned(() -> c.lload(FLAG_A), kind & 3);
        branchOnSign(which, kind & 3, target);
        return true;
    }

    private static int simple(int condition) {
        return switch (condition) {
            case 4 -> 0;
            case 5 -> 1;
            case 8 -> 2;
            case 9 -> 3;
            default -> -1;
        };
    }

    /** The condition code of {@link Op#CMPJ}'s set of relations. */
    static int conditionOfRelations(int relations) {
        return switch (relations) {
            case 0b11000 -> 2;
            case 0b00111 -> 3;
            case 0b00001 -> 4;
            case 0b11110 -> 5;
            case 0b11001 -> 6;
            case 0b00110 -> 7;
            case 0b10100 -> 12;
            case 0b01011 -> 13;
            case 0b10101 -> 14;
            case 0b01010 -> 15;
            default -> throw new IllegalArgumentException("relations " + relations);
        };
    }

    /** A condition code that holds after a test for the same values as {@link Op#TESTJ}'s set of signs. */
    static int conditionOfSigns(int signs) {
        return switch (signs) {
            case 0b010 -> 4;
            case 0b101 -> 5;
            case 0b001 -> 8;
            case 0b110 -> 9;
            case 0b011 -> 14;
            case 0b100 -> 15;
            default -> throw new IllegalArgumentException("signs " + signs);
        };
    }
}
