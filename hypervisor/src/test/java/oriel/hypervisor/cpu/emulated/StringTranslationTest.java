package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.cpu.CpuState;

/** Translated string instructions do what the interpreter does: over page ends, overlapping, backwards, of no length. */
class StringTranslationTest {
    private static final int[][] INSTRUCTIONS = {
        {0xF3, 0xA4}, {0xF3, 0x66, 0xA5}, {0xF3, 0xA5}, {0xF3, 0x48, 0xA5},
        {0xF3, 0xAA}, {0xF3, 0x66, 0xAB}, {0xF3, 0xAB}, {0xF3, 0x48, 0xAB},
        {0xA4}, {0x48, 0xA5}, {0xAA}, {0x48, 0xAB}
    };

    private static final long TLB_SPAN = 1024 * 4096;

    private final SplittableRandom random = new SplittableRandom(5);

    @Test
    void agreeWithTheInterpreter() {
        try (TestMachine expected = TestMachine.longMode(false, TranslationPolicy.NEVER);
                TestMachine actual = TestMachine.longMode(false, TranslationPolicy.EVERYTHING)) {
            for (int i = 0; i < 3000; i++) {
                int[] instruction = INSTRUCTIONS[random.nextInt(INSTRUCTIONS.length)];
                long[] registers = new long[16];
                Arrays.setAll(registers, k -> random.nextLong());
                registers[CpuState.RSP] = TestMachine.STACK;
                registers[CpuState.RCX] = random.nextInt(4) == 0 ? random.nextInt(1200) : random.nextInt(20);
                registers[CpuState.RSI] = pointer();
                registers[CpuState.RDI] =
                        random.nextInt(3) == 0 ? registers[CpuState.RSI] + random.nextInt(40) : pointer();
                if (random.nextInt(4) == 0) {
                    registers[CpuState.RDI] = registers[CpuState.RSI] + TLB_SPAN; // the same place of the TLB
                }
                boolean backwards = random.nextInt(10) == 0;
                run(expected, instruction, registers, backwards);
                run(actual, instruction, registers, backwards);
                assertThat(Arrays.copyOf(actual.state.gpr, 16))
                        .as("registers behind %s", Arrays.toString(instruction))
                        .isEqualTo(Arrays.copyOf(expected.state.gpr, 16));
                assertThat(actual.state.rflags).isEqualTo(expected.state.rflags);
                assertThat(memory(actual)).isEqualTo(memory(expected));
            }
        }
    }

    private long pointer() {
        return TestMachine.DATA + 0x3000 + random.nextInt(0x2000);
    }

    private static void run(TestMachine machine, int[] instruction, long[] registers, boolean backwards) {
        byte[] data = new byte[0x9000];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i * 53 ^ i >> 4);
        }
        machine.memory.write(TestMachine.DATA, data, 0, data.length);
        machine.enterLongMode(false);
        System.arraycopy(registers, 0, machine.state.gpr, 0, 16);
        machine.state.rflags = 2 | registers[0] & 0x8D5 | (backwards ? Flags.DF : 0);
        machine.code(instruction).run();
    }

    private static byte[] memory(TestMachine machine) {
        byte[] bytes = new byte[0x9000];
        machine.memory.read(TestMachine.DATA, bytes, 0, bytes.length);
        return bytes;
    }
}
