package oriel.hypervisor.cpu.emulated;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import oriel.hypervisor.cpu.hostcode.HostFeatures;

/**
 * Random integer instructions for {@link NativeComparisonTest}, with the flags that Intel's manual defines after each.
 * RBX points into the data, RSI near its start with RDI as a small index, RSP to its upper part.
 */
final class InstructionGenerator {
    private static final int ALL = Flags.ARITHMETIC;
    private static final int NO_AF = ALL & ~Flags.AF;
    private static final long DATA = NativeRunner.DATA;

    private final List<BitOperation> bitOperations = List.copyOf(BitOperation.of(HostFeatures.ofThisHost()));
    private final Random random;
    private final ByteArrayOutputStream code = new ByteArrayOutputStream();

    /** Defined flags after the instruction that was generated last. */
    private int defined;

    private boolean memoryAllowed = true;

    /** Flags the last instruction leaves as an earlier one made them: undefined ones stay undefined. */
    private int undefinedBefore;

    InstructionGenerator(Random random) {
        this.random = random;
    }

    List<NativeRunner.Case> singles(int count) {
        List<NativeRunner.Case> cases = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            code.reset();
            undefinedBefore = 0;
            memoryAllowed = true;
            instruction();
            cases.add(finish());
        }
        return cases;
    }

    /** One instruction, for a program that others make. */
    byte[] next(boolean memory) {
        code.reset();
        undefinedBefore = 0;
        memoryAllowed = memory;
        instruction();
        return code.toByteArray();
    }

    /** Several instructions on registers, so that lazy flags, dead flags and fused branches meet each other. */
    List<NativeRunner.Case> sequences(int count) {
        List<NativeRunner.Case> cases = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            code.reset();
            undefinedBefore = 0;
            memoryAllowed = false;
            int length = 2 + random.nextInt(5);
            for (int k = 0; k < length && code.size() < 44; k++) {
                if (undefinedBefore == 0 && random.nextInt(3) == 0) {
                    branch();
                } else {
                    flagSafeInstruction();
                }
            }
            cases.add(finish());
        }
        return cases;
    }

    /** Instructions on registers with loads between them, of which some fault: the flags must be there by then. */
    List<NativeRunner.Case> faults(int count) {
        List<NativeRunner.Case> cases = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            code.reset();
            undefinedBefore = 0;
            memoryAllowed = false;
            while (code.size() < 40) {
                if (random.nextInt(3) == 0) {
                    load();
                } else {
                    flagSafeInstruction();
                }
            }
            cases.add(finish());
        }
        return cases;
    }

    /** MOV or ADD from an address of four bytes, every third beyond the end of the data. */
    private void load() {
        emit(random.nextInt(4) == 0 ? 0x03 : 0x8B, 0x04 | random.nextInt(8) << 3, 0x25);
        emit32((int) DATA + (random.nextInt(3) == 0 ? 512 : 0) + random.nextInt(256));
    }

    private NativeRunner.Case finish() {
        int length = code.size();
        byte[] bytes = new byte[64];
        System.arraycopy(code.toByteArray(), 0, bytes, 0, length);
        java.util.Arrays.fill(bytes, length, 64, (byte) 0x90);
        long[] registers = new long[16];
        for (int i = 0; i < 16; i++) {
            registers[i] = value();
        }
        registers[3] = DATA + 128;
        registers[4] = DATA + 384;
        registers[6] = DATA + 64;
        registers[7] = random.nextInt(64);
        byte[] data = new byte[512];
        random.nextBytes(data);
        long flags = random.nextInt() & ALL;
        return new NativeRunner.Case(bytes, length, registers, flags, data, null, defined & ~undefinedBefore);
    }

    private long value() {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextInt(256);
            case 1 -> -random.nextInt(256);
            case 2 -> 1L << random.nextInt(64);
            case 3 -> (1L << random.nextInt(64)) - 1;
            case 4 -> random.nextInt();
            default -> random.nextLong();
        };
    }

    /** A conditional branch over a NOP-sized move, so that both ways differ. */
    private void branch() {
        int condition = random.nextInt(16);
        emit(0x70 | condition, 5);
        emit(0xBD);
        emit32(random.nextInt());
        defined = ALL;
    }

    private void flagSafeInstruction() {
        int before = undefinedBefore;
        do {
            undefinedBefore = before;
            int mark = code.size();
            byte[] saved = code.toByteArray();
            instruction();
            undefinedBefore = ALL & ~defined;
            if (undefinedBefore == 0) {
                return;
            }
            code.reset();
            code.write(saved, 0, mark);
        } while (true);
    }

    private void emit(int... bytes) {
        for (int b : bytes) {
            code.write(b);
        }
    }

    private void emit32(int value) {
        for (int i = 0; i < 4; i++) {
            emit(value >>> 8 * i & 0xFF);
        }
    }

    private int size;

    /** Prefixes; the operand size goes to {@link #size}. A byte operation ignores 66. */
    private void prefixes(boolean byteOperation) {
        size = 2;
        boolean operand = random.nextInt(4) == 0;
        if (operand) {
            emit(0x66);
            size = 1;
        }
        if (random.nextInt(2) == 0) {
            int rex = 0x40 | random.nextInt(16);
            if ((rex & 8) != 0) {
                size = 3;
            }
            pendingRex = code.size();
            emit(rex);
        } else {
            pendingRex = -1;
        }
        if (byteOperation) {
            size = 0;
        }
    }

    private int pendingRex;

    private void clearRex(int bits) {
        if (pendingRex >= 0) {
            byte[] bytes = code.toByteArray();
            bytes[pendingRex] = (byte) (bytes[pendingRex] & ~bits);
            code.reset();
            code.write(bytes, 0, bytes.length);
        }
    }

    private void modrm(int reg) {
        modrm(reg, memoryAllowed && random.nextInt(2) == 0);
    }

    private void modrm(int reg, boolean memory) {
        if (!memory) {
            int rm = random.nextInt(8);
            emit(0xC0 | reg << 3 | rm);
            return;
        }
        clearRex(3);
        int displacement = random.nextInt(64) - 32 & 0xFF;
        if (random.nextBoolean()) {
            emit(0x43 | reg << 3, displacement);
        } else {
            emit(0x44 | reg << 3, 0x3E, displacement);
        }
    }

    private int register() {
        return random.nextInt(8);
    }

    private void immediate(int bytes) {
        for (int i = 0; i < bytes; i++) {
            emit(random.nextInt(256));
        }
    }

    private int immediateSize() {
        return size == 0 ? 1 : size == 1 ? 2 : 4;
    }

    private void bitOperation() {
        BitOperation operation = bitOperations.get(random.nextInt(bitOperations.size()));
        BitOperation.Encoding encoding = operation.encoding;
        int reg = encoding.digit() >= 0 ? encoding.digit() : register();
        if (encoding.vex()) {
            int other = encoding.hasImmediate() ? 15 : random.nextInt(8) | 8; // inverted
            pendingRex = -1;
            emit(0xC4, 0xE0 | encoding.map(), random.nextInt(2) << 7 | other << 3 | encoding.prefix());
            emit(encoding.opcode());
        } else {
            boolean operand = random.nextInt(4) == 0;
            if (operand) {
                emit(0x66);
            }
            emit(0xF3);
            prefixes(true);
            emit(0x0F, encoding.opcode());
        }
        modrm(reg);
        immediate(encoding.hasImmediate() ? 1 : 0);
        defined = operation.flags == 0 ? ALL : operation.flags;
    }

    private void instruction() {
        defined = ALL;
        if (!bitOperations.isEmpty() && random.nextInt(16) == 0) {
            bitOperation();
            return;
        }
        switch (random.nextInt(32)) {
            case 0, 1, 2, 3 -> {
                int operation = random.nextInt(8);
                int form = random.nextInt(4);
                prefixes((form & 1) == 0);
                emit(operation << 3 | form);
                modrm(register());
                logicFlags(operation);
            }
            case 4 -> {
                int operation = random.nextInt(8);
                boolean small = random.nextBoolean();
                prefixes(small);
                emit(operation << 3 | (small ? 4 : 5));
                immediate(immediateSize());
                logicFlags(operation);
            }
            case 5, 6 -> {
                int form = new int[] {0x80, 0x81, 0x83}[random.nextInt(3)];
                int operation = random.nextInt(8);
                prefixes(form == 0x80);
                emit(form);
                modrm(operation);
                immediate(form == 0x81 ? immediateSize() : 1);
                logicFlags(operation);
            }
            case 7, 8 -> shift();
            case 9 -> {
                boolean small = random.nextBoolean();
                prefixes(small);
                emit(small ? 0x84 : 0x85);
                modrm(register());
                defined = NO_AF;
            }
            case 10 -> {
                boolean small = random.nextBoolean();
                int operation = random.nextInt(8);
                prefixes(small);
                emit(small ? 0xF6 : 0xF7);
                modrm(operation);
                if (operation < 2) {
                    immediate(immediateSize());
                    defined = NO_AF;
                } else if (operation == 4 || operation == 5) {
                    defined = Flags.CF | Flags.OF;
                } else if (operation >= 6) {
                    defined = 0;
                }
            }
            case 11 -> {
                boolean small = random.nextBoolean();
                prefixes(small);
                emit(small ? 0xFE : 0xFF);
                modrm(random.nextInt(2));
            }
            case 12 -> {
                int opcode = new int[] {0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B}[random.nextInt(6)];
                prefixes((opcode & 1) == 0);
                emit(opcode);
                modrm(register());
            }
            case 13 -> {
                int opcode = new int[] {0xB6, 0xB7, 0xBE, 0xBF}[random.nextInt(4)];
                prefixes(false);
                emit(0x0F, opcode);
                modrm(register());
            }
            case 14 -> {
                prefixes(false);
                emit(0x0F, 0x40 | random.nextInt(16));
                modrm(register());
            }
            case 15 -> {
                prefixes(true);
                emit(0x0F, 0x90 | random.nextInt(16));
                modrm(register());
            }
            case 16 -> {
                prefixes(false);
                emit(0x0F, 0xAF);
                modrm(register());
                defined = Flags.CF | Flags.OF;
            }
            case 17 -> {
                boolean small = random.nextBoolean();
                prefixes(false);
                emit(small ? 0x6B : 0x69);
                modrm(register());
                immediate(small ? 1 : immediateSize());
                defined = Flags.CF | Flags.OF;
            }
            case 18 -> {
                prefixes(false);
                emit(0x0F, 0xBA);
                modrm(4 + random.nextInt(4));
                immediate(1);
                defined = Flags.CF | Flags.ZF;
            }
            case 19 -> {
                prefixes(false);
                emit(0x0F, new int[] {0xA3, 0xAB, 0xB3, 0xBB}[random.nextInt(4)]);
                modrm(register(), false);
                defined = Flags.CF | Flags.ZF;
            }
            case 20 -> {
                prefixes(false);
                emit(0x0F, 0xBC | random.nextInt(2));
                modrm(register());
                defined = Flags.ZF;
            }
            case 21 -> {
                boolean small = random.nextBoolean();
                prefixes(small);
                emit(0x0F, small ? 0xB0 : 0xB1);
                modrm(register());
            }
            case 22 -> {
                boolean small = random.nextBoolean();
                prefixes(small);
                emit(0x0F, small ? 0xC0 : 0xC1);
                modrm(register());
            }
            case 23 -> doubleShift();
            case 24 -> {
                prefixes(false);
                if (size == 1) {
                    emit(0x98);
                } else {
                    emit(0x0F, 0xC8 | random.nextInt(8));
                }
            }
            case 25 -> {
                prefixes(false);
                emit(random.nextBoolean() ? 0x98 : 0x99);
            }
            case 26 -> {
                prefixes(false);
                emit(0x8D);
                modrm(register(), true);
            }
            case 27 -> {
                emit(new int[] {0x9E, 0x9F, 0xF5, 0xF8, 0xF9}[random.nextInt(5)]);
            }
            case 28 -> {
                prefixes(false);
                int register = random.nextInt(8);
                if (random.nextBoolean()) {
                    emit(0xB8 | register);
                    immediate(size == 3 ? 8 : immediateSize());
                } else {
                    emit(0x90 | register);
                }
            }
            case 29 -> {
                boolean small = random.nextBoolean();
                emit(0xF2);
                prefixes(small);
                emit(0x0F, 0x38, small ? 0xF0 : 0xF1);
                modrm(register());
            }
            case 30 -> {
                if (!memoryAllowed) {
                    emit(0x90);
                    return;
                }
                prefixes(false);
                emit(0x0F, 0x38, 0xF0 | random.nextInt(2));
                modrm(register(), true);
            }
            default -> {
                emit(0xF3);
                prefixes(false);
                emit(0x0F, 0xB8);
                modrm(register());
            }
        }
    }

    private void logicFlags(int operation) {
        if (operation == 1 || operation == 4 || operation == 6) {
            defined = NO_AF;
        }
    }

    private void shift() {
        boolean small = random.nextBoolean();
        int kind = random.nextInt(8);
        prefixes(small);
        int bits = 8 << size;
        switch (random.nextInt(3)) {
            case 0 -> {
                emit(small ? 0xD0 : 0xD1);
                modrm(kind);
                defined = kind < 4 ? ALL : NO_AF;
            }
            case 1 -> {
                int count = random.nextInt(4) == 0 ? random.nextInt(256) : random.nextInt(bits);
                emit(small ? 0xC0 : 0xC1);
                modrm(kind);
                emit(count);
                int masked = count & (size == 3 ? 63 : 31);
                defined = masked == 0 ? ALL : masked == 1 ? kind < 4 ? ALL : NO_AF : shiftFlags(kind, masked, bits);
            }
            default -> {
                emit(small ? 0xD2 : 0xD3);
                modrm(kind);
                // The count is whatever RCX holds: only what is defined for all counts.
                defined = kind < 4 ? ALL & ~Flags.OF : ALL & ~(Flags.AF | Flags.OF | Flags.CF);
            }
        }
    }

    private static int shiftFlags(int kind, int count, int bits) {
        if (kind < 4) {
            return ALL & ~Flags.OF;
        }
        int flags = NO_AF & ~Flags.OF;
        return kind != 7 && count >= bits ? flags & ~Flags.CF : flags;
    }

    private void doubleShift() {
        prefixes(false);
        boolean immediate = random.nextBoolean();
        int bits = 8 << size;
        if (immediate) {
            int count = random.nextInt(bits);
            emit(0x0F, random.nextBoolean() ? 0xA4 : 0xAC);
            modrm(register());
            emit(count);
            int masked = count & (size == 3 ? 63 : 31);
            defined = masked == 0 ? ALL : masked == 1 ? NO_AF : NO_AF & ~Flags.OF;
        } else {
            if (size == 1) {
                // Counts above 16 are undefined.
                emit(0x90);
                return;
            }
            emit(0x0F, random.nextBoolean() ? 0xA5 : 0xAD);
            modrm(register());
            defined = NO_AF & ~Flags.OF;
        }
    }
}
