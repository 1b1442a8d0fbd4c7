package oriel.displayd.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.displayd.testing.SyntheticDisplay;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.displayd.viewer.CloseReason;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Right;
import oriel.displayd.viewer.ViewerListener;

/** Seen through the JDK's WebSocket client. */
final class DisplayGatewayTest {
    private static final String TICKET = "0123456789abcdefABCDEF_-";

    private final SyntheticDisplay display = new SyntheticDisplay(64, 48);
    private final Set<String> tickets = ConcurrentHashMap.newKeySet();
    private DisplayHub hub;
    private DisplayGateway gateway;

    @BeforeEach
    void start() throws IOException {
        hub = new DisplayHub(1, 10, ViewerListener.NONE);
        DisplayGrant grant = new DisplayGrant("s1", display, Set.of(Right.VIEW), ClipboardPolicy.DENIED);
        gateway = new DisplayGateway(
                hub,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                ticket -> tickets.remove(ticket) ? Optional.of(grant) : Optional.empty(),
                OriginPolicy.sameHostAnd(Set.of("https://desktops.example.org")));
        gateway.start();
        tickets.add(TICKET);
    }

    @AfterEach
    void stop() {
        gateway.close();
        hub.close();
    }

    /** What a client met. */
    private static final class Events implements WebSocket.Listener {
        final List<String> lines = new CopyOnWriteArrayList<>();

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            lines.add("data " + US_ASCII.decode(data));
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            lines.add("close " + code + " " + reason);
            return null;
        }
    }

    private WebSocket connect(Events events, String path, String ticket, String... headers) {
        WebSocket.Builder builder = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .subprotocols("binary", ticket.isEmpty() ? new String[0] : new String[] {"oriel.ticket." + ticket});
        for (int i = 0; i < headers.length; i += 2) {
            builder.header(headers[i], headers[i + 1]);
        }
        return builder.buildAsync(URI.create("ws://127.0.0.1:" + gateway.port() + path), events)
                .join();
    }

    @Test
    void aTicketOpensTheDisplayOnce() {
        Events events = new Events();
        WebSocket socket = connect(events, "/display", TICKET);
        assertThat(socket.getSubprotocol()).isEqualTo("binary");
        await().until(() -> events.lines.contains("data RFB 003.008\n"));
        assertThat(hub.viewers("s1")).hasSize(1);

        Events again = new Events();
        connect(again, "/display", TICKET);
        await().until(() -> !again.lines.isEmpty());
        assertThat(again.lines.getFirst()).startsWith("close 4401 the ticket is unknown, expired or was used before");
    }

    @Test
    void withoutATicketThereIsNoDisplay() {
        Events events = new Events();
        connect(events, "/display", "");
        await().until(() -> !events.lines.isEmpty());
        assertThat(events.lines.getFirst()).startsWith("close 4401").contains("no ticket was offered");
    }

    @Test
    void foreignPagesAreRefusedAndTheirTicketIsNotUsedUp() {
        Events events = new Events();
        connect(events, "/display", TICKET, "Origin", "https://evil.example");
        await().until(() -> !events.lines.isEmpty());
        assertThat(events.lines.getFirst()).startsWith("close 4403").contains("https://evil.example");
        assertThat(tickets).contains(TICKET);
    }

    @Test
    void ownPagesAreWelcome() {
        Events events = new Events();
        connect(events, "/display", TICKET, "Origin", "http://127.0.0.1:" + gateway.port());
        await().until(() -> events.lines.contains("data RFB 003.008\n"));
        tickets.add(TICKET);
        Events listed = new Events();
        connect(listed, "/display", TICKET, "Origin", "https://desktops.example.org");
        await().until(() -> listed.lines.contains("data RFB 003.008\n"));
        tickets.add(TICKET);
        Events proxied = new Events();
        connect(proxied, "/display", TICKET, "Origin", "https://vdi.example", "X-Forwarded-Host", "vdi.example");
        await().until(() -> proxied.lines.contains("data RFB 003.008\n"));
    }

    @Test
    void thereIsOnePath() {
        Events events = new Events();
        connect(events, "/other", TICKET);
        await().until(() -> !events.lines.isEmpty());
        assertThat(events.lines.getFirst()).startsWith("close 4005").contains("displays are at /display");
    }

    @Test
    void theReasonOfAnEndReachesTheBrowser() {
        Events events = new Events();
        connect(events, "/display", TICKET);
        await().until(() -> events.lines.contains("data RFB 003.008\n"));
        hub.close("s1", CloseReason.SESSION_ENDED, "x".repeat(300));
        await().until(() -> events.lines.size() > 1);
        assertThat(events.lines.getLast()).startsWith("close 4000 the session has ended: xxx");
        assertThat(hub.viewers()).isEmpty();
    }

    @Test
    void textMessagesAndHugeFramesEndTheConnection() {
        Events events = new Events();
        WebSocket socket = connect(events, "/display", TICKET);
        await().until(() -> events.lines.contains("data RFB 003.008\n"));
        CompletableFuture<WebSocket> _ = socket.sendText("hello", true);
        await().until(() -> events.lines.getLast().startsWith("close 4005"));
        tickets.add(TICKET);
        Events second = new Events();
        WebSocket huge = connect(second, "/display", TICKET);
        await().until(() -> second.lines.contains("data RFB 003.008\n"));
        CompletableFuture<WebSocket> _ = huge.sendBinary(ByteBuffer.allocate(1 << 20), true);
        await().until(() -> hub.viewers().isEmpty());
    }

    @Test
    void aPortInUseIsExplained() {
        DisplayGateway second = new DisplayGateway(
                hub,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port()),
                ticket -> Optional.empty(),
                OriginPolicy.sameHost());
        assertThatIOException()
                .isThrownBy(second::start)
                .withMessageContaining("can't listen on")
                .withMessageContaining("in use");
    }

    @Test
    void unauthenticatedRfbStaysOnLoopback() {
        DisplayGrant grant = new DisplayGrant("s", display, Set.of(Right.VIEW), ClipboardPolicy.DENIED);
        assertThatThrownBy(() -> new RfbTcpServer(hub, new InetSocketAddress("192.0.2.1", 0), grant))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("loopback only");
    }
}
