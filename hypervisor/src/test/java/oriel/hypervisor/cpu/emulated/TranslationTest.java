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
    void agreesWhileTranslationsArrive() {
        compare(new TranslationPolicy(1, false), 10_000, 40);
    }

    /** HotSpot compiles no method of 8000 bytecodes or more. */
    @Test
    void methodsStayBelowTheLimitOrAreNotMade() {
        try (Translator translator = new Translator()) {
            int largest = 0;
            boolean refused = false;
            for (int n = 1; n <= 200; n += 7) {
                Translation translation = translator.translate(stores(n));
                refused |= translation == null;
                largest = Math.max(largest, translation == null ? 0 : translation.size());
            }
            assertThat(refused).isTrue();
            assertThat(largest).isBetween(2000, Translator.MAX_BYTECODES);
        }
    }

    @Test
    void equalCodeIsTranslatedOnce() {
        try (Translator translator = new Translator()) {
            assertThat(translator.translate(stores(3))).isSameAs(translator.translate(stores(3)));
            assertThat(translator.statistics().regions()).isEqualTo(1);
        }
    }

    /** A block of additions to memory. */
    private static RegionCode stores(int count) {
        long[] words = new long[3 * count + 2];
        short[] marks = new short[words.length];
        Arrays.fill(marks, CodeCache.CONTINUATION);
        for (int i = 0; i < count; i++) {
            marks[3 * i] = (short) (i == 0 ? CodeCache.BLOCK_START : 4 * i);
            words[3 * i] = Op.word(Op.LDW, Op.T0, 3, 1, 2, 3, 8 * i);
            words[3 * i + 1] = Op.word(Op.ADD64, Op.T0, 2, 0, 0, 0, 0);
            words[3 * i + 2] = Op.word(Op.ST64, Op.T0, 3, 1, 2, 0, 8 * i);
        }
        words[3 * count] = Op.terminator(Op.JMP, 0, 0, 0, 1, 0);
        words[3 * count + 1] = RegionCode.OUTSIDE;
        return new RegionCode(new long[][] {words}, new short[][] {marks}, new boolean[] {true}, new boolean[] {false});
    }

    private static void compare(TranslationPolicy policy, long firstSeed, int programs) {
        try (TestMachine expected = TestMachine.longMode(false, null);
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
