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
        try (TranslatedPair pair = new TranslatedPair(false).withPattern(TestMachine.DATA, 0x9000)) {
            CpuState initial = new CpuState();
            for (int i = 0; i < 3000; i++) {
                int[] instruction = INSTRUCTIONS[random.nextInt(INSTRUCTIONS.length)];
                long[] registers = initial.gpr;
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
                initial.rflags = 2 | registers[0] & 0x8D5 | (backwards ? Flags.DF : 0);
                assertThat(pair.run(code(instruction), initial, 1000))
                        .as("%s", Arrays.toString(instruction))
                        .isEmpty();
            }
        }
    }

    private static byte[] code(int[] instruction) {
        byte[] code = new byte[instruction.length + 1];
        for (int i = 0; i < instruction.length; i++) {
            code[i] = (byte) instruction[i];
        }
        code[instruction.length] = (byte) 0xF4;
        return code;
    }

    private long pointer() {
        return TestMachine.DATA + 0x3000 + random.nextInt(0x2000);
    }
}
