package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.cpu.CpuState;

/**
 * Every MMX, SSE and x87 encoding with any of the sixteen registers, memory in every way of addressing, and prefixes that
 * say nothing, from its bytes on: decoder, addresses, faults and results against the host's processor. The arithmetic
 * has more operands in {@link SseDifferentialTest} and {@link X87DifferentialTest}.
 */
class FloatingFormsTest {
    private static final int ROUNDS = Integer.getInteger("oriel.differential.rounds", 60) / 2;
    private static final long SEED = Long.getLong("oriel.differential.seed", 20264);
    private static final long DATA = NativeRunner.DATA;
    private static final int SIZE = NativeRunner.DATA_SIZE;
    private static final int[] PREFIXES = {0, 0x66, 0xF3, 0xF2};

    @TempDir
    Path directory;

    private final Random random = new Random(SEED);
    private final Operands operands = new Operands(new SplittableRandom(SEED));
    private final List<NativeRunner.Case> cases = new ArrayList<>();

    @Test
    void mmxAndSse() throws Exception {
        for (int map = 1; map <= 3; map++) {
            for (int opcode = 0; opcode < 256; opcode++) {
                for (int prefix = 0; prefix < 4; prefix++) {
                    boolean grouped = map == 1 && (opcode >= 0x71 && opcode <= 0x73 || opcode == 0xAE);
                    for (int group = 0; group < (grouped ? 8 : 1); group++) {
                        for (int variant = 0; variant < 4; variant++) {
                            sse(map, opcode, prefix, grouped ? group : -1, (variant & 1) != 0, (variant & 2) != 0);
                        }
                    }
                }
            }
        }
        compare(700);
    }

    @Test
    void x87() throws Exception {
        for (int opcode = 0xD8; opcode <= 0xDF; opcode++) {
            for (int modrm = 0; modrm < 0x100; modrm = modrm < 0xC0 ? modrm + 8 : modrm + 1) {
                if (modrm >= 0x40 && modrm < 0xC0 || isTranscendental(opcode, modrm) || isImage(opcode, modrm)) {
                    continue;
                }
                for (int round = 0; round < ROUNDS; round++) {
                    x87(opcode, modrm);
                }
            }
        }
        compare(500);
    }

    private void compare(int atLeast) throws Exception {
        assertThat(cases).hasSizeGreaterThan(atLeast * ROUNDS);
        new NativeRunner(directory).assertSame(cases);
    }

    private void sse(int map, int opcode, int prefix, int group, boolean memory, boolean wide) {
        int operation = SseUnit.lookup(map, opcode, prefix, (memory ? 0 : 0xC0) | Math.max(group, 0) << 3, wide);
        if (operation < 0 || !SseDifferentialTest.isCompared(operation)) {
            return;
        }
        for (int round = 0; round < ROUNDS; round++) {
            OperandEncoder encoder = new OperandEncoder(random);
            Arrays.setAll(encoder.registers, i -> random.nextLong());
            encoder.wide = wide;
            int[] bytes = map == 1 ? new int[] {0x0F, opcode} : new int[] {0x0F, map == 2 ? 0x38 : 0x3A, opcode};
            int mandatory = PREFIXES[prefix];
            encoder.opcode = mandatory == 0
                    ? bytes
                    : java.util.stream.IntStream.concat(Arrays.stream(new int[] {mandatory}), Arrays.stream(bytes))
                            .toArray();
            encoder.lock = random.nextInt(64) == 0;
            if (SseUnit.hasImmediate(operation)) {
                encoder.immediate = new byte[] {(byte) random.nextInt()};
            }
            encoder.registers[CpuState.RDI] = DATA + 32 + random.nextInt(64); // MASKMOVQ, MASKMOVDQU
            byte[] data = data();
            int reg = group >= 0 ? group : random.nextInt(16);
            if (operation == SseOperation.EMMS) {
                encoder.implicit();
            } else if (memory) {
                int offset = random.nextInt(SIZE);
                long address = DATA + (random.nextInt(4) == 0 ? offset : offset & -16);
                if (operation == SseOperation.LDMXCSR) {
                    address = DATA + (offset & -4);
                    ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).putInt(offset & -4, random.nextInt(0x10000));
                }
                encoder.memory(reg, address);
            } else {
                encoder.registers(reg, random.nextInt(16));
            }
            add(encoder, data, image());
        }
    }

    private void x87(int opcode, int modrm) {
        OperandEncoder encoder = new OperandEncoder(random);
        Arrays.setAll(encoder.registers, i -> random.nextLong());
        encoder.opcode = new int[] {opcode};
        encoder.wide = random.nextInt(16) == 0;
        byte[] data = data();
        if (modrm >= 0xC0) {
            encoder.registers(modrm >> 3 & 7, modrm & 7);
        } else {
            int at = random.nextInt(SIZE);
            if (at + 10 <= SIZE) {
                ByteBuffer buffer = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
                switch (opcode) {
                    case 0xD8, 0xD9 -> buffer.putInt(at, operands.binary32());
                    case 0xDC, 0xDD -> buffer.putLong(at, operands.binary64());
                    case 0xDB -> {
                        int signExponent = operands.extendedExponent();
                        buffer.putLong(at, operands.extendedSignificand(signExponent));
                        buffer.putShort(at + 8, (short) signExponent);
                    }
                    case 0xDF -> {
                        for (int i = 0; i < 10; i++) {
                            int tens = random.nextInt(10);
                            data[at + i] = (byte) (i == 9 ? random.nextInt() & 0x80 : tens << 4 | random.nextInt(10));
                        }
                    }
                    default -> {}
                }
            }
            encoder.memory(modrm >> 3 & 7, DATA + at);
        }
        add(encoder, data, image());
    }

    private void add(OperandEncoder encoder, byte[] data, byte[] image) {
        byte[] code = encoder.code();
        byte[] padded = new byte[NativeRunner.CODE_SIZE];
        Arrays.fill(padded, (byte) 0x90);
        System.arraycopy(code, 0, padded, 0, code.length);
        long flags = random.nextInt() & Flags.ARITHMETIC;
        cases.add(new NativeRunner.Case(padded, code.length, encoder.registers, flags, data, image, Flags.ARITHMETIC));
    }

    private byte[] data() {
        byte[] data = new byte[SIZE];
        ByteBuffer buffer = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        int style = random.nextInt(6);
        for (int i = 0; i < SIZE; i += 8) {
            buffer.putLong(i, operands.quadword(style));
        }
        return data;
    }

    private byte[] image() {
        ByteBuffer image = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        int control = 0x37F & ~(random.nextInt(3) == 0 ? random.nextInt(0x40) : 0) | random.nextInt(4) << 10;
        image.putShort(0, (short) control);
        image.putShort(
                2, (short) (random.nextInt(8) << 11 | random.nextInt() & 0x4700 | random.nextInt() & control & 0x3F));
        image.put(4, (byte) (random.nextInt(3) == 0 ? random.nextInt(256) : 0xFF));
        image.putInt(24, random.nextInt(3) == 0 ? random.nextInt(0x400) << 6 : 0x1F80 | random.nextInt(4) << 13);
        int style = random.nextInt(6);
        for (int i = 0; i < 8; i++) {
            int signExponent = operands.extendedExponent();
            image.putLong(32 + 16 * i, operands.extendedSignificand(signExponent));
            image.putShort(40 + 16 * i, (short) signExponent);
        }
        for (int i = 0; i < 32; i++) {
            image.putLong(160 + 8 * i, operands.quadword(style));
        }
        return image.array();
    }

    private static boolean isTranscendental(int opcode, int modrm) {
        return Stream.of(0xF0, 0xF1, 0xF2, 0xF3, 0xF9, 0xFB, 0xFE, 0xFF)
                .anyMatch(other -> opcode == 0xD9 && modrm == other);
    }

    /** FLDENV, FNSTENV, FRSTOR, FNSAVE. */
    private static boolean isImage(int opcode, int modrm) {
        int digit = modrm >> 3 & 7;
        return modrm < 0xC0 && (opcode == 0xD9 || opcode == 0xDD) && (digit == 4 || digit == 6);
    }
}
