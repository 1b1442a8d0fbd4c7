package oriel.it.bench.display;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.java_websocket.WebSocket;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.exceptions.WebsocketNotConnectedException;
import org.java_websocket.handshake.ClientHandshake;
import org.java_websocket.protocols.Protocol;
import org.java_websocket.server.WebSocketServer;
import org.jspecify.annotations.Nullable;

/**
 * What websockify does for a VNC server that speaks TCP only, by threads that wait for nothing else: it adds less than
 * websockify would.
 */
final class WebSocketRelay implements AutoCloseable {
    private final int target;
    private final Server server;

    /** Relays to a loopback port. */
    WebSocketRelay(int target) throws IOException {
        this.target = target;
        server = new Server();
        server.start();
        try {
            server.started.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } catch (ExecutionException e) {
            throw new IOException("the WebSocket relay has no port", e);
        }
    }

    int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        try {
            server.stop(500);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Server extends WebSocketServer {
        final CompletableFuture<Boolean> started = new CompletableFuture<>();

        Server() {
            super(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    1,
                    List.of(new Draft_6455(List.of(), List.of(new Protocol("binary")))));
            setTcpNoDelay(true);
            setDaemon(true);
        }

        @Override
        public void onStart() {
            started.complete(true);
        }

        @Override
        public void onOpen(WebSocket client, ClientHandshake request) {
            try {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), target);
                socket.setTcpNoDelay(true);
                client.setAttachment(socket);
                Thread.ofPlatform().daemon().name("relay").start(() -> pump(socket, client));
            } catch (IOException e) {
                client.close();
            }
        }

        private static void pump(Socket socket, WebSocket client) {
            byte[] buffer = new byte[64 * 1024];
            try {
                InputStream in = socket.getInputStream();
                int count = in.read(buffer);
                while (count >= 0) {
                    client.send(ByteBuffer.wrap(buffer, 0, count));
                    count = in.read(buffer);
                }
            } catch (IOException | WebsocketNotConnectedException e) {
                // One of the two has left.
            }
            client.close();
        }

        @Override
        public void onMessage(WebSocket client, ByteBuffer message) {
            Socket socket = client.getAttachment();
            byte[] bytes = new byte[message.remaining()];
            message.get(bytes);
            try {
                socket.getOutputStream().write(bytes);
            } catch (IOException e) {
                client.close();
            }
        }

        @Override
        public void onMessage(WebSocket client, String message) {
            client.close();
        }

        @Override
        public void onClose(WebSocket client, int code, String reason, boolean remote) {
            Socket socket = client.getAttachment();
            try {
                if (socket != null) {
                    socket.close();
                }
            } catch (IOException e) {
                // Nothing left to do about it.
            }
        }

        @Override
        public void onError(@Nullable WebSocket client, Exception failure) {
            started.completeExceptionally(failure);
        }
    }
}
