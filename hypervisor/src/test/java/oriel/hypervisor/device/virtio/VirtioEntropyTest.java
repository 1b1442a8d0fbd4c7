package oriel.hypervisor.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.device.virtio.FakeDriver.Part;

class VirtioEntropyTest {
    @Test
    void buffersAreFilledFromTheSource() {
        try (TestMachine machine = new TestMachine(new VirtioEntropy("virtio-rng.0", new Random(42)))) {
            FakeDriver driver = new FakeDriver(machine).start();
            long buffer = driver.buffer(64);
            int head = driver.ring(0).add(new Part(buffer, 64, true));
            driver.kick(0);
            byte[] expected = new byte[64];
            new Random(42).nextBytes(expected);
            assertThat(driver.bytes(buffer, 64)).isEqualTo(expected);
            assertThat(driver.ring(0).takeUsed()).containsExactly(Map.entry(head, 64));
        }
    }

    @Test
    void hugeBuffersAreFilledInPart() {
        try (TestMachine machine = new TestMachine(new VirtioEntropy("virtio-rng.0", new Random(42)))) {
            FakeDriver driver = new FakeDriver(machine).start();
            int head = driver.ring(0).add(new Part(0x40_0000, -1, true));
            driver.kick(0);
            assertThat(driver.ring(0).takeUsed()).containsExactly(Map.entry(head, 4096));
        }
    }
}
