package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the statistics say of memory is about what is there. */
class TranslatorMemoryTest {
    @Test
    void countsWhatCodeTakes() {
        try (TestMachine machine = TestMachine.longMode(false, TranslationPolicy.EVERYTHING)) {
            TranslatorMemory before = machine.cpu.translations().memory();
            int jumps = 3000;
            for (int i = 0; i < jumps; i++) {
                machine.load(TestMachine.CODE + 2L * i, 0xEB, 0x00); // jump to the next one
            }
            machine.memory.write(TestMachine.CODE + 2L * jumps, 1, 0xF4);
            machine.run();
            TranslationStatistics made = machine.cpu.translations();
            TranslatorMemory after = made.memory();
            assertThat(made.decoded()).isGreaterThan(jumps);
            assertThat(after.blocks() - before.blocks()).isBetween(jumps * 64L, jumps * 128L);
            assertThat(after.operations()).isEqualTo(before.operations()); // has room for more
            assertThat(after.translations()).isGreaterThanOrEqualTo(made.used());
            assertThat(after.tlb()).isGreaterThan(3 * 1024 * 4 * 8);
            assertThat(after.total())
                    .isEqualTo(
                            after.operations() + after.blocks() + after.translations() + after.jumps() + after.tlb());
            assertThat(after.plus(TranslatorMemory.NONE)).isEqualTo(after);
        }
    }

    @Test
    void keepsCountingWhatTheHostHasGivenForCode() {
        try (TestMachine machine = TestMachine.longMode(false, TranslationPolicy.EVERYTHING)) {
            machine.code(0x48, 0xFF, 0xC0).run(); // inc rax
            long used = machine.cpu.translations().memory().translations();
            machine.cpu.stateChanged(); // drops all code
            assertThat(machine.cpu.translations().memory().translations()).isEqualTo(used);
        }
    }
}
