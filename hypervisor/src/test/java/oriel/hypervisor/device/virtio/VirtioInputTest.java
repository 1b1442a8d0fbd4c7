package oriel.hypervisor.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.virtio.FakeDriver.Part;
import oriel.hypervisor.display.DisplaySize;

class VirtioInputTest {
    private static final DisplaySize SIZE = new DisplaySize(1280, 800);

    private final VirtioTablet tablet = new VirtioTablet("virtio-input.tablet");

    private static byte[] select(FakeDriver driver, int select, int subselect) {
        driver.setDeviceConfig(0, select);
        driver.setDeviceConfig(1, subselect);
        byte[] value = new byte[(int) driver.deviceConfig(2, 1)];
        for (int i = 0; i < value.length; i++) {
            value[i] = (byte) driver.deviceConfig(8 + i, 1);
        }
        return value;
    }

    private static void offerBuffers(FakeDriver driver, int count, List<Long> buffers) {
        for (int i = 0; i < count; i++) {
            long buffer = driver.buffer(8);
            buffers.add(buffer);
            driver.ring(0).add(new Part(buffer, 8, true));
        }
        driver.kick(0);
    }

    private static List<InputEvent> events(FakeDriver driver, List<Long> buffers) {
        List<InputEvent> events = new ArrayList<>();
        int count = driver.ring(0).takeUsed().size();
        for (int i = 0; i < count; i++) {
            events.add(InputEvent.of(driver.bytes(buffers.removeFirst(), 8)));
        }
        return events;
    }

    @Test
    void theTabletDescribesItselfAsLinuxExpects() {
        try (TestMachine machine = new TestMachine(tablet)) {
            FakeDriver driver = new FakeDriver(machine);
            assertThat(driver.config(0, 4)).isEqualTo(0x1052_1AF4);
            assertThat(new String(select(driver, 1, 0), StandardCharsets.US_ASCII))
                    .isEqualTo("Oriel Tablet");
            assertThat(select(driver, 3, 0)).hasSize(8);
            assertThat(BitSet.valueOf(select(driver, 0x11, 1)).stream())
                    .containsExactly(0x110, 0x111, 0x112, 0x113, 0x114);
            assertThat(BitSet.valueOf(select(driver, 0x11, 2)).stream()).containsExactly(6, 8);
            assertThat(BitSet.valueOf(select(driver, 0x11, 3)).stream()).containsExactly(0, 1);
            assertThat(select(driver, 0x11, 0x11)).isEmpty();
            assertThat(LittleEndian.get32(select(driver, 0x12, 1), 4)).isEqualTo(32767);
            assertThat(select(driver, 0x12, 2)).isEmpty();
            assertThat(select(driver, 0x7F, 0)).isEmpty();
        }
    }

    @Test
    void pixelsComeBackExactlyInTheGuest() {
        try (TestMachine machine = new TestMachine(tablet)) {
            FakeDriver driver = new FakeDriver(machine).start();
            List<Long> buffers = new ArrayList<>();
            for (int x = 0; x < 1280; x++) {
                offerBuffers(driver, 3, buffers);
                tablet.pointer(x, x * 799 / 1279, SIZE, 0);
                List<InputEvent> events = events(driver, buffers);
                assertThat(events).hasSize(3);
                assertThat(events.getFirst().value() * 1280 / 32768).isEqualTo(x);
                assertThat(events.get(1).value() * 800 / 32768).isEqualTo(x * 799 / 1279);
            }
        }
    }

    @Test
    void aClickIsPositionThenButtonAndInterruptsTheGuest() {
        try (TestMachine machine = new TestMachine(tablet)) {
            FakeDriver driver = new FakeDriver(machine).start();
            List<Long> buffers = new ArrayList<>();
            offerBuffers(driver, 16, buffers);
            tablet.pointer(5000, -3, SIZE, 0b101);
            tablet.wheel(-2, 0);
            assertThat(machine.line).isTrue();
            assertThat(events(driver, buffers))
                    .extracting(e -> e.type() + ":" + e.code() + ":" + e.value())
                    .containsExactly(
                            "3:0:32755", "3:1:20", "0:0:0", "1:272:1", "0:0:0", "1:273:1", "0:0:0", "2:8:-2", "0:0:0");
        }
    }

    @Test
    void whatDoesNotFitWaitsForBuffers() {
        try (TestMachine machine = new TestMachine(tablet)) {
            FakeDriver driver = new FakeDriver(machine).start();
            List<Long> buffers = new ArrayList<>();
            offerBuffers(driver, 1, buffers);
            tablet.wheel(1, 0);
            tablet.wheel(0, 1);
            tablet.pointer(0, 0, SIZE, 1);
            assertThat(events(driver, buffers)).containsExactly(new InputEvent(2, 8, 1));
            offerBuffers(driver, 10, buffers);
            assertThat(events(driver, buffers))
                    .containsExactly(
                            InputEvent.REPORT,
                            new InputEvent(2, 6, 1),
                            InputEvent.REPORT,
                            new InputEvent(3, 0, 12),
                            new InputEvent(3, 1, 20),
                            InputEvent.REPORT,
                            new InputEvent(1, 0x110, 1),
                            InputEvent.REPORT);
        }
    }

    @Test
    void releaseAllReleasesWhatIsHeld() {
        try (TestMachine machine = new TestMachine(tablet)) {
            FakeDriver driver = new FakeDriver(machine).start();
            List<Long> buffers = new ArrayList<>();
            offerBuffers(driver, 32, buffers);
            tablet.pointer(10, 10, SIZE, 0b101);
            events(driver, buffers);
            tablet.releaseAll();
            assertThat(events(driver, buffers))
                    .containsExactly(
                            new InputEvent(1, 0x110, 0),
                            InputEvent.REPORT,
                            new InputEvent(1, 0x111, 0),
                            InputEvent.REPORT);
        }
    }

    @Test
    void inputBeforeTheDriverIsUpIsNotReplayed() {
        try (TestMachine machine = new TestMachine(tablet)) {
            tablet.pointer(0, 0, SIZE, 1);
            tablet.pointer(0, 0, SIZE, 4);
            FakeDriver driver = new FakeDriver(machine).start();
            List<Long> buffers = new ArrayList<>();
            offerBuffers(driver, 8, buffers);
            assertThat(events(driver, buffers)).containsExactly(new InputEvent(1, 0x111, 1), InputEvent.REPORT);
        }
    }

    @Test
    void shortBuffersBreakTheDevice() {
        try (TestMachine machine = new TestMachine(tablet)) {
            FakeDriver driver = new FakeDriver(machine).start();
            driver.ring(0).add(new Part(driver.buffer(7), 7, true));
            tablet.wheel(1, 0);
            assertThat(driver.needsReset()).isTrue();
        }
    }

    @Test
    void buttonsHeldAtASnapshotAreReleasedAfterIt() {
        try (TestMachine machine = new TestMachine(tablet)) {
            FakeDriver driver = new FakeDriver(machine).start();
            List<Long> buffers = new ArrayList<>();
            offerBuffers(driver, 8, buffers);
            tablet.pointer(10, 10, SIZE, 1);
            events(driver, buffers);
            StateWriter out = new StateWriter();
            machine.function.save(out);
            machine.function.load(new StateReader("tablet", out.toByteArray()));
            driver.kick(0);
            assertThat(events(driver, buffers)).containsExactly(new InputEvent(1, 0x110, 0), InputEvent.REPORT);
        }
    }
}
