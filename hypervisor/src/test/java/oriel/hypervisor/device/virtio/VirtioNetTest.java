package oriel.hypervisor.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.virtio.FakeDriver.Part;
import oriel.hypervisor.network.MacAddress;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.NetworkLink;

class VirtioNetTest {
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;
    private static final int BUFFER = 1526;

    private final List<byte[]> sent = new ArrayList<>();
    private final TestMachine.Tasks tasks = new TestMachine.Tasks();
    private Consumer<byte[]> toCard;
    private boolean unplugged;
    private VirtioNet card;
    private TestMachine machine;
    private FakeDriver driver;

    private VirtioNet card(String address) {
        return new VirtioNet("net.0", new NetworkCard(MacAddress.of(address), this::connect), tasks);
    }

    private NetworkLink.Connection connect(Consumer<byte[]> receiver) {
        toCard = receiver;
        return new NetworkLink.Connection() {
            @Override
            public void send(byte[] frame) {
                sent.add(frame);
            }

            @Override
            public void close() {
                unplugged = true;
            }
        };
    }

    @BeforeEach
    void start() {
        card = card("52:54:00:01:02:03");
        machine = new TestMachine(card);
        driver = new FakeDriver(machine).start();
    }

    @AfterEach
    void stop() {
        machine.close();
    }

    private static byte[] frame(int length, int seed) {
        byte[] frame = new byte[length];
        new Random(seed).nextBytes(frame);
        return frame;
    }

    private void transmit(byte[] frame) {
        byte[] packet = new byte[12 + frame.length];
        System.arraycopy(frame, 0, packet, 12, frame.length);
        driver.ring(TRANSMIT).add(new Part(driver.buffer(packet), packet.length, false));
        driver.kick(TRANSMIT);
        driver.ring(TRANSMIT).takeUsed();
    }

    private long offer(int length) {
        long buffer = driver.buffer(length);
        driver.ring(RECEIVE).add(new Part(buffer, length, true));
        driver.kick(RECEIVE);
        return buffer;
    }

    @Test
    void theDriverFindsACardWithItsAddressAndALink() {
        assertThat(driver.config(0, 4)).isEqualTo(0x1041_1AF4);
        assertThat(driver.deviceConfig(0, 4)).isEqualTo(0x0100_5452);
        assertThat(driver.deviceConfig(4, 2)).isEqualTo(0x0302);
        assertThat(driver.deviceConfig(6, 2)).isEqualTo(1);
    }

    @Test
    void framesGoOut() {
        byte[] one = frame(60, 1);
        byte[] longest = frame(1514, 2);
        transmit(one);
        transmit(longest);
        assertThat(sent).containsExactly(one, longest);
    }

    @Test
    void framesOfImpossibleLengthGoNowhere() {
        transmit(frame(13, 1));
        transmit(frame(1515, 1));
        transmit(new byte[0]);
        assertThat(sent).isEmpty();
        assertThat(driver.needsReset()).isFalse();
        driver.ring(TRANSMIT).add(new Part(driver.buffer(11), 11, false));
        driver.kick(TRANSMIT);
        assertThat(driver.needsReset()).as("no room for a header").isTrue();
    }

    @Test
    void framesComeInInOrderAndInterrupt() {
        long first = offer(BUFFER);
        long second = offer(BUFFER);
        toCard.accept(frame(60, 1));
        toCard.accept(frame(1514, 2));
        assertThat(tasks.runAll()).as("one task for both").isEqualTo(1);
        assertThat(driver.bytes(first, 12)).containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0);
        assertThat(driver.bytes(first + 12, 60)).isEqualTo(frame(60, 1));
        assertThat(driver.bytes(second + 12, 1514)).isEqualTo(frame(1514, 2));
        assertThat(driver.ring(RECEIVE).takeUsed().values()).containsExactly(72, 1526);
        assertThat(machine.line).isTrue();
    }

    @Test
    void aSlowGuestLosesFramesAndNotTheHostsMemory() {
        for (int i = 0; i < 100_000; i++) {
            toCard.accept(frame(60, i));
        }
        tasks.runAll();
        int taken = 0;
        for (int i = 0; i < 600; i++) {
            offer(BUFFER);
            taken += driver.ring(RECEIVE).takeUsed().size();
        }
        assertThat(taken).isEqualTo(512);
        offer(BUFFER);
        toCard.accept(frame(60, 1));
        tasks.runAll();
        assertThat(driver.ring(RECEIVE).takeUsed()).as("then it goes on").hasSize(1);
    }

    @Test
    void aShortBufferBreaksTheDevice() {
        offer(40);
        toCard.accept(frame(60, 1));
        tasks.runAll();
        assertThat(driver.needsReset()).isTrue();
    }

    @Test
    void framesForNobodyAreForgotten() {
        driver.setCommon(20, 1, 0);
        toCard.accept(frame(60, 1));
        assertThat(tasks.runAll()).isZero();
        driver.start();
        offer(BUFFER);
        tasks.runAll();
        assertThat(driver.ring(RECEIVE).takeUsed()).isEmpty();
    }

    @Test
    void aCloneKeepsItsOwnAddress() {
        StateWriter out = new StateWriter();
        machine.function.save(out);
        try (TestMachine other = new TestMachine(card("52:54:00:0a:0b:0c"))) {
            FakeDriver clone = new FakeDriver(other);
            other.function.load(new StateReader("net.0", out.toByteArray()));
            assertThat(clone.deviceConfig(4, 2)).isEqualTo(0x0C0B);
        }
    }

    @Test
    void closingUnplugs() {
        card.close();
        assertThat(unplugged).isTrue();
        toCard.accept(Arrays.copyOf(new byte[0], 60));
        assertThat(tasks.runAll()).isZero();
    }
}
