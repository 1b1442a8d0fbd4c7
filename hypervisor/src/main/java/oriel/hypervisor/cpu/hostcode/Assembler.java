package oriel.hypervisor.cpu.hostcode;

import java.util.Arrays;

/**
 * Encodes x86-64 instructions (Intel SDM 2, appendix A) into a buffer. Registers have their encodings' numbers, 0–15.
 * Sizes are the logarithm of bytes, 0–3. Not thread-safe.
 *
 * <p>It knows forms, not mnemonics: an opcode, a register operand, and a register or memory operand. Two-byte opcodes are
 * written {@code 0x0FXX}, three-byte ones {@code 0x0F38XX} and {@code 0x0F3AXX}.
 */
public final class Assembler {
    /** Registers. */
    public static final int RAX = 0,
            RCX = 1,
            RDX = 2,
            RBX = 3,
            RSP = 4,
            RBP = 5,
            RSI = 6,
            RDI = 7,
            R8 = 8,
            R9 = 9,
            R10 = 10,
            R11 = 11,
            R12 = 12,
            R13 = 13,
            R14 = 14,
            R15 = 15;

    /** Arithmetic, for {@link #immediate}: also bits 3–5 of their opcodes. */
    public static final int ADD = 0, OR = 1, ADC = 2, SBB = 3, AND = 4, SUB = 5, XOR = 6, CMP = 7;

    /** Conditions used by name; others have the numbers of Jcc. */
    public static final int CARRY = 2, NOT_CARRY = 3, EQUAL = 4, NOT_EQUAL = 5, ABOVE_OR_EQUAL = 3, LESS_OR_EQUAL = 14;

    /** LEA, and MOV from and to r/m. */
    public static final int LEA = 0x8D, LOAD = 0x8B, STORE = 0x89;

    private byte[] code = new byte[4096];
    private int size;

    /** Starts anew. */
    public void reset() {
        size = 0;
    }

    /** Bytes so far: the place of the next instruction. */
    public int position() {
        return size;
    }

    /** The bytes. */
    public byte[] bytes() {
        return Arrays.copyOf(code, size);
    }

    // ---- forms ------------------------------------------------------------------------------------------------------

    /** Register and register. */
    public void registers(int opcode, int operandSize, int register, int rm) {
        encode(0, opcode, operandSize, register, 0, rm, false);
        emit(0xC0 | (register & 7) << 3 | rm & 7);
    }

    /** Register and {@code [base + displacement]}. */
    public void memory(int opcode, int operandSize, int register, int base, int displacement) {
        encode(0, opcode, operandSize, register, 0, base, true);
        operand(register, base, displacement);
    }

    /** Register and {@code [base + (index << scale) + displacement]}; the index must not be {@link #RSP}. */
    public void indexed(int opcode, int operandSize, int register, int base, int index, int scale, int displacement) {
        encode(0, opcode, operandSize, register, index, base, true);
        operand(register, base, index, scale, displacement);
    }

    /** An SSE instruction with a mandatory prefix (0 none, 1 66, 2 F3, 3 F2) on two registers. */
    public void vector(int prefix, int opcode, int register, int rm) {
        vector(prefix, opcode, false, register, rm);
    }

    /** The same, with REX.W. */
    public void vector(int prefix, int opcode, boolean wide, int register, int rm) {
        encode(prefix, opcode, wide ? 3 : 2, register, 0, rm, true);
        emit(0xC0 | (register & 7) << 3 | rm & 7);
    }

    /** An SSE instruction with a mandatory prefix on a register and {@code [base + displacement]}. */
    public void vectorMemory(int prefix, int opcode, int register, int base, int displacement) {
        encode(prefix, opcode, 2, register, 0, base, true);
        operand(register, base, displacement);
    }

    /**
     * An instruction on general registers with a VEX prefix of three bytes (Intel SDM 2A §2.3.5).
     *
     * @param map 1 for 0F, 2 for 0F 38, 3 for 0F 3A
     * @param prefix what it stands in for: 0 none, 1 66, 2 F3, 3 F2
     * @param other the register in VEX.vvvv; {@link #RAX} where the instruction has none
     */
    public void vex(int map, int prefix, int opcode, boolean wide, int register, int other, int rm) {
        emit(0xC4);
        emit((~register & 8) << 4 | 0x40 | (~rm & 8) << 2 | map);
        emit((wide ? 0x80 : 0) | (~other & 15) << 3 | prefix);
        emit(opcode);
        emit(0xC0 | (register & 7) << 3 | rm & 7);
    }

    /** Arithmetic of a register with an immediate: {@link #ADD} and so on. */
    public void immediate(int operation, int operandSize, int rm, int value) {
        if (operandSize == 0) {
            registers(0x80, 0, operation, rm);
            emit(value);
        } else if (value == (byte) value) {
            registers(0x83, operandSize, operation, rm);
            emit(value);
        } else {
            registers(0x81, operandSize, operation, rm);
            number(operandSize, value);
        }
    }

    /** Arithmetic of memory with an immediate. */
    public void immediateMemory(int operation, int operandSize, int base, int displacement, int value) {
        boolean small = operandSize == 0 || value == (byte) value;
        memory(operandSize == 0 ? 0x80 : small ? 0x83 : 0x81, operandSize, operation, base, displacement);
        if (small) {
            emit(value);
        } else {
            number(operandSize, value);
        }
    }

    /** TEST of a register with an immediate. */
    public void testImmediate(int operandSize, int rm, int value) {
        registers(operandSize == 0 ? 0xF6 : 0xF7, operandSize, 0, rm);
        number(operandSize, value);
    }

    private void number(int operandSize, int value) {
        switch (operandSize) {
            case 0 -> emit(value);
            case 1 -> {
                emit(value);
                emit(value >> 8);
            }
            default -> int32(value);
        }
    }

    /** MOV of 64 bits between registers. */
    public void move(int to, int from) {
        if (to != from) {
            registers(LOAD, 3, to, from);
        }
    }

    /** A constant into a register, in the shortest way that leaves the flags alone. */
    public void constant(int register, long value) {
        if (value == (value & 0xFFFF_FFFFL)) {
            rex(false, 0, 0, register, false);
            emit(0xB8 | register & 7);
            int32((int) value);
        } else if (value == (int) value) {
            registers(0xC7, 3, 0, register);
            int32((int) value);
        } else {
            rex(true, 0, 0, register, false);
            emit(0xB8 | register & 7);
            int32((int) value);
            int32((int) (value >>> 32));
        }
    }

    /** A sign-extended constant into memory of a size from 2. */
    public void constantMemory(int operandSize, int base, int displacement, int value) {
        memory(0xC7, operandSize, 0, base, displacement);
        int32(value);
    }

    /** A single byte. */
    public void emit(int value) {
        if (size == code.length) {
            code = Arrays.copyOf(code, size * 2);
        }
        code[size++] = (byte) value;
    }

    /** Four bytes. */
    public void int32(int value) {
        emit(value);
        emit(value >> 8);
        emit(value >> 16);
        emit(value >> 24);
    }

    // ---- jumps ------------------------------------------------------------------------------------------------------

    /**
     * Jump to a place not known yet.
     *
     * @return what {@link #land} wants: the place of the distance
     */
    public int jump() {
        emit(0xE9);
        int32(0);
        return size - 4;
    }

    /** Conditional jump to a place not known yet. */
    public int jumpIf(int condition) {
        emit(0x0F);
        emit(0x80 | condition);
        int32(0);
        return size - 4;
    }

    /** Makes a jump land here. */
    public void land(int jump) {
        land(jump, size);
    }

    /** Makes a jump land at a place, which may be outside of the buffer. */
    public void land(int jump, int place) {
        int distance = place - (jump + 4);
        code[jump] = (byte) distance;
        code[jump + 1] = (byte) (distance >> 8);
        code[jump + 2] = (byte) (distance >> 16);
        code[jump + 3] = (byte) (distance >> 24);
    }

    /** The address of a place in the buffer into a register. */
    public void address(int register, int place) {
        rex(true, register, 0, 0, false);
        emit(LEA);
        emit((register & 7) << 3 | 5);
        int32(place - (size + 4));
    }

    // ---- encoding ---------------------------------------------------------------------------------------------------

    private static final int[] MANDATORY = {0, 0x66, 0xF3, 0xF2};

    private void encode(
            int prefix, int opcode, int operandSize, int register, int index, int rm, boolean fullRegister) {
        if (prefix != 0) {
            emit(MANDATORY[prefix]);
        }
        if (operandSize == 1) {
            emit(0x66);
        }
        // SPL, BPL, SIL and DIL want a REX; elsewhere one does no harm.
        boolean bytes = operandSize == 0 || opcode == 0x0FB6 || opcode == 0x0FBE || opcode >> 4 == 0x0F9;
        rex(operandSize == 3, register, index, rm, bytes && (register >= 4 || !fullRegister && rm >= 4));
        if (opcode > 0xFFFF) {
            emit(opcode >> 16);
        }
        if (opcode > 0xFF) {
            emit(opcode >> 8);
        }
        emit(opcode);
    }

    private void rex(boolean wide, int register, int index, int rm, boolean needed) {
        int rex = (wide ? 8 : 0) | register >> 3 << 2 | index >> 3 << 1 | rm >> 3;
        if (rex != 0 || needed) {
            emit(0x40 | rex);
        }
    }

    private void operand(int register, int base, int displacement) {
        int mod = mod(base, displacement);
        emit(mod << 6 | (register & 7) << 3 | base & 7);
        if ((base & 7) == RSP) {
            emit(0x24);
        }
        displacement(mod, displacement);
    }

    private void operand(int register, int base, int index, int scale, int displacement) {
        int mod = mod(base, displacement);
        emit(mod << 6 | (register & 7) << 3 | 4);
        emit(scale << 6 | (index & 7) << 3 | base & 7);
        displacement(mod, displacement);
    }

    /** RBP and R13 as a base always have a displacement. */
    private static int mod(int base, int displacement) {
        if (displacement == 0 && (base & 7) != RBP) {
            return 0;
        }
        return displacement == (byte) displacement ? 1 : 2;
    }

    private void displacement(int mod, int displacement) {
        if (mod == 1) {
            emit(displacement);
        } else if (mod == 2) {
            int32(displacement);
        }
    }
}
