package oriel.hypervisor.guest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.device.chipset.FakeMachineClock;
import oriel.hypervisor.device.virtio.GuestPortUser;
import oriel.hypervisor.display.DisplaySize;

class SpiceAgentTest {
    private static final int WITH_SELECTION = 0x67 | 1 << 10;
    private static final long SECOND = 1_000_000_000L;

    private final FakeMachineClock clock = new FakeMachineClock();
    private final List<String> copied = new ArrayList<>();
    private final SpiceAgent agent = new SpiceAgent(Runnable::run, clock, copied::add);
    private final GuestPortUser guest = new GuestPortUser(agent.port());
    private final VdAgentStream fromHost = new VdAgentStream(4 << 20);

    @AfterEach
    void close() {
        guest.close();
    }

    private static byte[] words(int... words) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(words).forEach(bytes::putInt);
        return bytes.array();
    }

    private static byte[] join(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private void send(int type, byte[] body) {
        guest.write(new VdAgentMessage(type, body).chunks());
    }

    private List<VdAgentMessage> received() {
        List<VdAgentMessage> messages = new ArrayList<>();
        fromHost.feed(guest.read());
        for (VdAgentMessage message = fromHost.next(); message != null; message = fromHost.next()) {
            messages.add(message);
        }
        return messages;
    }

    private void start(int capabilities) {
        guest.open(true);
        send(VdAgentMessage.ANNOUNCE_CAPABILITIES, words(0, capabilities));
        assertThat(agent.ready()).isTrue();
        received();
    }

    private void guestCopies(byte[] clipboardMessage) {
        send(VdAgentMessage.CLIPBOARD_GRAB, words(0, 1));
        clock.advance(SECOND);
        assertThat(received()).hasSize(1);
        guest.write(clipboardMessage);
    }

    private static byte[] clipboard(String text) {
        return new VdAgentMessage(VdAgentMessage.CLIPBOARD, join(words(0, 1), text.getBytes(UTF_8))).chunks();
    }

    @Test
    void bothSidesSayWhatTheyCan() {
        guest.open(true);
        VdAgentMessage announced = received().getFirst();
        assertThat(announced.type()).isEqualTo(6);
        assertThat(announced.data()).isEqualTo(words(1, 0x466));
        send(VdAgentMessage.ANNOUNCE_CAPABILITIES, words(1, WITH_SELECTION));
        assertThat(received()).extracting(VdAgentMessage::type).containsExactly(6, 14);
    }

    @Test
    void textCopiedInTheGuestIsAskedForAndArrives() {
        start(WITH_SELECTION);
        send(VdAgentMessage.CLIPBOARD_GRAB, words(0, 2, 1));
        clock.advance(1);
        VdAgentMessage request = received().getFirst();
        assertThat(request.type()).isEqualTo(VdAgentMessage.CLIPBOARD_REQUEST);
        assertThat(request.data()).isEqualTo(words(0, 1));
        String text = "Grüße 🙂".repeat(1000);
        send(VdAgentMessage.CLIPBOARD, join(words(0, 1), text.getBytes(UTF_8)));
        assertThat(copied).containsExactly(text);
    }

    @Test
    void whatIsOnlySelectedOrNoTextIsNotAskedFor() {
        start(WITH_SELECTION);
        send(VdAgentMessage.CLIPBOARD_GRAB, words(1, 1));
        send(VdAgentMessage.CLIPBOARD_GRAB, words(0, 2));
        clock.advance(SECOND);
        assertThat(received()).isEmpty();
    }

    @Test
    void aGuestThatCopiesInALoopIsAskedTenTimesASecond() {
        start(WITH_SELECTION);
        for (int i = 0; i < 1000; i++) {
            send(VdAgentMessage.CLIPBOARD_GRAB, words(0, 1));
            clock.advance(1_000_000);
        }
        assertThat(received()).hasSizeBetween(9, 11);
    }

    @Test
    void textThatNobodyAskedForGoesNowhere() {
        start(WITH_SELECTION);
        guestCopies(clipboard("first"));
        for (int i = 0; i < 100; i++) {
            guest.write(clipboard("flood"));
        }
        assertThat(copied).containsExactly("first");
    }

    @Test
    void textOfTheHostIsOfferedAndGivenWhenAskedFor() {
        agent.clipboard("before the guest was there");
        guest.open(true);
        send(VdAgentMessage.ANNOUNCE_CAPABILITIES, words(0, WITH_SELECTION));
        assertThat(received().getLast())
                .satisfies(m -> assertThat(m.type()).isEqualTo(VdAgentMessage.CLIPBOARD_GRAB))
                .satisfies(m -> assertThat(m.data()).isEqualTo(words(0, 1)));
        String text = "long ".repeat(150_000);
        agent.clipboard(text);
        received();
        send(VdAgentMessage.CLIPBOARD_REQUEST, words(0, 1));
        VdAgentMessage given = received().getFirst();
        assertThat(given.type()).isEqualTo(VdAgentMessage.CLIPBOARD);
        assertThat(given.data()).isEqualTo(join(words(0, 1), text.getBytes(UTF_8)));
    }

    @Test
    void theHostsTextIsGoneWhenTheGuestCopies() {
        start(WITH_SELECTION);
        agent.clipboard("secret");
        send(VdAgentMessage.CLIPBOARD_GRAB, words(0, 1));
        received();
        send(VdAgentMessage.CLIPBOARD_REQUEST, words(0, 1));
        assertThat(received().getFirst().data()).isEqualTo(words(0, 0));
    }

    @Test
    void oldAgentsWithoutSelectionsWork() {
        start(0x22);
        agent.clipboard("x");
        assertThat(received().getFirst().data()).isEqualTo(words(1));
        send(VdAgentMessage.CLIPBOARD_REQUEST, words(1));
        assertThat(received().getFirst().data()).isEqualTo(join(words(1), new byte[] {'x'}));
        send(VdAgentMessage.CLIPBOARD_GRAB, words(1));
        clock.advance(SECOND);
        send(VdAgentMessage.CLIPBOARD, join(words(1), new byte[] {'y'}));
        assertThat(copied).containsExactly("y");
    }

    @Test
    void aWindowThatIsDraggedAsksForItsLastSizeOnly() {
        agent.requestSize(new DisplaySize(800, 600));
        start(WITH_SELECTION);
        clock.advance(SECOND);
        for (int width = 900; width < 1000; width++) {
            agent.requestSize(new DisplaySize(width, 700));
            clock.advance(2_000_000);
        }
        clock.advance(SECOND);
        List<VdAgentMessage> sizes = received();
        assertThat(sizes).hasSizeBetween(1, 4);
        assertThat(sizes.getLast().data()).isEqualTo(words(1, 1, 700, 999, 32, 0, 0));
        agent.requestSize(new DisplaySize(999, 700));
        clock.advance(SECOND);
        assertThat(received()).as("no news").isEmpty();
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void messagesThatAreTooLongAreSkippedWhole() {
        start(WITH_SELECTION);
        byte[] tooLong = new byte[SpiceAgent.MAX_TEXT + 100];
        byte[] wire = new VdAgentMessage(VdAgentMessage.CLIPBOARD, tooLong).chunks();
        send(VdAgentMessage.CLIPBOARD_GRAB, words(0, 1));
        clock.advance(SECOND);
        received();
        for (int at = 0; at < wire.length; at += 60_000) {
            guest.write(Arrays.copyOfRange(wire, at, Math.min(wire.length, at + 60_000)));
        }
        send(VdAgentMessage.CLIPBOARD, join(words(0, 1), "short".getBytes(UTF_8)));
        assertThat(copied).containsExactly("short");
    }

    @Test
    void piecesOfAnySizeMakeTheSameMessages() {
        start(WITH_SELECTION);
        String text = "0123456789".repeat(1000);
        byte[] wire = clipboard(text);
        Random random = new Random(11);
        for (int round = 0; round < 50; round++) {
            guestCopies(new byte[0]);
            for (int at = 0; at < wire.length; ) {
                int end = Math.min(wire.length, at + 1 + random.nextInt(random.nextBoolean() ? 5 : 3000));
                guest.write(Arrays.copyOfRange(wire, at, end));
                at = end;
            }
        }
        assertThat(copied).hasSize(50).containsOnly(text);
    }

    @Test
    void garbageIsSurvivedAndAFreshStartWorks() {
        Random random = new Random(5);
        for (int round = 0; round < 300; round++) {
            guest.open(true);
            if (random.nextBoolean()) {
                send(VdAgentMessage.ANNOUNCE_CAPABILITIES, words(random.nextInt(), random.nextInt()));
            }
            for (int i = 0; i < 5; i++) {
                byte[] body = new byte[random.nextInt(40)];
                random.nextBytes(body);
                byte[] wire = new VdAgentMessage(random.nextInt(20), body).chunks();
                if (random.nextInt(3) == 0) {
                    wire[random.nextInt(wire.length)] = (byte) random.nextInt();
                }
                guest.write(wire);
            }
            clock.advance(SECOND);
            guest.read();
            guest.open(false);
        }
        copied.clear();
        fromHost.clear();
        start(WITH_SELECTION);
        guestCopies(clipboard("fine"));
        assertThat(copied).containsExactly("fine");
    }
}
