package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuExit;

/** Translated code and the interpreter agree after every run, wherever the budget ends it. */
class TranslationTest {
    private static final long LENGTH = 20_000;

    @Test
    void agreesWithTheInterpreterOnRandomPrograms() {
        compare(TranslationPolicy.EVERYTHING, 1, 60);
    }

    @Test
    void agreesWhileSomeIsTranslated() {
        compare(new TranslationPolicy(7), 10_000, 40);
    }

    private static void compare(TranslationPolicy policy, long firstSeed, int programs) {
        try (TestMachine expected = TestMachine.longMode(false, TranslationPolicy.NEVER);
                TestMachine actual = TestMachine.longMode(false, policy)) {
            for (long seed = firstSeed; seed < firstSeed + programs; seed++) {
                RandomProgram program = new RandomProgram(seed);
                program.load(expected);
                program.load(actual);
                compare(expected, actual, seed);
            }
        }
    }

    private static void compare(TestMachine expected, TestMachine actual, long seed) {
        Random random = new Random(seed);
        long end = expected.cpu.instructions() + LENGTH;
        long difference = actual.cpu.instructions() - expected.cpu.instructions();
        CpuExit exit = CpuExit.BUDGET;
        while (exit == CpuExit.BUDGET && expected.cpu.instructions() < end) {
            int budget = 1 + random.nextInt(random.nextBoolean() ? 20 : 3000);
            if (random.nextInt(4) == 0) {
                expected.interrupts.pending = 40;
                actual.interrupts.pending = 40;
            }
            long before = expected.state.rip;
            exit = expected.cpu.run(budget);
            CpuExit other = actual.cpu.run(budget);
            String where = "seed " + seed + ", " + budget + " instructions from " + Long.toHexString(before);
            assertThat(other).as(where).isEqualTo(exit);
            assertThat(Long.toHexString(actual.state.rip)).as(where).isEqualTo(Long.toHexString(expected.state.rip));
            assertThat(actual.cpu.instructions() - difference).as(where).isEqualTo(expected.cpu.instructions());
            assertThat(Arrays.copyOf(actual.state.gpr, 16)).as(where).isEqualTo(Arrays.copyOf(expected.state.gpr, 16));
            assertThat(actual.state.rflags).as(where).isEqualTo(expected.state.rflags);
            assertThat(actual.state.xmm).as(where).isEqualTo(expected.state.xmm);
            assertThat(actual.state.mxcsr).as(where).isEqualTo(expected.state.mxcsr);
        }
        assertThat(memory(actual)).as("memory, seed %d", seed).isEqualTo(memory(expected));
    }

    private static byte[] memory(TestMachine machine) {
        byte[] bytes = new byte[0x30_0000];
        machine.memory.read(0x8000, bytes, 0, bytes.length);
        machine.memory.read(TestMachine.DATA, bytes, 0, 0x4000);
        return bytes;
    }
}
