package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
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
        try (TranslatedPair pair = new TranslatedPair(false).withPattern(TestMachine.DATA, 0x3000)) {
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
                            compared++;
                            String difference = pair.run(code, initial, 1000);
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
}
