package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;

/** What one machine has decoded and translated, others take over: only what is theirs too, and without disturbing it. */
class SharedCodeTest {
    private static final int RAX = CpuState.RAX, RCX = CpuState.RCX;

    /** mov ecx, 200; xor eax, eax; again: add rax, rcx; test al, 1; jz even; inc rdx; even: dec ecx; jnz again. */
    private static final int[] LOOP = {
        0xB9, 200, 0, 0, 0, 0x31, 0xC0, 0x48, 0x01, 0xC8, 0xA8, 0x01, 0x74, 0x03, 0x48, 0xFF, 0xC2, 0xFF, 0xC9, 0x75,
        0xF2
    };

    private static final int SUM = 200 * 201 / 2;

    private final SharedCode shared = new SharedCode(1);

    private TestMachine machine() {
        return TestMachine.longMode(TranslationPolicy.HOT, CpuModel.orielV2(), shared);
    }

    @Test
    void theSecondMachineDecodesAndTranslatesNothing() {
        TranslationStatistics first;
        try (TestMachine machine = machine()) {
            assertThat(machine.code(LOOP).run().register(RAX)).isEqualTo(SUM);
            first = machine.cpu.translations();
        }
        assertThat(first.decoded()).isPositive();
        assertThat(first.copied()).isZero();
        try (TestMachine machine = machine()) {
            assertThat(machine.code(LOOP).run().register(RAX)).isEqualTo(SUM);
            TranslationStatistics second = machine.cpu.translations();
            assertThat(second.decoded()).isZero();
            assertThat(second.copied()).isEqualTo(first.decoded());
            assertThat(second.blocks()).isZero();
            assertThat(second.copiedTranslations()).isEqualTo(first.blocks());
        }
    }

    /** Two machines have the same page at different physical addresses; where in it code is does matter. */
    @Test
    void samePlaceInThePageIsEnough() {
        try (TestMachine machine = machine();
                TestMachine elsewhere = machine()) {
            machine.code(LOOP).run();
            elsewhere.state.rip = TestMachine.CODE + 0x5000;
            assertThat(elsewhere.code(LOOP).run().register(RAX)).isEqualTo(SUM);
            assertThat(elsewhere.cpu.translations().decoded()).isZero();
            elsewhere.enterLongMode(false);
            elsewhere.state.rip = TestMachine.CODE + 0x7008;
            assertThat(elsewhere.code(LOOP).run().register(RAX)).isEqualTo(SUM);
            assertThat(elsewhere.cpu.translations().decoded()).isPositive();
        }
    }

    @Test
    void aMachineThatChangesItsCodeDisturbsNoOther() {
        try (TestMachine changing = machine();
                TestMachine other = machine()) {
            changing.code(LOOP).run();
            assertThat(other.code(LOOP).run().register(RAX)).isEqualTo(SUM);
            changing.memory.write(TestMachine.CODE + 1, 1, 100); // its loop is half as long from now on
            rerun(changing);
            assertThat(changing.register(RAX)).isEqualTo(100 * 101 / 2);
            rerun(other);
            assertThat(other.register(RAX)).isEqualTo(SUM);
            try (TestMachine third = machine()) {
                assertThat(third.code(LOOP).run().register(RAX)).isEqualTo(SUM);
                assertThat(third.cpu.translations().decoded()).isZero();
                third.memory.write(TestMachine.CODE + 1, 1, 100);
                rerun(third);
                assertThat(third.register(RAX)).isEqualTo(100 * 101 / 2);
                assertThat(third.cpu.translations().decoded()).isZero();
            }
        }
    }

    private static void rerun(TestMachine machine) {
        machine.state.halted = false;
        machine.state.rip = TestMachine.CODE;
        machine.run();
    }

    /** 40 is REX in 64-bit mode and INC EAX in others; POPCNT is undefined on the first x86-64 processors. */
    @Test
    void modesAndModelsAreKeptApart() {
        int[] increment = {0x40, 0x90};
        try (TestMachine wide = machine();
                TestMachine narrow = TestMachine.protectedMode(TranslationPolicy.HOT, shared)) {
            assertThat(wide.code(increment).run().register(RAX)).isZero();
            assertThat(narrow.code(increment).run().register(RAX)).isEqualTo(1);
        }
        int[] count = {0xB8, 7, 0, 0, 0, 0xF3, 0x0F, 0xB8, 0xC8};
        try (TestMachine has = machine();
                TestMachine lacks = TestMachine.longMode(TranslationPolicy.HOT, CpuModel.named("x86-64-v1"), shared)) {
            assertThat(has.code(count).run().register(RCX)).isEqualTo(3);
            lacks.code(count);
            assertThat(lacks.cpu.run(100)).as("an exception without a handler").isEqualTo(CpuExit.SHUTDOWN);
        }
    }

    /** Page faults, interrupts, budgets that end anywhere, code that changes itself. */
    @Test
    void randomProgramsDoTheSameWithTakenOverCode() {
        for (long seed = 20_000; seed < 20_012; seed++) {
            RandomProgram program = new RandomProgram(seed);
            try (TestMachine alone = TestMachine.longMode(false, TranslationPolicy.NEVER);
                    TestMachine first = machine();
                    TestMachine second = machine()) {
                String expected = outcome(alone, program, seed);
                assertThat(outcome(first, program, seed)).as("seed %d", seed).isEqualTo(expected);
                assertThat(outcome(second, program, seed))
                        .as("seed %d, taken over", seed)
                        .isEqualTo(expected);
                assertThat(second.cpu.translations().copied()).isPositive();
            }
        }
    }

    private static String outcome(TestMachine machine, RandomProgram program, long seed) {
        program.load(machine);
        Random random = new Random(seed);
        StringBuilder outcome = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            if (random.nextInt(4) == 0) {
                machine.interrupts.pending = 40;
            }
            CpuExit exit = machine.cpu.run(1 + random.nextInt(200));
            CpuState state = machine.state;
            outcome.append("%s %x %d %x %s %s%n"
                    .formatted(
                            exit,
                            state.rip,
                            machine.cpu.instructions(),
                            state.rflags,
                            Arrays.toString(Arrays.copyOf(state.gpr, 16)),
                            Arrays.toString(state.xmm)));
        }
        byte[] data = new byte[0x4000];
        machine.memory.read(TestMachine.DATA, data, 0, data.length);
        return outcome.append(Arrays.hashCode(data)).toString();
    }

    /** Each constant makes other code: more of it than the store can hold. What is used all the time stays. */
    @Test
    void keepsWhatIsUsedWithinItsBound() {
        try (TestMachine machine = machine()) {
            machine.code(LOOP).run();
            for (int page = 0; page < 400; page++) {
                machine.enterLongMode(false); // decoded code goes with it
                machine.memory.write(TestMachine.CODE, new byte[0x1000], 0, 0x1000); // blocks are found by eight bytes
                long before = machine.cpu.translations().decoded();
                assertThat(machine.code(LOOP).run().register(RAX)).isEqualTo(SUM);
                assertThat(machine.cpu.translations().decoded())
                        .as("page %d", page)
                        .isEqualTo(before);
                for (int block = 0; block < 200; block++) {
                    // mov eax, constant; jmp to the next one
                    machine.load(TestMachine.CODE + block * 16L, 0xB8, block, page, page >> 8, 1, 0xEB, 9);
                }
                machine.memory.write(TestMachine.CODE + 200 * 16L, 1, 0xF4);
                rerun(machine);
            }
        }
        assertThat(shared.bytes()).isBetween(1L << 19, 3L << 19);
    }
}
