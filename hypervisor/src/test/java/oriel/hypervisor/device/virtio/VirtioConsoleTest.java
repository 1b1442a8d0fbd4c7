package oriel.hypervisor.device.virtio;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.virtio.FakeDriver.Part;

class VirtioConsoleTest {
    private static final int AGENT_IN = 0;
    private static final int AGENT_OUT = 1;
    private static final int CONTROL_IN = 2;
    private static final int CONTROL_OUT = 3;
    private static final int SPICE_IN = 4;
    private static final int SPICE_OUT = 5;

    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final List<Boolean> opened = new ArrayList<>();
    private final ConsolePort agent = port("org.qemu.guest_agent.0");
    private final ConsolePort spice = port("com.redhat.spice.0");
    private final List<Long> controlBuffers = new ArrayList<>();
    private TestMachine machine;
    private FakeDriver driver;

    private ConsolePort port(String name) {
        return new ConsolePort(name, new ConsolePort.Listener() {
            @Override
            public void received(byte[] bytes) {
                received.writeBytes(bytes);
            }

            @Override
            public void guestOpened(boolean open) {
                opened.add(open);
            }
        });
    }

    @BeforeEach
    void start() {
        machine = new TestMachine(new VirtioConsole("virtio-serial.0", List.of(agent, spice)));
        driver = new FakeDriver(machine).start();
        for (int i = 0; i < 16; i++) {
            long buffer = driver.buffer(64);
            controlBuffers.add(buffer);
            driver.ring(CONTROL_IN).add(new Part(buffer, 64, true));
        }
        driver.kick(CONTROL_IN);
    }

    @AfterEach
    void stop() {
        machine.close();
    }

    private void control(int port, int event, int value) {
        byte[] message = new byte[8];
        LittleEndian.put32(message, 0, port);
        LittleEndian.put16(message, 4, event);
        LittleEndian.put16(message, 6, value);
        driver.ring(CONTROL_OUT).add(new Part(driver.buffer(message), 8, false));
        driver.kick(CONTROL_OUT);
    }

    private List<String> controlMessages() {
        List<String> messages = new ArrayList<>();
        for (int length : driver.ring(CONTROL_IN).takeUsed().values()) {
            byte[] message = driver.bytes(controlBuffers.removeFirst(), length);
            messages.add("%d:%d:%d%s"
                    .formatted(
                            LittleEndian.get32(message, 0),
                            LittleEndian.get16(message, 4),
                            LittleEndian.get16(message, 6),
                            new String(message, 8, length - 8, US_ASCII)));
        }
        return messages;
    }

    @Test
    void theDriverLearnsThePortsAndTheirNames() {
        assertThat(driver.config(0, 4)).isEqualTo(0x1043_1AF4);
        assertThat(driver.deviceConfig(4, 4)).as("max_nr_ports").isEqualTo(2);
        assertThat(driver.common(18, 2)).isEqualTo(6);
        agent.open(true);
        control(-1, 0, 1);
        assertThat(controlMessages()).containsExactly("0:1:0", "1:1:0");
        control(0, 3, 1);
        control(1, 3, 1);
        assertThat(controlMessages())
                .containsExactly("0:7:1org.qemu.guest_agent.0", "0:6:1", "1:7:1com.redhat.spice.0");
        spice.open(true);
        assertThat(controlMessages()).containsExactly("1:6:1");
    }

    @Test
    void bytesGoBothWaysOnceBothEndsAreOpen() {
        control(-1, 0, 1);
        long buffer = driver.buffer(16);
        driver.ring(SPICE_IN).add(new Part(buffer, 4, true), new Part(buffer + 8, 4, true));
        driver.kick(SPICE_IN);
        assertThat(spice.send(new byte[] {1})).isFalse();
        spice.open(true);
        assertThat(spice.send(new byte[] {1})).isFalse();
        control(1, 6, 1);
        assertThat(opened).containsExactly(true);
        assertThat(spice.send("hello ".getBytes(US_ASCII))).isTrue();
        assertThat(spice.send("world".getBytes(US_ASCII))).isTrue();
        assertThat(new String(driver.bytes(buffer, 4), US_ASCII)).isEqualTo("hell");
        assertThat(new String(driver.bytes(buffer + 8, 2), US_ASCII)).isEqualTo("o ");
        driver.ring(SPICE_IN).add(new Part(buffer, 16, true));
        driver.kick(SPICE_IN);
        assertThat(new String(driver.bytes(buffer, 5), US_ASCII)).isEqualTo("world");
        assertThat(driver.ring(SPICE_IN).takeUsed().values()).containsExactly(6, 5);

        driver.ring(SPICE_OUT).add(new Part(driver.buffer("answer".getBytes(US_ASCII)), 6, false));
        driver.kick(SPICE_OUT);
        assertThat(received.toString(US_ASCII)).isEqualTo("answer");
    }

    @Test
    void aGuestThatDoesNotReadIsBounded() {
        control(-1, 0, 1);
        agent.open(true);
        control(0, 6, 1);
        assertThat(agent.send(new byte[ConsolePort.MAX_WAITING])).isTrue();
        assertThat(agent.send(new byte[1])).isFalse();
        control(0, 6, 0);
        control(0, 6, 1);
        assertThat(agent.send(new byte[1])).as("a new program starts afresh").isTrue();
        long buffer = driver.buffer(8);
        int head = driver.ring(AGENT_IN).add(new Part(buffer, 8, true));
        driver.kick(AGENT_IN);
        assertThat(driver.ring(AGENT_IN).takeUsed()).containsEntry(head, 1);
    }

    @Test
    void bytesForAClosedHostVanish() {
        driver.ring(AGENT_OUT).add(new Part(driver.buffer(new byte[5]), 5, false));
        driver.kick(AGENT_OUT);
        assertThat(driver.ring(AGENT_OUT).takeUsed()).hasSize(1);
        assertThat(received.size()).isZero();
    }

    @Test
    void unknownPortsAndEventsAreIgnored() {
        control(2, 3, 1);
        control(-5, 6, 1);
        control(0, 99, 1);
        assertThat(controlMessages()).isEmpty();
        assertThat(opened).isEmpty();
        assertThat(driver.needsReset()).isFalse();
    }

    @Test
    void aDriverThatAsksWithoutEndBreaksTheDevice() {
        for (int i = 0; i < 400 && !driver.needsReset(); i++) {
            control(0, 3, 1);
            driver.ring(CONTROL_OUT).takeUsed();
        }
        assertThat(driver.needsReset()).isTrue();
    }

    @Test
    void aResetClosesTheGuestsEnds() {
        control(0, 6, 1);
        driver.setCommon(20, 1, 0);
        assertThat(opened).containsExactly(true, false);
    }

    @Test
    void aSnapshotKeepsOpenPorts() {
        control(-1, 0, 1);
        control(0, 6, 1);
        StateWriter out = new StateWriter();
        machine.function.save(out);
        machine.function.reset();
        assertThat(agent.guestOpen()).isFalse();
        machine.function.load(new StateReader("virtio-serial.0", out.toByteArray()));
        assertThat(agent.guestOpen()).isTrue();
        controlMessages();
        agent.open(true);
        assertThat(controlMessages()).containsExactly("0:6:1");
    }
}
