package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

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
 * Every x87 instruction in every register and memory form against the host processor: all registers, control, status and
 * tag words, memory, faults. {@code -Doriel.differential.rounds=n} runs more operands.
 *
 * <p>Not compared bit by bit: the transcendental instructions, which {@link #transcendentalsAreClose} compares in units in
 * the last place; the environment images, which {@code X87UnitTest} checks.
 */
class X87DifferentialTest {
    private static final int ROUNDS = Integer.getInteger("oriel.differential.rounds", 60);
    private static final long SEED = Long.getLong("oriel.differential.seed", 20262);
    private static final int SIGSEGV = 11, SIGILL = 4, SIGFPE = 8;

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

    /** Opcode and ModRM byte; memory forms with an 8-bit displacement from RSI. */
    private record Form(int opcode, int modrm) {
        boolean memory() {
            return modrm < 0xC0;
        }

        boolean isTranscendental() {
            return opcode == 0xD9
                    && switch (modrm) {
                        case 0xF0, 0xF1, 0xF2, 0xF3, 0xF9, 0xFB, 0xFE, 0xFF -> true;
                        default -> false;
                    };
        }

        boolean isImage() {
            int reg = modrm >> 3 & 7;
            return memory() && (opcode == 0xD9 && (reg == 4 || reg == 6) || opcode == 0xDD && (reg == 4 || reg == 6));
        }
    }

    private static List<Form> forms() {
        List<Form> forms = new ArrayList<>();
        for (int opcode = 0xD8; opcode <= 0xDF; opcode++) {
            for (int reg = 0; reg < 8; reg++) {
                forms.add(new Form(opcode, 0x46 | reg << 3));
            }
            for (int modrm = 0xC0; modrm <= 0xFF; modrm++) {
                forms.add(new Form(opcode, modrm));
            }
        }
        forms.removeIf(form -> form.isTranscendental() || form.isImage());
        return forms;
    }

    @Test
    void everyInstructionDoesWhatTheHostDoes() throws IOException {
        List<String> failures = new ArrayList<>();
        for (Form form : forms()) {
            ByteBuffer batch = HostProcessor.newBatch(ROUNDS);
            int[] displacements = new int[ROUNDS];
            for (int i = 0; i < ROUNDS; i++) {
                displacements[i] = generate(form, batch, i * HostProcessor.SIZE);
            }
            ByteBuffer expected = host.run(batch, ROUNDS);
            ByteBuffer actual = HostProcessor.copy(batch);
            int reported = 0;
            for (int i = 0; i < ROUNDS; i++) {
                int at = i * HostProcessor.SIZE;
                execute(form, displacements[i], actual, at);
                String differences = RecordComparison.differences(expected, actual, at);
                if (!differences.isEmpty() && reported++ < 2) {
                    failures.add(describe(form, batch, at) + differences);
                }
            }
        }
        assertThat(failures).isEmpty();
    }

    /** The host's microcode and our series both claim to be good to about one unit in the last place. */
    @Test
    void transcendentalsAreClose() throws IOException {
        List<String> failures = new ArrayList<>();
        for (int modrm : new int[] {0xF0, 0xF1, 0xF2, 0xF3, 0xF9, 0xFB, 0xFE, 0xFF}) {
            Form form = new Form(0xD9, modrm);
            int count = 4 * ROUNDS;
            ByteBuffer batch = HostProcessor.newBatch(count);
            for (int i = 0; i < count; i++) {
                int at = i * HostProcessor.SIZE;
                generate(form, batch, at);
                batch.putShort(at, (short) 0x37F);
                limitArgument(modrm, batch, at);
            }
            ByteBuffer expected = host.run(batch, count);
            ByteBuffer actual = HostProcessor.copy(batch);
            for (int i = 0; i < count; i++) {
                int at = i * HostProcessor.SIZE;
                execute(form, 0, actual, at);
                String differences = transcendentalDifferences(expected, actual, at);
                if (!differences.isEmpty()) {
                    failures.add(describe(form, batch, at) + differences);
                }
            }
        }
        assertThat(failures).isEmpty();
    }

    /** F2XM1 and FYL2XP1 are undefined for large arguments. */
    private void limitArgument(int modrm, ByteBuffer batch, int at) {
        int limit = modrm == 0xF0 ? 16382 : modrm == 0xF9 ? 16380 : 0x7FFF;
        int signExponent = batch.getShort(at + 40) & 0xFFFF;
        if ((signExponent & 0x7FFF) > limit && (signExponent & 0x7FFF) != 0x7FFF) {
            batch.putShort(at + 40, (short) (signExponent & 0x8000 | limit - random.nextInt(70)));
        }
    }

    private static String transcendentalDifferences(ByteBuffer host, ByteBuffer emulated, int at) {
        StringBuilder result = new StringBuilder();
        int ignoreRoundingDirection = ~X87Registers.C1;
        int hostStatus = host.getShort(at + 2) & ignoreRoundingDirection;
        int emulatedStatus = emulated.getShort(at + 2) & ignoreRoundingDirection;
        if (hostStatus != emulatedStatus) {
            result.append(String.format(" status host %x ours %x", hostStatus & 0xFFFF, emulatedStatus & 0xFFFF));
        }
        for (int i = 0; i < 2; i++) {
            int signExponent = host.getShort(at + 40 + 16 * i) & 0xFFFF;
            int ours = emulated.getShort(at + 40 + 16 * i) & 0xFFFF;
            long distance = emulated.getLong(at + 32 + 16 * i) - host.getLong(at + 32 + 16 * i);
            if (signExponent != ours || Math.abs(distance) > 1) {
                result.append(" ST")
                        .append(i)
                        .append(" host ")
                        .append(RecordComparison.bytes(host, at + 32 + 16 * i, 10))
                        .append(" ours ")
                        .append(RecordComparison.bytes(emulated, at + 32 + 16 * i, 10));
            }
        }
        return result.toString();
    }

    private int generate(Form form, ByteBuffer batch, int at) {
        int control = control();
        batch.putShort(at, (short) control);
        int status = random.nextInt(8) << 11 | random.nextInt() & 0x4700 | random.nextInt() & control & 0x3F;
        batch.putShort(at + 2, (short) status);
        batch.put(at + 4, (byte)
                (random.nextInt(3) == 0 ? random.nextInt(256) : 0xFF ^ (random.nextInt(2) << (status >> 11) + 7 & 7)));
        batch.putInt(at + 24, 0x1F80);
        for (int i = 0; i < 8; i++) {
            int signExponent = operands.extendedExponent();
            batch.putShort(at + 40 + 16 * i, (short) signExponent);
            batch.putLong(at + 32 + 16 * i, operands.extendedSignificand(signExponent));
        }
        for (int i = 0; i < HostProcessor.REGISTERS.length; i++) {
            batch.putLong(at + HostProcessor.GPR + 8 * i, random.nextLong());
        }
        int displacement = random.nextInt(48);
        for (int i = 0; i < HostProcessor.MEMORY_SIZE; i++) {
            batch.put(at + HostProcessor.MEMORY + i, (byte) random.nextInt());
        }
        int operand = at + HostProcessor.MEMORY + displacement;
        switch (form.opcode) {
            case 0xD8, 0xD9 -> batch.putInt(operand, operands.binary32());
            case 0xDC, 0xDD -> batch.putLong(operand, operands.binary64());
            case 0xDB -> {
                int signExponent = operands.extendedExponent();
                batch.putLong(operand, operands.extendedSignificand(signExponent));
                batch.putShort(operand + 8, (short) signExponent);
            }
            case 0xDF -> {
                if ((form.modrm >> 3 & 7) == 4) {
                    for (int i = 0; i < 9; i++) {
                        batch.put(operand + i, (byte) (random.nextInt(10) << 4 | random.nextInt(10)));
                    }
                    batch.put(operand + 9, (byte) (random.nextInt() & 0x80));
                }
            }
            default -> {}
        }
        if (form.opcode == 0xD9 && (form.modrm >> 3 & 7) == 5) {
            batch.putShort(operand, (short) random.nextInt());
        }
        batch.putLong(at + HostProcessor.FLAGS, 0x202 | random.nextInt() & 0x8D5);
        byte[] code = form.memory()
                ? new byte[] {(byte) form.opcode, (byte) form.modrm, (byte) displacement}
                : new byte[] {(byte) form.opcode, (byte) form.modrm};
        batch.put(at + HostProcessor.LENGTH, (byte) code.length);
        batch.put(at + HostProcessor.CODE, code);
        return displacement;
    }

    private int control() {
        int precision = new int[] {0, 2, 3, 3}[random.nextInt(4)];
        int masks = random.nextInt(3) == 0 ? random.nextInt(0x40) : 0x3F;
        return 0x40 | masks | precision << 8 | (random.nextInt(2) == 0 ? 0 : random.nextInt(4)) << 10;
    }

    private void execute(Form form, int displacement, ByteBuffer batch, int at) {
        emulated.load(batch, at);
        int signal = 0;
        try {
            emulated.x87.execute(form.opcode, form.modrm, ArrayMemory.BASE + displacement, 4);
        } catch (GuestFault fault) {
            signal = fault.vector == GuestFault.UD ? SIGILL : fault.vector == GuestFault.MF ? SIGFPE : SIGSEGV;
        }
        emulated.store(batch, at, signal);
    }

    private static String describe(Form form, ByteBuffer batch, int at) {
        StringBuilder text = new StringBuilder(String.format(
                "%n%x %x CW %s SW %s tag %s flags %x",
                form.opcode,
                form.modrm,
                RecordComparison.bytes(batch, at, 2),
                RecordComparison.bytes(batch, at + 2, 2),
                RecordComparison.bytes(batch, at + 4, 1),
                batch.getLong(at + HostProcessor.FLAGS)));
        for (int i = 0; i < 8; i++) {
            if (i < 2 || i == 7 || i == (form.modrm & 7)) {
                text.append(" ST").append(i).append('=').append(RecordComparison.bytes(batch, at + 32 + 16 * i, 10));
            }
        }
        if (form.memory()) {
            int displacement = batch.get(at + HostProcessor.CODE + 2);
            text.append(" memory=").append(RecordComparison.bytes(batch, at + HostProcessor.MEMORY + displacement, 10));
        }
        return text.append(" →").toString();
    }
}
