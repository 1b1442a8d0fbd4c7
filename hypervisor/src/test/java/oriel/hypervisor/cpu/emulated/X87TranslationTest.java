package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;

/** Every x87 instruction, translated, does what the interpreter does, alone and behind others. */
class X87TranslationTest {
    private static final int ROUNDS = Integer.getInteger("oriel.differential.rounds", 6);

    private final SplittableRandom random = new SplittableRandom(87);
    private final Operands operands = new Operands(random);

    @Test
    void agreesWithTheInterpreter() {
        List<String> failures = new ArrayList<>();
        try (TranslatedPair pair = new TranslatedPair(false).withPattern(TestMachine.DATA, 0x3000)) {
            CpuState initial = new CpuState();
            for (int opcode = 0xD8; opcode <= 0xDF; opcode++) {
                for (int modrm = 0; modrm < 256; modrm++) {
                    if (modrm < 0xC0 && (modrm & 7) != 3 || storesPointers(opcode, modrm)) {
                        continue; // memory at RBX only
                    }
                    for (int round = 0; round < ROUNDS; round++) {
                        ByteArrayOutputStream code = new ByteArrayOutputStream();
                        for (int i = random.nextInt(4); i > 0; i--) {
                            int before = 0xD8 + random.nextInt(8);
                            int operand = random.nextInt(0x100) | 3;
                            if (!storesPointers(before, operand)) {
                                instruction(code, before, operand);
                            }
                        }
                        instruction(code, opcode, modrm);
                        code.write(0x90);
                        code.write(0xF4);
                        randomise(initial);
                        String difference = pair.run(code.toByteArray(), initial, 1000);
                        if (!difference.isEmpty()) {
                            failures.add(HexFormat.of().formatHex(code.toByteArray()) + difference);
                        }
                    }
                }
            }
        }
        assertThat(failures).isEmpty();
    }

    /** FNSTENV and FNSAVE: pointers to the last instruction are those of the last one that Java executed. */
    private static boolean storesPointers(int opcode, int modrm) {
        return modrm < 0xC0 && (opcode == 0xD9 || opcode == 0xDD) && (modrm >> 3 & 7) == 6;
    }

    private void instruction(ByteArrayOutputStream code, int opcode, int modrm) {
        code.write(opcode);
        code.write(modrm);
        if (modrm >= 0x40 && modrm < 0x80) {
            code.write(random.nextInt(64));
        } else if (modrm >= 0x80 && modrm < 0xC0) {
            code.write(random.nextInt(256));
            code.write(0);
            code.write(0);
            code.write(0);
        }
    }

    private void randomise(CpuState state) {
        int style = random.nextInt(6);
        for (int i = 0; i < 8; i++) {
            state.fpSignificand[i] = operands.quadword(style) | Long.MIN_VALUE;
            state.fpSignExponent[i] = operands.extendedExponent();
        }
        int empty = random.nextInt(256);
        state.fpTag = 0;
        for (int i = 0; i < 8; i++) {
            state.fpTag |= (empty >> i & 1) * 3 << 2 * i;
        }
        int unmasked = random.nextInt(8) == 0 ? 1 << random.nextInt(6) : 0;
        state.fpControl =
                0x7F & ~unmasked | random.nextInt(4) << 10 | (random.nextInt(2) == 0 ? 3 : random.nextInt(4)) << 8;
        state.fpStatus = random.nextInt(8) << 11 | random.nextInt(8) << 8;
        for (int i = 0; i < 16; i++) {
            state.gpr[i] = random.nextLong();
        }
        state.gpr[CpuState.RBX] = TestMachine.DATA + (random.nextInt(8) == 0 ? 0xFC0 : 0x100);
        state.rflags = 2 | random.nextInt() & 0x8D5;
    }
}
