package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;

/** Every SSE instruction, translated, does what the interpreter does. */
class VectorTranslationTest {
    private static final int ROUNDS = Integer.getInteger("oriel.differential.rounds", 12);
    private static final int[] PREFIXES = {0, 0x66, 0xF3, 0xF2};
    private static final int DEFAULT_MXCSR = 0x1F80;

    private final SplittableRandom random = new SplittableRandom(77);
    private final Operands operands = new Operands(random);

    @Test
    void agreesWithTheInterpreter() {
        List<String> failures = new ArrayList<>();
        int compared = 0;
        try (TestMachine expected = TestMachine.longMode(false, TranslationPolicy.NEVER);
                TestMachine actual = TestMachine.longMode(false, TranslationPolicy.EVERYTHING)) {
            CpuState initial = new CpuState();
            for (int map = 1; map <= 3; map++) {
                for (int opcode = 0; opcode < 256; opcode++) {
                    for (int variant = 0; variant < 16; variant++) {
                        int prefix = variant & 3;
                        boolean memory = (variant & 4) != 0;
                        boolean wide = (variant & 8) != 0;
                        for (int round = 0; round < ROUNDS; round++) {
                            int group = random.nextInt(8);
                            int modrm = (memory ? 0x43 : 0xC0 | random.nextInt(8)) | group << 3;
                            int operation = SseUnit.lookup(map, opcode, prefix, modrm, wide);
                            if (operation < 0 || map == 1 && opcode == 0xAE) {
                                continue;
                            }
                            byte[] code = instruction(map, opcode, prefix, modrm, memory, wide, operation);
                            randomise(initial);
                            CpuExit exit = run(expected, code, initial);
                            CpuExit other = run(actual, code, initial);
                            compared++;
                            String difference = difference(expected, actual, exit, other);
                            if (!difference.isEmpty()) {
                                failures.add(HexFormat.of().formatHex(code) + " (" + operation + ")" + difference);
                            }
                        }
                    }
                }
            }
        }
        assertThat(failures).as("%d of %d", failures.size(), compared).isEmpty();
        assertThat(compared).isGreaterThan(400 * ROUNDS);
    }

    private byte[] instruction(
            int map, int opcode, int prefix, int modrm, boolean memory, boolean wide, int operation) {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        code.write(0x90); // an instruction before it, in the same block
        if (prefix != 0) {
            code.write(PREFIXES[prefix]);
        }
        int extended = memory ? random.nextInt(2) << 2 : random.nextInt(2) << 2 | random.nextInt(2);
        if (wide || extended != 0) {
            code.write(0x40 | (wide ? 8 : 0) | extended);
        }
        code.write(0x0F);
        if (map > 1) {
            code.write(map == 2 ? 0x38 : 0x3A);
        }
        code.write(opcode);
        if (opcode != 0x77 || map != 1) {
            code.write(modrm);
            if (memory) {
                code.write(random.nextInt(4) == 0 ? random.nextInt(64) : random.nextInt(4) * 16);
            }
            if (SseUnit.hasImmediate(operation)) {
                code.write(random.nextInt(256));
            }
        }
        code.write(0x90);
        code.write(0xF4);
        return code.toByteArray();
    }

    private void randomise(CpuState state) {
        int style = random.nextInt(6);
        for (int i = 0; i < state.xmm.length; i++) {
            state.xmm[i] = operands.quadword(style);
        }
        for (int i = 0; i < 16; i++) {
            state.gpr[i] = random.nextBoolean() ? random.nextLong() : random.nextInt(-20, 20);
        }
        state.gpr[CpuState.RBX] = TestMachine.DATA + (random.nextInt(8) == 0 ? 0xFE0 : 0x100);
        state.gpr[CpuState.RSP] = TestMachine.STACK - 0x100;
        state.gpr[CpuState.RDI] = TestMachine.DATA + 0x800;
        int rounding = random.nextInt(4) << 13 | random.nextInt(2) << 15 | random.nextInt(2) << 6;
        int unmasked = random.nextInt(6) == 0 ? 1 << 7 + random.nextInt(6) : 0;
        state.mxcsr = DEFAULT_MXCSR & ~unmasked | rounding | random.nextInt(64);
        state.rflags = 2 | random.nextInt() & 0x8D5;
    }

    private static CpuExit run(TestMachine machine, byte[] code, CpuState initial) {
        CpuState state = machine.state;
        byte[] data = new byte[0x3000];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i * 37 ^ i >> 3);
        }
        machine.memory.write(TestMachine.DATA, data, 0, data.length);
        machine.memory.write(TestMachine.CODE, code, 0, code.length);
        machine.enterLongMode(false);
        System.arraycopy(initial.gpr, 0, state.gpr, 0, 16);
        System.arraycopy(initial.xmm, 0, state.xmm, 0, state.xmm.length);
        state.mxcsr = initial.mxcsr;
        state.rflags = initial.rflags;
        state.rip = TestMachine.CODE;
        machine.cpu.stateChanged();
        return machine.cpu.run(1000);
    }

    private static String difference(TestMachine expected, TestMachine actual, CpuExit exit, CpuExit other) {
        StringBuilder text = new StringBuilder();
        if (exit != other || expected.state.rip != actual.state.rip) {
            text.append(" exit %s at %x, not %s at %x".formatted(other, actual.state.rip, exit, expected.state.rip));
        }
        for (int i = 0; i < 16; i++) {
            if (expected.state.gpr[i] != actual.state.gpr[i]) {
                text.append(" r%d %x, not %x".formatted(i, actual.state.gpr[i], expected.state.gpr[i]));
            }
        }
        for (int i = 0; i < 32; i++) {
            if (expected.state.xmm[i] != actual.state.xmm[i]) {
                text.append(
                        " xmm%d[%d] %x, not %x".formatted(i / 2, i & 1, actual.state.xmm[i], expected.state.xmm[i]));
            }
        }
        if (expected.state.mxcsr != actual.state.mxcsr || expected.state.rflags != actual.state.rflags) {
            text.append(" mxcsr %x, not %x; flags %x, not %x"
                    .formatted(actual.state.mxcsr, expected.state.mxcsr, actual.state.rflags, expected.state.rflags));
        }
        if (!Arrays.equals(memory(expected), memory(actual))) {
            text.append(" memory differs");
        }
        return text.toString();
    }

    private static byte[] memory(TestMachine machine) {
        byte[] bytes = new byte[0x3000];
        machine.memory.read(TestMachine.DATA, bytes, 0, bytes.length);
        return bytes;
    }
}
