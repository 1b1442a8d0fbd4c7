package oriel.displayd.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.java_websocket.WebSocket;
import org.java_websocket.WebSocketAdapter;
import org.java_websocket.WebSocketImpl;
import org.java_websocket.handshake.ClientHandshake;
import org.java_websocket.handshake.Handshakedata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;
import oriel.displayd.viewer.CloseReason;

/** Opening request, admission and framing under any bytes, without a socket. */
final class OpeningRequestFuzzTest {
    private static final OriginPolicy ORIGINS = OriginPolicy.sameHost();

    /** What a connection came to. */
    private static final class Outcome extends WebSocketAdapter {
        final List<Admission> admissions = new ArrayList<>();
        String path = "";
        String origin = "";
        String offered = "";
        int received;
        int closes;

        @Override
        public void onWebsocketOpen(WebSocket socket, Handshakedata request) {
            path = ((ClientHandshake) request).getResourceDescriptor();
            origin = request.getFieldValue("Origin");
            offered = request.getFieldValue("Sec-WebSocket-Protocol");
            admissions.add(Admission.of(path, request, ORIGINS));
        }

        @Override
        public void onWebsocketMessage(WebSocket socket, ByteBuffer message) {
            received += message.remaining();
            assertThat(message.remaining()).isLessThanOrEqualTo(BoundedDraft.MAX_MESSAGE);
        }

        @Override
        public void onWebsocketMessage(WebSocket socket, String message) {
            received += message.length();
        }

        @Override
        public void onWebsocketClose(WebSocket socket, int code, String reason, boolean remote) {
            closes++;
        }

        @Override
        public void onWebsocketClosing(WebSocket socket, int code, String reason, boolean remote) {}

        @Override
        public void onWebsocketCloseInitiated(WebSocket socket, int code, String reason) {}

        @Override
        public void onWebsocketError(WebSocket socket, Exception failure) {
            assertThat(failure).isNotInstanceOf(RuntimeException.class).hasNoCause();
        }

        @Override
        public void onWriteDemand(WebSocket socket) {}

        @Override
        public InetSocketAddress getLocalSocketAddress(WebSocket socket) {
            return new InetSocketAddress(0);
        }

        @Override
        public InetSocketAddress getRemoteSocketAddress(WebSocket socket) {
            return new InetSocketAddress(0);
        }
    }

    static Stream<byte[]> seeds() {
        return OpeningRequests.seeds();
    }

    @MethodSource("seeds")
    @FuzzTest
    void anyBytes(byte[] stream) {
        check(stream);
    }

    @Test
    void generatedRequests() {
        int admitted = 0;
        int refused = 0;
        for (int seed = 0; seed < 2000; seed++) {
            List<Admission> admissions = check(OpeningRequests.request(seed)).admissions;
            admitted += admissions.stream().anyMatch(Admission.WithTicket.class::isInstance) ? 1 : 0;
            refused += admissions.stream().anyMatch(Admission.Refused.class::isInstance) ? 1 : 0;
        }
        // Requests that got nowhere near a decision would prove nothing.
        assertThat(admitted).isGreaterThan(100);
        assertThat(refused).isGreaterThan(100);
    }

    private static Outcome check(byte[] stream) {
        // Java-WebSocket may see a broken request differently when it comes in pieces: both must be decided rightly.
        checkDecision(deliver(stream, 1 + stream.length / 5));
        Outcome whole = deliver(stream, stream.length);
        checkDecision(whole);
        return whole;
    }

    private static void checkDecision(Outcome outcome) {
        for (Admission admission : outcome.admissions) {
            switch (admission) {
                case Admission.WithTicket(String ticket) -> {
                    assertThat(outcome.path).isEqualTo("/display");
                    assertThat(outcome.offered.split("[,;\\s]+")).contains("oriel.ticket." + ticket);
                    assertThat(ticket).matches("[A-Za-z0-9_-]{16,512}");
                    assertThat(outcome.origin).isNotIn("https://evil.example", "null");
                }
                case Admission.Refused(CloseReason reason, String detail) -> {
                    assertThat(reason.code()).isBetween(4000, 4999);
                    assertThat(detail).matches("[ -~]{0,200}");
                }
            }
        }
    }

    private static Outcome deliver(byte[] stream, int atOnce) {
        Outcome outcome = new Outcome();
        WebSocketImpl socket = new WebSocketImpl(outcome, List.of(new BoundedDraft()));
        for (int at = 0; at < stream.length && !socket.isClosed() && !socket.isClosing(); at += atOnce) {
            socket.decode(ByteBuffer.wrap(Arrays.copyOfRange(stream, at, Math.min(stream.length, at + atOnce))));
        }
        assertThat(outcome.admissions).hasSizeLessThanOrEqualTo(1);
        assertThat(outcome.closes).isLessThanOrEqualTo(1);
        return outcome;
    }

    /** Java-WebSocket alone would hold fragments without end (RFC 6455 §5.4). */
    @Test
    void aMessageWithoutEndIsRefused() {
        byte[] open = OpeningRequests.wellFormed().getBytes(ISO_8859_1);
        for (int size : new int[] {0, 60_000}) {
            Outcome outcome = new Outcome();
            WebSocketImpl socket = new WebSocketImpl(outcome, List.of(new BoundedDraft()));
            socket.decode(ByteBuffer.wrap(open));
            assertThat(outcome.admissions).containsExactly(new Admission.WithTicket(OpeningRequests.TICKET));
            int fragments = 0;
            while (socket.isOpen() && fragments < 10_000) {
                socket.decode(OpeningRequests.fragment(fragments == 0 ? 2 : 0, size));
                fragments++;
            }
            assertThat(fragments).isLessThanOrEqualTo(BoundedDraft.MAX_FRAGMENTS + 1);
            assertThat((long) fragments * size).isLessThanOrEqualTo(BoundedDraft.MAX_MESSAGE + size);
            assertThat(outcome.received).isZero();
        }
    }

    /** Found by fuzzing: Java-WebSocket's own check of such a frame throws, and the connection would go on. */
    @Test
    void aCloseFrameWhoseReasonIsNoTextEndsTheConnection() {
        Outcome outcome = new Outcome();
        WebSocketImpl socket = new WebSocketImpl(outcome, List.of(new BoundedDraft()));
        socket.decode(ByteBuffer.wrap(OpeningRequests.wellFormed().getBytes(ISO_8859_1)));
        socket.decode(ByteBuffer.wrap(
                new byte[] {(byte) 0x88, (byte) 0x84, 0, 0, 0, 0, 0x03, (byte) 0xE8, (byte) 0xC3, (byte) 0x28}));
        assertThat(socket.isOpen()).isFalse();
    }

    @Test
    void fragmentsOfAllowedMessagesAreJoined() {
        Outcome outcome = new Outcome();
        WebSocketImpl socket = new WebSocketImpl(outcome, List.of(new BoundedDraft()));
        socket.decode(ByteBuffer.wrap(OpeningRequests.wellFormed().getBytes(ISO_8859_1)));
        for (int message = 0; message < 20; message++) {
            socket.decode(OpeningRequests.fragment(2, 30_000));
            socket.decode(OpeningRequests.fragment(0, 30_000));
            socket.decode(OpeningRequests.fragment(0x80, 30_000));
        }
        assertThat(outcome.received).isEqualTo(20 * 90_000);
        assertThat(socket.isOpen()).isTrue();
    }
}
