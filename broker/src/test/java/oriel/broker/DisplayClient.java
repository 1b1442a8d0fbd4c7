package oriel.broker;

import java.net.URI;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** A viewer of sorts: opens a display and shakes hands (RFC 6143 §7.1.1–7.3.1). */
final class DisplayClient {
    private final WebSocket socket;
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();

    /** Opens what a {@code ConnectReady} is for. */
    DisplayClient(Http http, JsonNode ready) throws Exception {
        CompletableFuture<Void> greeted = new CompletableFuture<>();
        WebSocket.Listener listener = new WebSocket.Listener() {
            @Override
            public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
                greeted.complete(null);
                from.request(1);
                return null;
            }

            @Override
            public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
                closed.complete(status);
                return null;
            }

            @Override
            public void onError(WebSocket from, Throwable error) {
                closed.completeExceptionally(error);
            }
        };
        socket = http.client
                .newWebSocketBuilder()
                .subprotocols(
                        ready.path("subprotocols").get(0).asString(),
                        ready.path("subprotocols").get(1).asString())
                .header("Origin", http.server.toString())
                .buildAsync(URI.create(http.server.toString().replaceFirst("http", "ws") + "/display"), listener)
                .get(Fixture.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        greeted.get(Fixture.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        send("RFB 003.008\n".getBytes(StandardCharsets.US_ASCII));
        // Security type None; shared.
        send(new byte[] {1});
        send(new byte[] {1});
    }

    private void send(byte[] bytes) {
        socket.sendBinary(ByteBuffer.wrap(bytes), true).join();
    }

    /** Presses a key (§7.5.4) of a keysym. */
    void press(int keysym) {
        send(ByteBuffer.allocate(8)
                .put((byte) 4)
                .put((byte) 1)
                .putShort((short) 0)
                .putInt(keysym)
                .array());
    }

    /** The code with which the server closed it, once it has. */
    int closedWith() throws Exception {
        return closed.get(Fixture.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Whether nobody has closed it. */
    boolean isOpen() {
        return !closed.isDone();
    }

    /** Goes without a word. */
    void drop() {
        socket.abort();
    }
}
