package oriel.hypervisor.cpu.emulated;

/**
 * From operands to operations: addresses, loads, stores, arithmetic, branches. What the opcode tables are written in.
 */
abstract class Lowering {
    static final int ALL = Flags.ARITHMETIC;

    final InstructionReader in;
    final BlockBuilder out;

    /** The block ends behind the current instruction. */
    boolean ended;

    /** The instruction may carry LOCK. */
    boolean lockable;

    // Processor mode.
    boolean mode64, protectedMode, flat, stack32;

    private boolean addressed;

    Lowering(InstructionReader in, BlockBuilder out) {
        this.in = in;
        this.out = out;
    }

    void beginOperands() {
        ended = false;
        lockable = false;
        addressed = false;
    }

    DecodeSignal invalid() {
        return in.invalid;
    }

    void only64(boolean condition) {
        if (!condition) {
            throw in.invalid;
        }
    }

    /** An operation outside the hot set: sees exact flags. */
    void rare(int op, int a, int b, int scale, int d, int immediate) {
        out.op(op, a, b, 0, scale, d, immediate);
        out.readsFlags(ALL);
    }

    void rare(int op) {
        rare(op, 0, 0, 0, 0, 0);
    }

    /** A rare operation behind which the block ends; its immediate is the offset of the next instruction. */
    void rareEnd(int op, int a, int b, int scale, int d) {
        rare(op, a, b, scale, d, in.position);
        ended = true;
    }

    // ---- memory operands --------------------------------------------------------------------------------------------

    /** Makes the reader's memory operand one that operations understand: linear, with segment and wrap-around. */
    void address(int size, boolean write) {
        if (addressed) {
            return;
        }
        addressed = true;
        int segment = in.segment >= 0 ? in.segment : in.stackDefault ? 2 : 3;
        if (mode64) {
            if (in.addressSize == 2) {
                effectiveAddress(Op.T1);
                operandInT1();
            }
            if (in.segment >= 4) {
                int slot = Op.SEGMENT_BASE + in.segment;
                if (in.index == Op.ZERO && in.base != Op.ZERO) {
                    in.index = slot;
                    in.scale = 0;
                } else if (in.base == Op.ZERO) {
                    in.base = slot;
                } else {
                    effectiveAddress(Op.T1);
                    operandInT1();
                    in.index = slot;
                }
            }
            return;
        }
        effectiveAddress(Op.T1);
        operandInT1();
        if (!flat || segment == 1 || segment >= 4) {
            out.op(Op.SEGMENT_CHECK, Op.T1, Op.T1, 0, 0, segment | (write ? 8 : 0), size);
        }
    }

    private void operandInT1() {
        in.base = Op.T1;
        in.index = Op.ZERO;
        in.scale = 0;
        in.displacement = 0;
    }

    /** LEA to a slot, in the address size, without segment. */
    void effectiveAddress(int slot) {
        int op = in.addressSize == 3 ? Op.LEA64 : in.addressSize == 2 ? Op.LEA32 : Op.LEA16;
        out.op(op, slot, in.base, in.index, in.scale, 0, in.displacement);
    }

    /** The linear address in T1. */
    void linearToT1(int size, boolean write) {
        address(size, write);
        if (in.base != Op.T1 || in.index != Op.ZERO || in.displacement != 0) {
            out.op(Op.LEA64, Op.T1, in.base, in.index, in.scale, 0, in.displacement);
            operandInT1();
        }
    }

    void memory(int op, int slot) {
        out.op(op, slot, in.base, in.index, in.scale, 0, in.displacement);
    }

    /** Zero-extending load of the memory operand; size log2. */
    void load(int size, int slot) {
        address(1 << size, false);
        memory(Op.LD8 + size, slot);
    }

    /** Load that the same instruction's store follows. */
    void loadForWrite(int size, int slot) {
        address(1 << size, true);
        out.op(Op.LDW, slot, in.base, in.index, in.scale, size, in.displacement);
    }

    void storeMemory(int size, int slot) {
        address(1 << size, true);
        memory(Op.ST8 + size, slot);
    }

    // ---- registers --------------------------------------------------------------------------------------------------

    private boolean highByte(int register) {
        return in.rex == 0 && register >= 4 && register < 8;
    }

    /** A slot with the value of a register in its low bits; AH… come through the temporary. */
    int source(int size, int register, int temporary) {
        if (size == 0 && highByte(register)) {
            out.op(Op.EXTRACT_HIGH, temporary, register - 4);
            return temporary;
        }
        return register;
    }

    void setRegister(int size, int register, int slot) {
        switch (size) {
            case 0 -> {
                if (highByte(register)) {
                    out.op(Op.INSERT_HIGH, register - 4, slot);
                } else if (register != slot) {
                    out.op(Op.INSERT8, register, slot);
                }
            }
            case 1 -> {
                if (register != slot) {
                    out.op(Op.INSERT16, register, slot);
                }
            }
            case 2 -> out.op(Op.MOV32, register, slot);
            default -> {
                if (register != slot) {
                    out.op(Op.MOV64, register, slot);
                }
            }
        }
    }

    /** A slot with the r/m operand's value; memory comes through the temporary. */
    int rmSource(int size, int temporary) {
        if (in.isMemory) {
            load(size, temporary);
            return temporary;
        }
        return source(size, in.rm, temporary);
    }

    /** Like {@link #rmSource}, for an operand that {@link #rmResult} writes then. */
    int rmForWrite(int size, int temporary) {
        if (in.isMemory) {
            lockable = true;
            loadForWrite(size, temporary);
            return temporary;
        }
        return source(size, in.rm, temporary);
    }

    void rmResult(int size, int slot) {
        if (in.isMemory) {
            storeMemory(size, slot);
        } else if (slot != in.rm) {
            setRegister(size, in.rm, slot);
        }
    }

    // ---- arithmetic -------------------------------------------------------------------------------------------------

    /** ADD OR ADC SBB AND SUB XOR CMP, in encoding order. */
    void alu(int operation, int size, int destination, int source) {
        if (operation == 7) {
            out.op(Op.CMP, destination, source, 0, size, 0, 0);
            out.writesFlags(ALL);
            out.flagless(Op.NOP);
            return;
        }
        if (size < 2 || operation == 2 || operation == 3) {
            out.op(Op.ALUG, destination, source, 0, size, operation, 0);
            aluFlags(operation);
            return;
        }
        boolean wide = size == 3;
        int kind = hot(operation);
        out.op(Op.alu(kind, false, wide, true), destination, source);
        out.writesFlags(ALL);
        out.flagless(Op.word(Op.alu(kind, false, wide, false), destination, source, 0, 0, 0, 0));
    }

    void aluImmediate(int operation, int size, int destination, int immediate) {
        if (operation == 7) {
            out.op(Op.CMPI, destination, 0, 0, size, 0, immediate);
            out.writesFlags(ALL);
            out.flagless(Op.NOP);
            return;
        }
        if (size < 2 || operation == 2 || operation == 3) {
            out.op(Op.ALUGI, destination, 0, 0, size, operation, immediate);
            aluFlags(operation);
            return;
        }
        boolean wide = size == 3;
        int kind = hot(operation);
        out.op(Op.alu(kind, true, wide, true), destination, 0, immediate);
        out.writesFlags(ALL);
        out.flagless(Op.word(Op.alu(kind, true, wide, false), destination, 0, 0, 0, 0, immediate));
    }

    private void aluFlags(int operation) {
        out.writesFlags(ALL);
        if (operation == 2 || operation == 3) {
            out.readsFlags(Flags.CF);
        }
    }

    private static int hot(int operation) {
        return switch (operation) {
            case 0 -> Op.ADD;
            case 1 -> Op.OR;
            case 4 -> Op.AND;
            case 5 -> Op.SUB;
            default -> Op.XOR;
        };
    }

    void test(int size, int a, int b) {
        out.op(Op.TEST, a, b, 0, size, 0, 0);
        out.writesFlags(ALL);
        out.flagless(Op.NOP);
    }

    void testImmediate(int size, int a, int immediate) {
        out.op(Op.TESTI, a, 0, 0, size, 0, immediate);
        out.writesFlags(ALL);
        out.flagless(Op.NOP);
    }

    void incrementOrDecrement(boolean decrement, int size, int slot) {
        if (size < 2) {
            out.op(Op.ALUG, slot, Op.ZERO, 0, size, decrement ? 9 : 8, 0);
        } else {
            out.op((decrement ? Op.DEC64 : Op.INC64) + (size == 3 ? 0 : 1), slot, 0);
            out.flagless(Op.word(Op.alu(Op.ADD, true, size == 3, false), slot, 0, 0, 0, 0, decrement ? -1 : 1));
        }
        // CF stays: recorded with the new flags, which is why the old ones must be there to take it from.
        out.writesFlags(ALL & ~Flags.CF);
    }

    void negate(int size, int slot) {
        out.op(Op.ALUG, slot, Op.ZERO, 0, size, 10, 0);
        out.writesFlags(ALL);
    }

    // ---- branches ---------------------------------------------------------------------------------------------------

    private int count() {
        return out.instructions();
    }

    private boolean linkable(long target) {
        return target >= 0
                && target < InstructionReader.PAGE_SIZE
                && (mode64 || in.codeSize == 2 && in.operandSize == 2);
    }

    /** Jump to an offset relative to the page, as the last thing of a block. */
    void jump(long target, int instructions) {
        if (linkable(target)) {
            out.add(Op.terminator(Op.JMP, 0, 0, 0, instructions, 0));
            out.operand(~target & 0xFFFF_FFFFL);
            ended = true;
        } else {
            jumpUnlinked(target, instructions);
        }
    }

    /** Jump that looks its target up every time. */
    void jumpUnlinked(long target, int instructions) {
        out.add(Op.terminator(mode64 ? Op.JMPX : Op.JMPG, 0, 0, in.operandSize, instructions, 0));
        out.operand(target);
        ended = true;
    }

    /** Ends the block behind an instruction after which the processor's mode may be another, or interrupts are due. */
    void leaveBlock() {
        out.op(Op.FALL_THROUGH, 0, 0, in.position);
        ended = true;
    }

    void jump(long target) {
        jump(target, count());
    }

    void call(long target) {
        if (!mode64) {
            out.add(Op.terminator(Op.CALLG, 0, 0, in.operandSize, count(), in.position));
            out.operand(target);
        } else if (linkable(target)) {
            out.add(Op.terminator(Op.CALL, 0, 0, 0, count(), in.position));
            out.operand(~target & 0xFFFF_FFFFL);
        } else {
            out.add(Op.terminator(Op.CALLX, 0, 0, 0, count(), in.position));
            out.operand(target);
        }
        ended = true;
    }

    void jumpIndirect(int slot) {
        out.add(Op.terminator(mode64 ? Op.JMPR : Op.JMPRG, slot, 0, in.operandSize, count(), 0));
        ended = true;
    }

    void callIndirect(int slot) {
        out.add(Op.terminator(mode64 ? Op.CALLR : Op.CALLRG, slot, 0, in.operandSize, count(), in.position));
        ended = true;
    }

    void returnNear(int extra) {
        out.add(Op.terminator(mode64 ? Op.RET : Op.RETG, 0, 0, in.operandSize, count(), extra));
        ended = true;
    }

    /** Conditional branch, fused with the compare or test before it if there is one. */
    void branch(int condition, long target) {
        long before = out.lastOperation();
        int op = Op.op(before);
        int size = Op.scale(before);
        int shift = 64 - (8 << size);
        out.readsFlags(Flags.readBy(condition));
        if (op == Op.CMP || op == Op.CMPI) {
            int relations = relations(condition);
            if (relations != 0) {
                out.takeLast();
                branchWords(compareBranch(before, condition, relations, shift), target);
                return;
            }
        } else if (op == Op.TEST || op == Op.TESTI) {
            int signs = signs(condition);
            if (signs == 2 || signs == 5 || signs != 0 && op == Op.TEST) {
                out.takeLast();
                branchWords(testBranch(before, signs, shift), target);
                return;
            }
        }
        boolean withResult = op >= Op.ALU && op < Op.CMP && (op - Op.ALU & 1) == 0 || op >= Op.INC64 && op <= Op.DEC32;
        int place = condition == 4 ? 0 : condition == 5 ? 1 : condition == 8 ? 2 : condition == 9 ? 3 : -1;
        if (withResult && place >= 0) {
            boolean wide = op >= Op.INC64 ? (op - Op.INC64 & 1) == 0 : (op - Op.ALU & 2) == 0;
            branchWords(Op.terminator(Op.RESULTJ_E + place, Op.a(before), 0, wide ? 0 : 32, count(), 0), target);
            return;
        }
        branchWords(Op.terminator(Op.JCC, condition & 31, 0, 0, count(), 0), target);
    }

    private long compareBranch(long compare, int condition, int relations, int shift) {
        boolean immediate = Op.op(compare) == Op.CMPI;
        int a = Op.a(compare);
        int b = Op.b(compare);
        if (condition == 4 || condition == 5) {
            int op = condition == 4 ? Op.CMPJ_E : Op.CMPJ_NE;
            return Op.terminator(immediate ? op + 1 : op, a, b, shift, count(), Op.immediate(compare));
        }
        return immediate
                ? Op.terminator(Op.CMPJI, a, relations, shift, count(), Op.immediate(compare))
                : Op.terminator(Op.CMPJ, a, b, shift, count(), relations);
    }

    private long testBranch(long test, int signs, int shift) {
        boolean immediate = Op.op(test) == Op.TESTI;
        int a = Op.a(test);
        int b = Op.b(test);
        if (signs == 2 || signs == 5) {
            int op = signs == 2 ? Op.TESTJ_E : Op.TESTJ_NE;
            return Op.terminator(immediate ? op + 1 : op, a, b, shift, count(), Op.immediate(test));
        }
        return Op.terminator(Op.TESTJ, a, b, shift, count(), signs);
    }

    /** The relations of two compared operands that take a branch, as {@link Op#CMPJ} wants them; 0 if it isn't one. */
    private static int relations(int condition) {
        return switch (condition) {
            case 2 -> 0b11000;
            case 3 -> 0b00111;
            case 4 -> 0b00001;
            case 5 -> 0b11110;
            case 6 -> 0b11001;
            case 7 -> 0b00110;
            case 12 -> 0b10100;
            case 13 -> 0b01011;
            case 14 -> 0b10101;
            case 15 -> 0b01010;
            default -> 0;
        };
    }

    /** The signs of a tested value that take a branch: bit 0 negative, 1 zero, 2 positive. */
    private static int signs(int condition) {
        return switch (condition) {
            case 4, 6 -> 0b010;
            case 5, 7 -> 0b101;
            case 8, 12 -> 0b001;
            case 9, 13 -> 0b110;
            case 14 -> 0b011;
            case 15 -> 0b100;
            default -> 0;
        };
    }

    /** A branch's two words, and jumps behind it for directions that can't be linked. */
    void branchWords(long word, long target) {
        long next = in.position;
        boolean takenLinks = linkable(target);
        boolean nextLinks = linkable(next);
        out.add(word);
        int place = out.size();
        out.operand(0);
        // A link of at least 2^30 is relative to the block: CodeCache adds the block's place.
        long taken = ~target;
        long notTaken = ~next;
        if (!takenLinks) {
            taken = CodeCache.LOCAL_LINK | out.size();
            jump(target, 0);
        }
        if (!nextLinks) {
            notTaken = CodeCache.LOCAL_LINK | out.size();
            in.operandSize = in.codeSize;
            jump(next, 0);
        }
        out.setLinks(place, (int) taken, (int) notTaken);
        ended = true;
    }
}
