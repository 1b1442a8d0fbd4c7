package oriel.displayd.gateway;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A socket that counts both ways.
 *
 * <p>Out: Java-WebSocket queues without bound and tells nobody when its queue drains; between what is
 * {@linkplain #enqueued put into} that queue and what is written here lies the backlog.
 *
 * <p>In: it holds an opening request until it is complete, whatever its length. What a client may send before it is
 * {@linkplain #admitted admitted} is limited here. Thread-safe.
 */
final class CreditChannel implements ByteChannel {
    /** An opening request with everything that browsers and proxies add is a few KiB. */
    static final int MAX_OPENING_REQUEST = 16 * 1024;

    private final SocketChannel socket;
    private final AtomicLong backlog = new AtomicLong();
    private volatile @Nullable Runnable onWritten;
    private volatile boolean opening = true;
    /** Only the selecting thread reads. */
    private int openingBytes;

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

    /** The opening request is complete: from here on frames have limits of their own. */
    void admitted() {
        opening = false;
    }

    /** Whether the opening request is still awaited. */
    boolean isOpening() {
        return opening;
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
        int count = socket.read(to);
        if (opening && count > 0) {
            openingBytes += count;
            if (openingBytes > MAX_OPENING_REQUEST) {
                throw new IOException("the opening request is longer than " + MAX_OPENING_REQUEST + " bytes");
            }
        }
        return count;
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
