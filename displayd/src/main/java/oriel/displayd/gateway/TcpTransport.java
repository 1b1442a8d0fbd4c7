package oriel.displayd.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import oriel.displayd.viewer.CloseReason;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Transport;
import oriel.displayd.viewer.Viewer;

/** RFB on a TCP connection; a virtual thread writes what others put into its queue. Thread-safe. */
final class TcpTransport implements Transport {
    private static final byte[] END = {};
    /** For a client that doesn't take what was sent before the end. */
    private static final Duration GOODBYE = Duration.ofSeconds(3);

    private final Socket socket;
    private final DisplayHub hub;
    private final LinkedBlockingQueue<byte[]> queue = new LinkedBlockingQueue<>();
    private final AtomicLong backlog = new AtomicLong();
    private volatile @Nullable Runnable onWritten;

    private TcpTransport(Socket socket, DisplayHub hub) {
        this.socket = socket;
        this.hub = hub;
        Thread.ofVirtual().name("rfb-writer").start(this::write);
    }

    /**
     * Serves a client, until it goes. Blocks.
     *
     * @param begin what the server does first
     */
    static void watch(Socket client, DisplayHub hub, DisplayGrant grant, Consumer<Viewer> begin) {
        TcpTransport transport = new TcpTransport(client, hub);
        Viewer viewer = hub.open(grant, transport);
        if (viewer == null) {
            return;
        }
        transport.onWritten = viewer::writable;
        try {
            client.setTcpNoDelay(true);
            begin.accept(viewer);
            transport.readFor(viewer);
        } catch (IOException e) {
            viewer.transportClosed(String.valueOf(e.getMessage()));
        }
    }

    private void readFor(Viewer viewer) throws IOException {
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[16 * 1024];
        int count = in.read(buffer);
        while (count >= 0) {
            viewer.receive(buffer, 0, count);
            count = in.read(buffer);
        }
        viewer.transportClosed("end of stream");
    }

    private void write() {
        try {
            byte[] next = queue.take();
            while (next != END) {
                socket.getOutputStream().write(next);
                backlog.addAndGet(-next.length);
                Runnable action = onWritten;
                if (action != null) {
                    action.run();
                }
                next = queue.take();
            }
        } catch (IOException e) {
            // The reader meets the same end and reports it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            closeSocket();
        }
    }

    private void closeSocket() {
        try {
            socket.close();
        } catch (IOException e) {
            // Nothing left to do about it.
        }
    }

    @Override
    public void send(byte[] from, int offset, int length) {
        backlog.addAndGet(length);
        queue.add(Arrays.copyOfRange(from, offset, offset + length));
    }

    @Override
    public long backlog() {
        return backlog.get();
    }

    @Override
    public void close(CloseReason reason, String detail) {
        queue.add(END);
        try {
            hub.after(GOODBYE, this::closeSocket);
        } catch (RejectedExecutionException e) {
            closeSocket(); // shutting down: no time for manners
        }
    }

    @Override
    public String peer() {
        return String.valueOf(socket.getRemoteSocketAddress());
    }
}
