package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;

/** Whatever bytes a user program jumps to, translated they do what they do interpreted. */
class RandomBytesTranslationTest {
    private static final int PROGRAMS = Integer.getInteger("oriel.fuzz.programs", 1500);

    private static final int LENGTH = 48;

    /** Bytes that make instructions likely: prefixes, two-byte opcodes, arithmetic, branches, strings, SSE. */
    private static final int[] LIKELY = {
        0x48, 0x0F, 0x66, 0xF3, 0xF2, 0x01, 0x03, 0x89, 0x8B, 0xC1, 0xD3, 0xF7, 0xFF, 0x74, 0x75, 0xEB, 0xE8, 0xC3,
        0x50, 0x58, 0x8D, 0x83, 0x81, 0xA4, 0xAB, 0x38, 0x3A, 0x6F, 0x7F, 0x10, 0x58, 0x59, 0x41, 0x44, 0x4C, 0xDC
    };

    @Test
    void agreeWithTheInterpreter() {
        try (TranslatedPair pair = new TranslatedPair(true)) {
            for (long seed = 1; seed <= PROGRAMS; seed++) {
                assertThat(pair.run(code(new Random(seed)), initial(pair, new Random(~seed)), 300))
                        .as("seed %d", seed)
                        .isEmpty();
            }
        }
    }

    private static CpuState initial(TranslatedPair pair, Random random) {
        byte[] data = new byte[0x4000];
        random.nextBytes(data);
        pair.with(TestMachine.DATA, data).with(TestMachine.STACK - 0x1000, Arrays.copyOf(data, 0x1000));
        CpuState state = new CpuState();
        for (int i = 0; i < 16; i++) {
            state.gpr[i] = random.nextInt(3) == 0 ? random.nextLong() : TestMachine.DATA + random.nextInt(0x2000);
        }
        state.gpr[CpuState.RSP] = TestMachine.STACK - 0x800;
        for (int i = 0; i < state.xmm.length; i++) {
            state.xmm[i] = random.nextLong();
        }
        state.rflags = 0x202 | random.nextInt() & 0x8D5;
        state.mxcsr = 0x1F80;
        state.fpControl = 0x37F;
        state.fpTag = 0xFFFF;
        return state;
    }

    private static byte[] code(Random random) {
        byte[] code = new byte[0x1000];
        Arrays.fill(code, (byte) 0xF4);
        for (int i = 0; i < LENGTH; i++) {
            int value = random.nextInt(3) == 0 ? LIKELY[random.nextInt(LIKELY.length)] : random.nextInt(256);
            // FNSTENV and FNSAVE store pointers that translated code doesn't keep.
            boolean environment = value == 0xD9 || value == 0xDD;
            code[i] = (byte) (environment ? 0x90 : value);
        }
        return code;
    }
}
