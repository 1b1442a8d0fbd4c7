package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every MMX and SSE instruction that {@link SseUnit#lookup} knows, in register and memory form, against the host
 * processor: registers, flags, MXCSR, memory and faults. {@code -Doriel.differential.rounds=n} runs more operands.
 *
 * <p>Not compared: RCPPS and RSQRTPS bit by bit (processors differ; {@code SseUnitTest} checks their precision),
 * and FXSAVE and FXRSTOR, whose images {@code SseUnitTest} checks.
 */
class SseDifferentialTest {
    private static final int ROUNDS = Integer.getInteger("oriel.differential.rounds", 60);
    private static final long SEED = Long.getLong("oriel.differential.seed", 20261);
    private static final int SIGSEGV = 11, SIGFPE = 8, SIGILL = 4;
    private static final int[] PREFIXES = {0, 0x66, 0xF3, 0xF2};

    /** An encoding: what lookup gets, and its number. */
    private record Form(int map, int opcode, int prefix, int group, boolean memory, boolean wide, int operation) {}

    @TempDir
    static Path directory;

    private static HostProcessor host;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final Operands operands = new Operands(random);
    private final EmulatedRecord emulated = new EmulatedRecord();

    @BeforeAll
    static void start() throws Exception {
        host = HostProcessor.start(directory);
    }

    @AfterAll
    static void stop() throws IOException {
        if (host != null) {
            host.close();
        }
    }

    private static List<Form> forms() {
        List<Form> forms = new ArrayList<>();
        for (int map = 1; map <= 3; map++) {
            for (int opcode = 0; opcode < 256; opcode++) {
                for (int prefix = 0; prefix < 4; prefix++) {
                    boolean grouped = map == 1 && (opcode >= 0x71 && opcode <= 0x73 || opcode == 0xAE);
                    for (int group = 0; group < (grouped ? 8 : 1); group++) {
                        for (int variant = 0; variant < 4; variant++) {
                            boolean memory = (variant & 1) != 0;
                            boolean wide = (variant & 2) != 0;
                            int modrm = (memory ? 0 : 0xC0) | group << 3;
                            int operation = SseUnit.lookup(map, opcode, prefix, modrm, wide);
                            if (operation >= 0 && isCompared(operation)) {
                                forms.add(new Form(map, opcode, prefix, grouped ? group : -1, memory, wide, operation));
                            }
                        }
                    }
                }
            }
        }
        return forms;
    }

    static boolean isCompared(int operation) {
        int kind = operation & ~3;
        boolean approximate = operation < SseOperation.CONVERSION
                && (kind == SseOperation.RCP || kind == SseOperation.RSQRT)
                && operation >= SseOperation.FLOAT;
        boolean image = operation >= SseOperation.FXSAVE && operation <= SseOperation.FXRSTOR64;
        return !approximate && !image;
    }

    @Test
    void everyInstructionDoesWhatTheHostDoes() throws IOException {
        List<String> failures = new ArrayList<>();
        int compared = 0;
        for (Form form : forms()) {
            ByteBuffer batch = HostProcessor.newBatch(ROUNDS);
            int[][] choices = new int[ROUNDS][];
            for (int i = 0; i < ROUNDS; i++) {
                choices[i] = generate(form, batch, i * HostProcessor.SIZE);
            }
            ByteBuffer expected = host.run(batch, ROUNDS);
            ByteBuffer actual = HostProcessor.copy(batch);
            int reported = 0;
            for (int i = 0; i < ROUNDS; i++) {
                int at = i * HostProcessor.SIZE;
                execute(form, choices[i], actual, at);
                String differences = RecordComparison.differences(expected, actual, at);
                compared++;
                if (!differences.isEmpty() && reported++ < 2) {
                    failures.add(describe(form, batch, at) + differences);
                }
            }
        }
        assertThat(failures).isEmpty();
        assertThat(compared).isGreaterThan(700 * ROUNDS);
    }

    /** Fills a record; returns reg, rm, displacement, immediate. */
    private int[] generate(Form form, ByteBuffer batch, int at) {
        int style = random.nextInt(6);
        batch.putShort(at, (short) 0x37F);
        batch.putShort(at + 2, (short) (random.nextInt(8) << 11 | random.nextInt(0x40) | random.nextInt(2) << 9));
        batch.put(at + 4, (byte) random.nextInt(256));
        batch.putInt(at + 24, mxcsr());
        for (int i = 0; i < 8; i++) {
            batch.putLong(at + 32 + 16 * i, operands.quadword(style));
            batch.putShort(at + 40 + 16 * i, (short) operands.extendedExponent());
        }
        for (int i = 0; i < 32; i++) {
            batch.putLong(at + 160 + 8 * i, operands.quadword(style));
        }
        for (int i = 0; i < HostProcessor.REGISTERS.length; i++) {
            batch.putLong(
                    at + HostProcessor.GPR + 8 * i, random.nextBoolean() ? random.nextLong() : random.nextInt(-20, 20));
        }
        for (int i = 0; i < HostProcessor.MEMORY_SIZE; i += 8) {
            batch.putLong(at + HostProcessor.MEMORY + i, operands.quadword(style));
        }
        batch.putLong(at + HostProcessor.FLAGS, 0x202 | random.nextInt() & 0x8D5);
        int reg = form.group >= 0 ? form.group : HostProcessor.REGISTERS[random.nextInt(6)];
        int rm = HostProcessor.REGISTERS[random.nextInt(6)];
        int displacement = random.nextInt(5) == 0 ? random.nextInt(48) : 16 * random.nextInt(3);
        int immediate = random.nextInt(256);
        if (form.operation == SseOperation.LDMXCSR) {
            batch.putInt(at + HostProcessor.MEMORY + displacement, random.nextInt(4) == 0 ? random.nextInt() : mxcsr());
        }
        byte[] code = encode(form, reg, rm, displacement, immediate);
        batch.put(at + HostProcessor.LENGTH, (byte) code.length);
        batch.put(at + HostProcessor.CODE, code);
        return new int[] {reg, rm, displacement, immediate};
    }

    private int mxcsr() {
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> 0x1F80;
            case 3 -> 0x1FA0;
            case 4 -> 0x1F80 | random.nextInt(4) << 13 | random.nextInt(0x40);
            case 5 -> 0x1F80 | random.nextInt(4) << 13 | random.nextInt(2) << 15 | random.nextInt(2) << 6;
            case 6 -> random.nextInt(0x10000) & ~0x40 | 0x1F80;
            default -> random.nextInt(0x400) << 6;
        };
    }

    private static byte[] encode(Form form, int reg, int rm, int displacement, int immediate) {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        if (form.prefix != 0) {
            code.write(PREFIXES[form.prefix]);
        }
        int rex = 0x40 | (form.wide ? 8 : 0) | (reg >> 3 << 2) | (form.memory ? 0 : rm >> 3);
        if (rex != 0x40) {
            code.write(rex);
        }
        code.write(0x0F);
        if (form.map > 1) {
            code.write(form.map == 2 ? 0x38 : 0x3A);
        }
        code.write(form.opcode);
        if (form.operation != SseOperation.EMMS) {
            code.write((form.memory ? 0x46 : 0xC0 | rm & 7) | (reg & 7) << 3);
            if (form.memory) {
                code.write(displacement);
            }
            if (SseUnit.hasImmediate(form.operation)) {
                code.write(immediate);
            }
        }
        return code.toByteArray();
    }

    private void execute(Form form, int[] choice, ByteBuffer batch, int at) {
        emulated.load(batch, at);
        int signal = 0;
        try {
            emulated.sse.execute(
                    form.operation, choice[0], choice[1], form.memory, ArrayMemory.BASE + choice[2], choice[3]);
        } catch (GuestFault fault) {
            signal = fault.vector == GuestFault.XM ? SIGFPE : fault.vector == GuestFault.UD ? SIGILL : SIGSEGV;
        }
        emulated.store(batch, at, signal);
    }

    private static String describe(Form form, ByteBuffer batch, int at) {
        StringBuilder text = new StringBuilder("\n").append(form).append(' ');
        int length = batch.get(at + HostProcessor.LENGTH);
        for (int i = 0; i < length; i++) {
            text.append(String.format("%02x", batch.get(at + HostProcessor.CODE + i)));
        }
        text.append(" MXCSR ").append(RecordComparison.bytes(batch, at + 24, 4));
        for (int register : new int[] {0, 1, 2, 3, 8, 9}) {
            text.append(" x")
                    .append(register)
                    .append('=')
                    .append(RecordComparison.bytes(batch, at + 160 + 16 * register, 16));
        }
        if (form.memory) {
            text.append(" memory=").append(RecordComparison.bytes(batch, at + HostProcessor.MEMORY, 64));
        }
        return text.append(" →").toString();
    }
}
