package oriel.displayd.viewer;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import oriel.displayd.flow.EncoderPool;
import oriel.displayd.flow.ScreenFeeds;

/**
 * All viewers of a process, whatever they came in by: one pool of encoder threads, one damage pass per display, and the
 * place where displays are closed from outside. Thread-safe.
 */
public final class DisplayHub implements AutoCloseable {
    /** Viewers a process takes unless told otherwise. */
    public static final int DEFAULT_MAX_VIEWERS = 1024;

    private final EncoderPool pool;
    private final ScreenFeeds feeds;
    private final int maxViewers;
    private final ViewerListener listener;
    private final ConcurrentHashMap<String, Viewer> viewers = new ConcurrentHashMap<>();
    private final AtomicLong opened = new AtomicLong();
    private final AtomicLong bytesSentByGone = new AtomicLong();
    private final AtomicLong bytesReceivedFromGone = new AtomicLong();

    /**
     * Starts the encoder threads.
     *
     * @param encoderThreads one per core is right
     * @param maxViewers more are refused with {@link CloseReason#TOO_MANY_CONNECTIONS}
     * @param listener follows every viewer
     */
    public DisplayHub(int encoderThreads, int maxViewers, ViewerListener listener) {
        pool = new EncoderPool(encoderThreads);
        feeds = new ScreenFeeds(pool);
        this.maxViewers = maxViewers;
        this.listener = listener;
    }

    /** One thread per core, {@value #DEFAULT_MAX_VIEWERS} viewers. */
    public DisplayHub(ViewerListener listener) {
        this(Runtime.getRuntime().availableProcessors(), DEFAULT_MAX_VIEWERS, listener);
    }

    /**
     * Takes a connection in; the caller then forwards what the transport reports to the viewer.
     *
     * @return null if there is no room: the transport was closed
     */
    public @Nullable Viewer open(DisplayGrant grant, Transport transport) {
        Viewer viewer = new Viewer(grant, transport, feeds, pool, new Bookkeeper());
        if (pool.isClosed() || viewers.size() >= maxViewers) {
            CloseReason reason = pool.isClosed() ? CloseReason.SERVER_SHUTDOWN : CloseReason.TOO_MANY_CONNECTIONS;
            transport.close(reason, "at most " + maxViewers);
            return null;
        }
        opened.incrementAndGet();
        viewers.put(viewer.id(), viewer);
        return viewer;
    }

    /**
     * Cuts the live displays of a session.
     *
     * @return how many there were
     */
    public int close(String sessionId, CloseReason reason, String detail) {
        List<Viewer> affected = viewers(sessionId);
        affected.forEach(viewer -> viewer.close(reason, detail));
        return affected.size();
    }

    /** Who is connected, in no order. */
    public Collection<Viewer> viewers() {
        return List.copyOf(viewers.values());
    }

    /** Who watches a session's display. */
    public List<Viewer> viewers(String sessionId) {
        return viewers.values().stream()
                .filter(viewer -> viewer.grant().sessionId().equals(sessionId))
                .toList();
    }

    /** Totals. */
    public HubStatistics statistics() {
        long sent = bytesSentByGone.get();
        long received = bytesReceivedFromGone.get();
        int count = 0;
        for (Viewer viewer : viewers.values()) {
            ViewerStatistics statistics = viewer.statistics();
            sent += statistics.bytesSent();
            received += statistics.bytesReceived();
            count++;
        }
        return new HubStatistics(count, opened.get(), sent, received);
    }

    /** Runs something short later: for transports that give a client time to say goodbye. */
    public void after(Duration delay, Runnable action) {
        pool.after(delay, action);
    }

    /** Closes every display and stops the threads. */
    @Override
    public void close() {
        viewers.values().forEach(viewer -> viewer.close(CloseReason.SERVER_SHUTDOWN, ""));
        pool.close();
    }

    private final class Bookkeeper implements ViewerListener {
        @Override
        public void connected(Viewer viewer) {
            listener.connected(viewer);
        }

        @Override
        public void firstFrameSent(Viewer viewer) {
            listener.firstFrameSent(viewer);
        }

        @Override
        public void disconnected(Viewer viewer, CloseReason reason, String detail) {
            if (viewers.remove(viewer.id()) != null) {
                bytesSentByGone.addAndGet(viewer.statistics().bytesSent());
                bytesReceivedFromGone.addAndGet(viewer.statistics().bytesReceived());
            }
            listener.disconnected(viewer, reason, detail);
        }
    }
}
