package oriel.displayd.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import oriel.displayd.fuzz.ClientStreams;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.testing.Pictures;
import oriel.displayd.testing.RfbTestClient;

/**
 * While others misbehave in every way, somebody works: nothing reaches that person, and nothing is left of the others.
 * With {@code -Doriel.soak.rounds=1000} it runs for as long as one likes.
 */
final class HostileClientsTest {
    private static final int ROUNDS = Integer.getInteger("oriel.soak.rounds", 12);
    private static final List<Pictures.Kind> KINDS = List.of(Pictures.Kind.values());
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private GatewayUnderTest gateway;

    @BeforeEach
    void start() throws IOException {
        gateway = new GatewayUnderTest(400, 300, folder);
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    private interface Misdeed {
        /** Returns what stays connected, and is closed at the end. */
        List<RawWebSocket> commit(int round) throws IOException;
    }

    private RawWebSocket connect() throws IOException {
        return new RawWebSocket(gateway.port());
    }

    private List<RawWebSocket> stall(int round) throws IOException {
        int[] encodings = {0, 5, 7, 16};
        return List.of(connect().shakeHands(gateway.ticket()).askForEverything(encodings[round % encodings.length]));
    }

    private List<RawWebSocket> drip(int round) throws IOException {
        RawWebSocket client = connect();
        for (byte b : RawWebSocket.openingRequest(gateway.ticket())) {
            client.send(new byte[] {b});
        }
        client.skipPast("RFB 003.008\n");
        for (byte b :
                RawWebSocket.frame(0x82, "RFB 003.008\n\1\1".getBytes(java.nio.charset.StandardCharsets.US_ASCII))) {
            client.send(new byte[] {b});
        }
        client.askForEverything(7);
        byte[] requests = RawWebSocket.frame(0x82, new byte[] {3, 1, 0, 0, 0, 0, 1, 0, 1, 0});
        for (byte b : requests) {
            client.send(new byte[] {b});
        }
        return List.of(client);
    }

    private List<RawWebSocket> sendGarbageMessages(int round) throws IOException {
        RawWebSocket client = connect().shakeHands(gateway.ticket());
        client.message(ClientStreams.stream(round));
        try {
            client.message(ClientStreams.stream(round + 10_000));
        } catch (IOException e) {
            // Cut off for the first already.
        }
        return List.of(client);
    }

    private List<RawWebSocket> sendGarbageFrames(int round) throws IOException {
        RawWebSocket client = connect().shakeHands(gateway.ticket());
        byte[] garbage = new byte[2000];
        new Random(round).nextBytes(garbage);
        client.send(garbage);
        return List.of(client);
    }

    private List<RawWebSocket> sendGarbageRequest(int round) throws IOException {
        RawWebSocket client = connect();
        byte[] garbage = new byte[500];
        new Random(round).nextBytes(garbage);
        client.send(garbage);
        return List.of(client);
    }

    private List<RawWebSocket> vanish(int round) throws IOException {
        RawWebSocket early = connect();
        byte[] request = RawWebSocket.openingRequest(gateway.ticket());
        early.send(Arrays.copyOf(request, request.length / 2));
        early.vanish();
        RawWebSocket soon = connect();
        soon.send(request);
        soon.vanish();
        connect().shakeHands(gateway.ticket()).askForEverything(16).vanish();
        return List.of();
    }

    @Test
    void othersWorkOn() throws IOException {
        List<Misdeed> misdeeds = List.of(
                this::stall,
                this::drip,
                this::sendGarbageMessages,
                this::sendGarbageFrames,
                this::sendGarbageRequest,
                this::vanish);
        List<RawWebSocket> open = new ArrayList<>();
        try (RfbTestClient friend = new RfbTestClient(gateway.friendlyPort(), PixelFormat.NATIVE).listen()) {
            friend.encodings(7, 1, -224);
            friend.requestAlways();
            Random random = new Random(5);
            for (int round = 0; round < ROUNDS; round++) {
                for (Misdeed misdeed : misdeeds) {
                    open.addAll(misdeed.commit(round));
                    Pictures.Kind kind = KINDS.get(random.nextInt(KINDS.size()));
                    int[] picture = Pictures.paint(kind, 400, 300, random);
                    gateway.display.paint((to, w, h) -> System.arraycopy(picture, 0, to, 0, to.length));
                }
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(Arrays.equals(friend.pixels(), gateway.display.snapshot()))
                                .as("the friend's picture is exact")
                                .isTrue());
            }
            for (RawWebSocket client : open) {
                client.close();
            }
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(gateway.hub.viewers("hostile")).isEmpty());
            assertThat(gateway.hub.viewers("friend")).hasSize(1);
            assertThat(gateway.ends).isNotEmpty().noneMatch(end -> end.contains("INTERNAL_ERROR"));
            assertThat(gateway.ends).noneMatch(end -> end.startsWith("friend"));
            // Who was pressing keys when cut off presses them no more.
            assertThat(gateway.display.recordedInput().events()).contains("release all");
        }
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(gateway.display.listenerCount()).isZero());
    }

    @Test
    void anOpeningRequestWithoutEndIsCutOff() throws IOException {
        try (RawWebSocket client = connect()) {
            client.send("GET /display HTTP/1.1\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            byte[] field =
                    ("X-Field: " + "x".repeat(1000) + "\r\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            try {
                for (int i = 0; i < 1000; i++) {
                    client.send(field);
                }
            } catch (IOException e) {
                // Cut off in the middle, as it should be.
            }
            assertThat(client.awaitEnd()).isTrue();
        }
    }

    @Test
    void aClientThatNeverAsksIsCutOff() throws IOException {
        try (RawWebSocket client = connect()) {
            client.send(new byte[] {'G'});
            assertThat(client.awaitEnd()).isTrue(); // after ten seconds; the socket gives it sixty
        }
    }

    @Test
    void aMessageOfFragmentsWithoutEndIsCutOff() throws IOException {
        try (RawWebSocket client = connect().shakeHands(gateway.ticket())) {
            byte[] fragment = RawWebSocket.frame(0, new byte[8000]);
            client.send(RawWebSocket.frame(2, new byte[8000]));
            try {
                for (int i = 0; i < 1000; i++) {
                    client.send(fragment);
                }
            } catch (IOException e) {
                // Cut off in the middle, as it should be.
            }
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(gateway.hub.viewers("hostile")).isEmpty());
        }
    }
}
