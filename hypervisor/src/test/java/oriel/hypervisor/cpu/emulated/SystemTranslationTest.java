package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import oriel.hypervisor.cpu.CpuState;

/** CLI and PUSHF, translated, do what the interpreter does: with all flags, with and without the right to. */
class SystemTranslationTest {
    private static final byte[][] PARTS = {
        {(byte) 0xFA}, // cli
        {(byte) 0xFB}, // sti
        {(byte) 0x9C, 0x58}, // pushf; pop rax
        {0x66, (byte) 0x9C, 0x66, 0x59}, // pushfw; pop cx
        {(byte) 0xFD}, // std
        {(byte) 0xFC}, // cld
        {0x48, 0x01, (byte) 0xD8}, // add rax, rbx
        {0x48, 0x11, (byte) 0xC3}, // adc rbx, rax
        {(byte) 0xF9}, // stc
        {(byte) 0x9C, (byte) 0x9D}, // pushf; popf
    };

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void agreesWithTheInterpreter(boolean user) {
        Random random = new Random(5);
        try (TranslatedPair pair = new TranslatedPair(user).withPattern(TestMachine.STACK - 0x100, 0x100)) {
            for (int round = 0; round < 2000; round++) {
                byte[] code = new byte[64];
                int length = 0;
                for (int i = 0; i < 8; i++) {
                    byte[] part = PARTS[random.nextInt(PARTS.length)];
                    System.arraycopy(part, 0, code, length, part.length);
                    length += part.length;
                }
                code[length] = (byte) 0xF4;
                CpuState initial = new CpuState();
                for (int i = 0; i < 16; i++) {
                    initial.gpr[i] = random.nextLong();
                }
                initial.gpr[CpuState.RSP] = TestMachine.STACK - 64;
                initial.mxcsr = 0x1F80;
                initial.fpControl = 0x37F;
                initial.fpTag = 0xFFFF;
                int privilege = random.nextInt(4) << 12; // IOPL
                initial.rflags = 2 | privilege | random.nextInt() & (Flags.ARITHMETIC | Flags.IF | Flags.DF | Flags.NT);
                assertThat(pair.run(code, initial, 1 + random.nextInt(20)))
                        .as("round %d, rflags %x", round, initial.rflags)
                        .isEmpty();
            }
        }
    }
}
