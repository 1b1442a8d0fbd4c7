package oriel.hypervisor.cpu.emulated;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random integer instructions, alone, several after each other, and with loads that fault between them, give what the host's processor gives. Flags that
 * Intel's manual leaves undefined are masked, instruction by instruction.
 */
class NativeComparisonTest {
    @TempDir
    Path directory;

    @Test
    void singleInstructions() throws Exception {
        compare(new InstructionGenerator(new Random(1)).singles(20_000));
    }

    @Test
    void sequences() throws Exception {
        compare(new InstructionGenerator(new Random(2)).sequences(6_000));
    }

    @Test
    void flagsAtFaults() throws Exception {
        compare(new InstructionGenerator(new Random(3)).faults(6_000));
    }

    private void compare(List<NativeRunner.Case> cases) throws Exception {
        new NativeRunner(directory).assertSame(cases);
    }
}
