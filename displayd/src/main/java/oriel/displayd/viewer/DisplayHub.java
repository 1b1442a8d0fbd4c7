package oriel.displayd.viewer;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import oriel.displayd.flow.EncoderPool;
import oriel.displayd.flow.ScreenFeeds;
import oriel.displayd.recording.RecordingEnd;
import oriel.displayd.recording.RecordingSettings;
import oriel.hypervisor.display.Display;

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
    private final ConcurrentHashMap<Path, Recorder> recorders = new ConcurrentHashMap<>();
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
     * Records a display, whether anybody watches it or not, until the recorder is closed, the display ends or the file is
     * full. Nobody is told by this: whoever turns it on has to tell those who are recorded.
     *
     * @param onEnd called once, after the file was closed; must not block
     * @throws IOException if the file can't be created
     */
    public Recorder record(Display display, RecordingSettings settings, BiConsumer<RecordingEnd, String> onEnd)
            throws IOException {
        Recorder recorder = new Recorder(display, settings, feeds, pool, (why, detail) -> {
            recorders.remove(settings.file());
            onEnd.accept(why, detail);
        });
        recorders.put(settings.file(), recorder);
        if (recorder.isEnded()) {
            recorders.remove(settings.file()); // before it was put in
        }
        return recorder;
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
        recorders.values().forEach(Recorder::close);
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
