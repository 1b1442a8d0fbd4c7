package oriel.displayd.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Pattern;
import org.java_websocket.WebSocket;
import org.java_websocket.WebSocketAdapter;
import org.java_websocket.WebSocketImpl;
import org.java_websocket.WebSocketServerFactory;
import org.java_websocket.drafts.Draft;
import org.java_websocket.exceptions.WebsocketNotConnectedException;
import org.java_websocket.framing.Framedata;
import org.java_websocket.framing.PingFrame;
import org.java_websocket.framing.PongFrame;
import org.java_websocket.handshake.ClientHandshake;
import org.java_websocket.server.WebSocketServer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.displayd.viewer.CloseReason;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Viewer;

/**
 * The browser's way in: RFB over WebSocket at {@value #PATH}. A client offers the sub-protocols {@code binary} and
 * {@code oriel.ticket.<ticket>}; the server selects {@code binary}, so that the ticket is in no URL, and with it in no
 * history, proxy log or referrer. Meant to listen on loopback behind the broker's port, so that the browser sees one
 * origin and one certificate.
 */
public final class DisplayGateway implements AutoCloseable {
    /** Where it answers. */
    public static final String PATH = "/display";
    /** What precedes a ticket in the list of sub-protocols. */
    public static final String TICKET_PREFIX = "oriel.ticket.";
    /** The sub-protocol selected. */
    public static final String PROTOCOL = "binary";

    private static final Logger log = LoggerFactory.getLogger(DisplayGateway.class);
    private static final Pattern ADDRESS = Pattern.compile("[0-9A-Fa-f:.]{2,45}");
    /** From the connection to the end of the opening request; as long as RFB's own handshake may take. */
    private static final Duration OPENING_TIME = Duration.ofSeconds(10);
    /** Threads that take frames apart; handling a message never blocks. */
    private static final int DECODERS = 2;
    /** Beyond this a client that pings but doesn't read gets no answers. */
    private static final long PONG_BACKLOG = 64 * 1024;

    private static final int LOST_CONNECTION_SECONDS = 60;
    /** For a client that doesn't answer the close frame. */
    private static final Duration GOODBYE = Duration.ofSeconds(3);

    private final DisplayHub hub;
    private final TicketVerifier verifier;
    private final OriginPolicy origins;
    private final Server server;

    /**
     * Prepares; {@link #start} opens the port.
     *
     * @param hub takes the viewers; outlives the gateway
     * @param address where to listen; port 0 for any
     * @param verifier redeems tickets
     * @param origins which pages may connect
     */
    public DisplayGateway(DisplayHub hub, InetSocketAddress address, TicketVerifier verifier, OriginPolicy origins) {
        this.hub = hub;
        this.verifier = verifier;
        this.origins = origins;
        server = new Server(address);
    }

    /**
     * Opens the port.
     *
     * @return the port
     * @throws IOException if it can't be had, with the reason
     */
    public int start() throws IOException {
        server.start();
        try {
            server.started.get();
        } catch (ExecutionException e) {
            throw new IOException(
                    "the display gateway can't listen on " + server.getAddress() + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the display gateway started", e);
        }
        log.info("display gateway listens on {}:{}{}", server.getAddress().getHostString(), server.getPort(), PATH);
        return server.getPort();
    }

    /** The port it listens on. */
    public int port() {
        return server.getPort();
    }

    /** Closes the port and its connections. */
    @Override
    public void close() {
        try {
            server.stop(1000, CloseReason.SERVER_SHUTDOWN.text());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One WebSocket's way from ticket to viewer. */
    private static final class Connection {
        final CreditChannel channel;
        private @Nullable Viewer viewer;
        private boolean gone;

        Connection(CreditChannel channel) {
            this.channel = channel;
        }

        synchronized @Nullable Viewer viewer() {
            return viewer;
        }

        /** Returns false if the client left while its ticket was looked up. */
        synchronized boolean become(Viewer newViewer) {
            viewer = newViewer;
            return !gone;
        }

        synchronized @Nullable Viewer leave() {
            gone = true;
            return viewer;
        }
    }

    private void admit(WebSocket socket, ClientHandshake request) {
        Connection connection = socket.getAttachment();
        connection.channel.admitted();
        String peer = peer(socket, request);
        WebSocketTransport transport = new WebSocketTransport(socket, connection.channel, peer);
        switch (Admission.of(request.getResourceDescriptor(), request, origins)) {
            case Admission.Refused(CloseReason reason, String detail) -> refuse(transport, reason, detail);
            case Admission.WithTicket(String ticket) ->
                Thread.ofVirtual().name("display-ticket").start(() -> redeem(connection, transport, ticket));
        }
    }

    private void redeem(Connection connection, WebSocketTransport transport, String ticket) {
        Optional<DisplayGrant> grant;
        try {
            grant = verifier.redeem(ticket);
        } catch (RuntimeException e) {
            log.error("a ticket could not be checked", e);
            transport.close(CloseReason.INTERNAL_ERROR, "the ticket could not be checked, try again");
            return;
        }
        if (grant.isEmpty()) {
            refuse(transport, CloseReason.TICKET_REFUSED, "");
            return;
        }
        Viewer viewer = hub.open(grant.get(), transport);
        if (viewer == null) {
            return;
        }
        connection.channel.onWritten(viewer::writable);
        if (connection.become(viewer)) {
            viewer.start();
        } else {
            viewer.transportClosed("left before the display was opened");
        }
    }

    private static void refuse(WebSocketTransport transport, CloseReason reason, String detail) {
        log.warn("display refused to {}: {} {}", transport.peer(), reason, detail);
        transport.close(reason, detail);
    }

    private static String peer(WebSocket socket, ClientHandshake request) {
        // The last entry is the one our own proxy added.
        String forwarded = request.getFieldValue("X-Forwarded-For");
        String last = forwarded.substring(forwarded.lastIndexOf(',') + 1).strip();
        InetSocketAddress remote = socket.getRemoteSocketAddress();
        return ADDRESS.matcher(last).matches() ? last : remote == null ? "unknown" : remote.toString();
    }

    private final class Server extends WebSocketServer {
        final CompletableFuture<Void> started = new CompletableFuture<>();

        Server(InetSocketAddress address) {
            super(address, DECODERS, List.of(new BoundedDraft()));
            setReuseAddr(true);
            setTcpNoDelay(true);
            setDaemon(true);
            setConnectionLostTimeout(LOST_CONNECTION_SECONDS);
            setWebSocketFactory(new Factory());
        }

        @Override
        public void onStart() {
            started.complete(null);
        }

        @Override
        public void onOpen(WebSocket socket, ClientHandshake request) {
            admit(socket, request);
        }

        @Override
        public void onMessage(WebSocket socket, ByteBuffer message) {
            Connection connection = socket.getAttachment();
            Viewer viewer = connection.viewer();
            if (viewer == null) {
                // The server speaks first in RFB.
                socket.close(CloseReason.PROTOCOL_ERROR.code(), "the client spoke before the server");
                return;
            }
            byte[] bytes = new byte[message.remaining()];
            message.get(bytes);
            viewer.receive(bytes, 0, bytes.length);
        }

        @Override
        public void onMessage(WebSocket socket, String message) {
            Connection connection = socket.getAttachment();
            Viewer viewer = connection.viewer();
            if (viewer != null) {
                viewer.close(CloseReason.PROTOCOL_ERROR, "a text message");
            } else {
                socket.close(CloseReason.PROTOCOL_ERROR.code(), "a text message");
            }
        }

        /** We said goodbye, be it for a reason of ours or because the client broke the WebSocket protocol. */
        @Override
        public void onCloseInitiated(WebSocket socket, int code, @Nullable String reason) {
            Connection connection = socket.getAttachment();
            Viewer viewer = connection.viewer();
            if (viewer != null) {
                String why = reason == null ? "" : Admission.printable(reason);
                viewer.close(CloseReason.PROTOCOL_ERROR, "WebSocket error " + code + " " + why);
            }
            try {
                hub.after(GOODBYE, () -> socket.closeConnection(code, "no answer to the close frame"));
            } catch (RejectedExecutionException e) {
                // Shutting down: no time for manners, but the close frame is sent after this returns.
                Thread.startVirtualThread(() -> socket.closeConnection(code, "no answer to the close frame"));
            }
        }

        @Override
        public void onClose(WebSocket socket, int code, String reason, boolean remote) {
            Connection connection = socket.getAttachment();
            Viewer viewer = connection.leave();
            if (viewer != null) {
                viewer.transportClosed("WebSocket closed with " + code + " " + Admission.printable(reason));
            }
        }

        @Override
        public void onError(@Nullable WebSocket socket, Exception failure) {
            if (socket == null) {
                if (!started.completeExceptionally(failure)) {
                    log.error("the display gateway failed", failure);
                }
                return;
            }
            log.debug("WebSocket of {} failed: {}", socket.getRemoteSocketAddress(), failure.toString());
        }

        @Override
        public void onWebsocketPing(WebSocket socket, Framedata ping) {
            Connection connection = socket.getAttachment();
            // Only the newest ping needs an answer (RFC 6455 §5.5.2), and answers count like anything else.
            if (connection.channel.backlog() > PONG_BACKLOG) {
                return;
            }
            connection.channel.enqueued(
                    WebSocketTransport.frameSize(ping.getPayloadData().remaining()));
            try {
                socket.sendFrame(new PongFrame((PingFrame) ping));
            } catch (WebsocketNotConnectedException e) {
                // It left in between.
            }
        }

        @Override
        public PingFrame onPreparePing(WebSocket socket) {
            Connection connection = socket.getAttachment();
            connection.channel.enqueued(WebSocketTransport.frameSize(0));
            return super.onPreparePing(socket);
        }
    }

    /** Puts the counting channel between Java-WebSocket and the socket, and waits for the opening request only so long. */
    private final class Factory implements WebSocketServerFactory {
        @Override
        public WebSocketImpl createWebSocket(WebSocketAdapter listener, Draft draft) {
            return new WebSocketImpl(listener, draft);
        }

        @Override
        public WebSocketImpl createWebSocket(WebSocketAdapter listener, List<Draft> drafts) {
            return new WebSocketImpl(listener, drafts);
        }

        @Override
        public ByteChannel wrapChannel(SocketChannel channel, SelectionKey key) throws IOException {
            CreditChannel counting = new CreditChannel(channel);
            WebSocketImpl socket = (WebSocketImpl) key.attachment();
            socket.setAttachment(new Connection(counting));
            // Java-WebSocket looks after open connections only: one that never asks would stay for ever.
            try {
                hub.after(OPENING_TIME, () -> {
                    if (counting.isOpening()) {
                        socket.closeConnection(CloseReason.HANDSHAKE_TIMEOUT.code(), "no opening request");
                    }
                });
            } catch (RejectedExecutionException e) {
                throw new IOException(CloseReason.SERVER_SHUTDOWN.text(), e);
            }
            return counting;
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }
}
