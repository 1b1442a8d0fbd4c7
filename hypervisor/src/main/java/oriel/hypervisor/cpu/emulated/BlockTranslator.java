package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.NativeLayout.*;
import static oriel.hypervisor.cpu.hostcode.Assembler.*;

import oriel.hypervisor.cpu.CpuState;

/**
 * Makes code for the host of one block: the operations that the interpreter would run. What has no translation is left to
 * Java, one operation at a time.
 */
final class BlockTranslator extends NativeSystem {
    /** Offset of the two jumps to the blocks behind, or -1: taken, not taken. */
    private int takenJump, notTakenJump;

    private final NativeStubs stubs;

    BlockTranslator(NativeStubs stubs) {
        this.stubs = stubs;
    }

    /**
     * Translates a block.
     *
     * @param arena with the block's operations from {@code begin}, behind the one that enters it, to {@code end}
     */
    TranslatedBlock translate(long[] arena, int begin, int end) {
        beginCode();
        beginVectors();
        origin = begin - 1;
        takenJump = -1;
        notTakenJump = -1;
        operations(arena, begin, end);
        emitColds(stubs.exit());
        emitGuards(stubs.floating(), stubs.x87());
        int leave = asm.position();
        leave(exit(RESUME, origin));
        return new TranslatedBlock(asm.bytes(), takenJump, notTakenJump, leave, fixes());
    }

    private void operations(long[] arena, int begin, int end) {
        for (int i = begin; i < end; ) {
            long w = arena[i];
            int op = Op.op(w);
            int next = i + Op.length(w);
            at = i;
            start = asm.position();
            if (op >= Op.JMP && op <= Op.RESULTJ_NS) {
                branch(w, next > i + 1 ? arena[i + 1] : 0, arena);
                return;
            }
            if (op == Op.FALL_THROUGH || op == Op.LOOP || op >= Op.RARE && next >= end) {
                break;
            }
            if (!move(w, op == Op.MOVI64 ? arena[i + 1] : 0)
                    && !arithmetic(w)
                    && !vector(w)
                    && !x87(w)
                    && !string(w)
                    && !system(w)) {
                asm.address(RCX, 0);
                int hole = asm.position() - 4;
                asm.memory(STORE, 3, RCX, STATE, displacement(RETRY));
                leave(exit(RARE, i));
                asm.land(hole);
                flagsInHost = false;
                forgetGuards();
            }
            i = next;
        }
        leave(exit(RESUME, at));
    }

    private void leave(int exit) {
        leave(exit, stubs.exit());
    }

    // ---- branches ---------------------------------------------------------------------------------------------------

    private void branch(long w, long links, long[] arena) {
        int op = Op.op(w);
        int count = (int) w >>> 26;
        int a = Op.a(w);
        int immediate = Op.immediate(w);
        switch (op) {
            case Op.JMP -> edge(TAKEN, count, (int) links, arena);
            case Op.JMPX -> {
                relative(RAX, links);
                jumpTo(at, count);
            }
            case Op.JMPR -> {
                get(RAX, a);
                jumpTo(at, count);
            }
            case Op.CALL -> {
                push(() -> relative(RCX, immediate));
                edge(TAKEN, count, (int) links, arena);
            }
            case Op.CALLX -> {
                push(() -> relative(RCX, immediate));
                relative(RAX, links);
                jumpTo(at, count);
            }
            case Op.CALLR -> {
                push(() -> relative(RCX, immediate));
                if (a == CpuState.RSP) {
                    asm.memory(LEA, 3, RAX, host(a), 8);
                } else {
                    get(RAX, a);
                }
                jumpTo(at, count);
            }
            case Op.RET -> {
                top();
                asm.memory(LEA, 3, host(CpuState.RSP), host(CpuState.RSP), 8 + immediate);
                jumpTo(at, count);
            }
            default -> {
                int taken = asm.jumpIf(compare(w));
                edge(NOT_TAKEN, count, (int) (links >> 32), arena);
                asm.land(taken);
                edge(TAKEN, count, (int) links, arena);
            }
        }
    }

    /** Leaves the host's flags so that a condition, which is returned, takes the branch. */
    @SuppressWarnings("RefactorSwitch") // an arrow with a value reads worse
    private int compare(long w) {
        int op = Op.op(w);
        int a = Op.a(w);
        int b = Op.b(w);
        int immediate = Op.immediate(w);
        int size = Integer.numberOfTrailingZeros(64 - ((int) w >>> 20 & 63)) - 3;
        switch (op) {
            case Op.CMPJ_E, Op.CMPJ_NE, Op.CMPJ -> {
                op(size == 0 ? 0x3A : 0x3B, size, in(a, RAX), b);
                saveFlags();
                return op == Op.CMPJ_E ? 4 : op == Op.CMPJ_NE ? 5 : conditionOfRelations(immediate);
            }
            case Op.CMPJI_E, Op.CMPJI_NE, Op.CMPJI -> {
                asm.immediate(CMP, size, in(a, RAX), immediate);
                saveFlags();
                return op == Op.CMPJI_E ? 4 : op == Op.CMPJI_NE ? 5 : conditionOfRelations(b);
            }
            case Op.TESTJ_E, Op.TESTJ_NE, Op.TESTJ -> {
                op(size == 0 ? 0x84 : 0x85, size, in(a, RAX), b);
                saveFlags();
                return op == Op.TESTJ_E ? 4 : op == Op.TESTJ_NE ? 5 : conditionOfSigns(immediate);
            }
            case Op.TESTJI_E, Op.TESTJI_NE -> {
                asm.testImmediate(size, in(a, RAX), immediate);
                saveFlags();
                return op == Op.TESTJI_E ? 4 : 5;
            }
            case Op.JCC -> {
                loadFlags();
                return a;
            }
            default -> {
                int condition = switch (op) {
                    case Op.RESULTJ_E -> 4;
                    case Op.RESULTJ_NE -> 5;
                    case Op.RESULTJ_S -> 8;
                    default -> 9;
                };
                if (!flagsInHost) {
                    int register = in(a, RAX);
                    asm.registers(0x85, size, register, register);
                }
                return condition;
            }
        }
    }

    static int conditionOfRelations(int relations) {
        return switch (relations) {
            case 0b11000 -> 2;
            case 0b00111 -> 3;
            case 0b11001 -> 6;
            case 0b00110 -> 7;
            case 0b10100 -> 12;
            case 0b01011 -> 13;
            case 0b10101 -> 14;
            case 0b01010 -> 15;
            default -> throw new IllegalArgumentException("relations " + relations);
        };
    }

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

    private void relative(int register, long offset) {
        get(register, Op.RIP_BASE);
        if (offset == (int) offset) {
            asm.memory(LEA, 3, register, register, (int) offset);
        } else {
            asm.constant(RDX, offset);
            asm.registers(0x03, 3, register, RDX);
        }
    }

    private void pay(int count) {
        asm.immediateMemory(SUB, 2, STATE, displacement(LEFT), count);
    }

    /** The way to a linked block. The jump at its end is made to land there once it is linked. */
    private void edge(int kind, int count, int link, long[] arena) {
        pay(count);
        exitBy(asm.jumpIf(LESS_OR_EQUAL), exit(kind, at));
        int place = link - at;
        if (link >= 0 && place > 0 && place < 16 && isLocalJump(arena[link])) {
            // A jump behind the branch, to another page; paid for already.
            relative(RAX, arena[link + 1]);
            jumpTo(link, 0);
            return;
        }
        int jump = asm.jump();
        exitBy(jump, exit(kind, at));
        if (kind == TAKEN) {
            takenJump = jump - 1;
        } else {
            notTakenJump = jump - 1;
        }
    }

    private static boolean isLocalJump(long w) {
        return Op.op(w) == Op.JMPX && (int) w >>> 26 == 0;
    }

    /** Jumps to the instruction pointer in RAX. */
    private void jumpTo(int place, int count) {
        if (count != 0) {
            pay(count);
        }
        asm.constantMemory(2, STATE, displacement(SITE), exit(JUMP, place));
        exitMade();
        toStub(stubs.jump());
    }
}
