package oriel.displayd.gateway;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A socket that counts. Java-WebSocket queues without bound and tells nobody when its queue drains; between what is
 * {@linkplain #enqueued put into} that queue and what is written here lies the backlog. Thread-safe.
 */
final class CreditChannel implements ByteChannel {
    private final SocketChannel socket;
    private final AtomicLong backlog = new AtomicLong();
    private volatile @Nullable Runnable onWritten;

    CreditChannel(SocketChannel socket) {
        this.socket = socket;
    }

    /** Bytes of whole frames are being put into the queue. */
    void enqueued(long bytes) {
        backlog.addAndGet(bytes);
    }

    long backlog() {
        return backlog.get();
    }

    /** Called whenever the backlog fell. */
    void onWritten(Runnable action) {
        onWritten = action;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        int written = socket.write(from);
        if (written > 0) {
            // Never below zero: the handshake's answer was not counted in.
            backlog.updateAndGet(bytes -> Math.max(0, bytes - written));
            Runnable action = onWritten;
            if (action != null) {
                action.run();
            }
        }
        return written;
    }

    @Override
    public int read(ByteBuffer to) throws IOException {
        return socket.read(to);
    }

    @Override
    public boolean isOpen() {
        return socket.isOpen();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
