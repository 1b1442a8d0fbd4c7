package oriel.displayd.gateway;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.java_websocket.WebSocket;
import org.java_websocket.exceptions.WebsocketNotConnectedException;
import org.java_websocket.framing.CloseFrame;
import oriel.displayd.viewer.CloseReason;
import oriel.displayd.viewer.Transport;

/** RFB in binary WebSocket messages. Message borders mean nothing. Thread-safe. */
final class WebSocketTransport implements Transport {
    /** A close frame's reason is at most this long (RFC 6455 §5.5). */
    private static final int MAX_REASON = 123;

    private final WebSocket socket;
    private final CreditChannel channel;
    private final String peer;

    WebSocketTransport(WebSocket socket, CreditChannel channel, String peer) {
        this.socket = socket;
        this.channel = channel;
        this.peer = peer;
    }

    @Override
    public void send(byte[] from, int offset, int length) {
        channel.enqueued(frameSize(length));
        try {
            socket.send(ByteBuffer.wrap(from, offset, length));
        } catch (WebsocketNotConnectedException e) {
            // The close is on its way to the viewer on another thread.
        }
    }

    /** Bytes of an unmasked frame (RFC 6455 §5.2). */
    static int frameSize(int payload) {
        if (payload < 126) {
            return payload + 2;
        }
        return payload < 1 << 16 ? payload + 4 : payload + 10;
    }

    @Override
    public long backlog() {
        return channel.backlog();
    }

    @Override
    public void close(CloseReason reason, String detail) {
        String text = cut(detail.isEmpty() ? reason.text() : reason.text() + ": " + detail);
        if (reason == CloseReason.CLIENT_LEFT) {
            socket.close(CloseFrame.NORMAL);
            return;
        }
        socket.close(reason.code(), text);
    }

    private static String cut(String text) {
        String kept = text;
        while (kept.getBytes(StandardCharsets.UTF_8).length > MAX_REASON) {
            kept = kept.substring(0, kept.offsetByCodePoints(kept.length(), -1));
        }
        return kept;
    }

    @Override
    public String peer() {
        return peer;
    }
}
