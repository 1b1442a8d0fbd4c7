package oriel.hypervisor.cpu.emulated;

import java.io.ByteArrayOutputStream;
import java.util.Random;
import oriel.hypervisor.cpu.CpuState;

/**
 * Encodes one instruction with random registers and any way of addressing memory that 64-bit mode has, and sets the
 * registers so that the address is where it is wanted.
 */
final class OperandEncoder {
    private static final int ADDRESSINGS = 10;

    private final Random random;
    private final ByteArrayOutputStream code = new ByteArrayOutputStream();

    final long[] registers = new long[16];

    // What is to be encoded.
    boolean wide, operandPrefix, lock;

    /** Map, prefix and the register that VEX.vvvv names, if the instruction has a VEX prefix. */
    int vexMap, vexPrefix, vexRegister;

    int[] opcode = {};

    /** Bytes that come behind the operands. */
    byte[] immediate = {};

    OperandEncoder(Random random) {
        this.random = random;
    }

    byte[] code() {
        return code.toByteArray();
    }

    private void emit(int b) {
        code.write(b);
    }

    private void emit32(long value) {
        for (int i = 0; i < 4; i++) {
            emit((int) (value >>> 8 * i) & 0xFF);
        }
    }

    /** Legacy prefixes in an order of their own, REX, opcode; {@code rex} has R, X and B. */
    private void begin(int rex, boolean narrowAddress) {
        code.reset();
        boolean late = random.nextBoolean();
        if (late) {
            legacy(narrowAddress);
        }
        int from = 0;
        if (opcode[0] == 0xF2 || opcode[0] == 0xF3 || opcode[0] == 0x66) {
            emit(opcode[0]);
            from = 1;
        }
        if (!late) {
            legacy(narrowAddress);
        }
        if (vexMap != 0) {
            emit(0xC4);
            emit((~rex & 7) << 5 | vexMap);
            emit((wide ? 0x80 : 0) | (~vexRegister & 15) << 3 | vexPrefix);
            emit(opcode[0]);
            return;
        }
        int all = rex | (wide ? 8 : 0);
        if (all != 0 || random.nextInt(4) == 0) {
            emit(0x40 | all);
        }
        for (int i = from; i < opcode.length; i++) {
            emit(opcode[i]);
        }
    }

    private void legacy(boolean narrowAddress) {
        if (operandPrefix) {
            emit(0x66);
        }
        if (narrowAddress) {
            emit(0x67);
        }
        if (lock) {
            emit(0xF0);
        }
        if (random.nextInt(12) == 0) {
            emit(new int[] {0x26, 0x2E, 0x36, 0x3E}[random.nextInt(4)]); // bases are 0 in 64-bit mode
        }
    }

    private void end() {
        code.write(immediate, 0, immediate.length);
    }

    void implicit() {
        begin(random.nextInt(8) == 0 ? random.nextInt(8) : 0, false);
        end();
    }

    /** A register operand in the opcode. */
    void inOpcode(int register) {
        int last = opcode.length - 1;
        int[] plain = opcode;
        opcode = plain.clone();
        opcode[last] += register & 7;
        begin(register >> 3, false);
        opcode = plain;
        end();
    }

    /** Two register operands, or one and the opcode's extension. */
    void registers(int reg, int rm) {
        begin(reg >> 3 << 2 | rm >> 3, false);
        emit(0xC0 | (reg & 7) << 3 | rm & 7);
        end();
    }

    /** A register, or the opcode's extension, and memory at an address. */
    void memory(int reg, long address) {
        int base = random.nextInt(16);
        int index = random.nextInt(16);
        if (index == CpuState.RSP) {
            index = CpuState.RBP;
        }
        int scale = random.nextInt(4);
        boolean narrow = random.nextInt(5) == 0;
        int rex = reg >> 3 << 2;
        int field = (reg & 7) << 3;
        switch (random.nextInt(ADDRESSINGS)) {
            case 0 -> {
                begin(rex, narrow);
                emit(field | 5);
                emit32(address - (NativeRunner.CODE + code.size() + 4 + immediate.length));
            }
            case 1 -> {
                begin(rex, narrow);
                emit(field | 4);
                emit(0x25);
                emit32(address);
            }
            case 2 -> {
                begin(rex | index >> 3 << 1, narrow);
                long displacement = address - set(index, scale, narrow);
                if (displacement != (int) displacement) {
                    registers[index] = random.nextInt(256);
                    displacement = address - (registers[index] << scale);
                }
                emit(field | 4);
                emit(scale << 6 | (index & 7) << 3 | 5);
                emit32(displacement);
            }
            case 3, 4, 5 -> {
                int displacement = displacement();
                registers[base] = garbage(narrow) + at(narrow, address - displacement);
                begin(rex | base >> 3, narrow);
                modrm(field, base, displacement, -1, 0);
            }
            default -> {
                int displacement = displacement();
                if (base == index) {
                    // r + (r << scale) + displacement
                    long factor = 1 + (1L << scale);
                    registers[base] = address / factor;
                    displacement = (int) (address - registers[base] * factor);
                } else {
                    long part = set(index, scale, narrow);
                    registers[base] = garbage(narrow) + at(narrow, address - displacement - part);
                }
                begin(rex | base >> 3 | index >> 3 << 1, narrow);
                modrm(field, base, displacement, index, scale);
            }
        }
        end();
    }

    private long set(int index, int scale, boolean narrow) {
        registers[index] = random.nextBoolean() ? random.nextInt(64) : random.nextLong();
        long part = registers[index] << scale;
        return narrow ? part & 0xFFFF_FFFFL : part;
    }

    private static long at(boolean narrow, long value) {
        return narrow ? value & 0xFFFF_FFFFL : value;
    }

    /** Bits that a 32-bit address doesn't use. */
    private long garbage(boolean narrow) {
        return narrow ? random.nextLong() << 32 : 0;
    }

    private int displacement() {
        return switch (random.nextInt(3)) {
            case 0 -> 0;
            case 1 -> random.nextInt(256) - 128;
            default -> random.nextInt();
        };
    }

    private void modrm(int field, int base, int displacement, int index, int scale) {
        boolean none = displacement == 0 && (base & 7) != 5 && random.nextInt(4) != 0;
        boolean small = displacement == (byte) displacement && random.nextInt(8) != 0;
        int mod = none ? 0 : small ? 0x40 : 0x80;
        if (index >= 0 || (base & 7) == 4) {
            emit(mod | field | 4);
            emit(scale << 6 | (index < 0 ? 4 : index & 7) << 3 | base & 7);
        } else {
            emit(mod | field | base & 7);
        }
        if (!none && small) {
            emit(displacement & 0xFF);
        } else if (!none) {
            emit32(displacement);
        }
    }
}
