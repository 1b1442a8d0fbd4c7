package oriel.displayd.viewer;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.displayd.flow.EncoderPool;
import oriel.displayd.flow.FrameViewer;
import oriel.displayd.flow.ScreenFeed;
import oriel.displayd.flow.ScreenFeeds;
import oriel.displayd.flow.ScreenViewer;
import oriel.displayd.recording.RecordingEnd;
import oriel.displayd.recording.RecordingSettings;
import oriel.displayd.recording.RecordingWriter;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.RfbProtocolException;
import oriel.displayd.rfb.RfbVersion;
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/**
 * Records what a display shows: a viewer whose client is a file. It asks for the next change only some time after it got
 * the last, takes its turns like any viewer, and while the disk is slow it merges changes like a slow client, so that
 * people aren't slowed down. Keys, clipboard and the place of a pointer that the client draws are not recorded.
 * Thread-safe.
 */
public final class Recorder implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Recorder.class);
    /** Photographs at medium quality, and never again exactly: it is for looking, and others pay for the disk. */
    private static final List<Integer> ENCODINGS = List.of(
            Encodings.TIGHT,
            Encodings.COPY_RECT,
            Encodings.LAST_RECT,
            Encodings.DESKTOP_SIZE,
            Encodings.QUALITY_LEVEL_0 + 6);

    private static final int NONE = 1;

    /** What is still to be written. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Chunk(boolean begins, int millis, byte[] bytes) {}

    private final Display display;
    private final RecordingSettings settings;
    private final ScreenFeeds feeds;
    private final EncoderPool pool;
    private final BiConsumer<RecordingEnd, String> onEnd;
    private final RecordingWriter file;
    private final long startNanos = System.nanoTime();
    private final LinkedBlockingQueue<Chunk> queue = new LinkedBlockingQueue<>();
    private final AtomicLong backlog = new AtomicLong();
    private final AtomicReference<@Nullable RecordingEnd> ended = new AtomicReference<>();
    private volatile String detail = "";
    private final Thread writer;

    private final AtomicInteger begun = new AtomicInteger();
    private final Object lock = new Object();
    /** Guarded by {@link #lock}. */
    private @Nullable Segment segment;

    /**
     * Creates the file and begins.
     *
     * @param onEnd called once, on a thread of this recorder's, after the file was closed: why, and what went wrong
     * @throws IOException if the file can't be created
     */
    Recorder(
            Display display,
            RecordingSettings settings,
            ScreenFeeds feeds,
            EncoderPool pool,
            BiConsumer<RecordingEnd, String> onEnd)
            throws IOException {
        this.display = display;
        this.settings = settings;
        this.feeds = feeds;
        this.pool = pool;
        this.onEnd = onEnd;
        file = new RecordingWriter(settings.file(), Instant.now(), settings.maximumBytes());
        writer = Thread.ofVirtual().name("recorder").start(this::write);
        beginSegment();
    }

    private int now() {
        return (int) Math.min(Integer.MAX_VALUE, (System.nanoTime() - startNanos) / 1_000_000);
    }

    /** How many places there are so far from which playing may start. */
    public int segments() {
        return begun.get();
    }

    /** Whether it is over. */
    public boolean isEnded() {
        return ended.get() != null;
    }

    /** Ends the recording; the file is complete when this returns. */
    @Override
    public void close() {
        end(RecordingEnd.CLOSED, "");
        try {
            writer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void end(RecordingEnd why, String what) {
        if (!ended.compareAndSet(null, why)) {
            return;
        }
        detail = what;
        Segment last;
        synchronized (lock) {
            last = segment;
            segment = null;
        }
        if (last != null) {
            last.close();
        }
        queue.add(new Chunk(false, 0, new byte[0]));
    }

    private void beginSegment() {
        Segment before;
        Segment next = new Segment(display.size());
        synchronized (lock) {
            if (ended.get() != null) {
                return;
            }
            before = segment;
            segment = next;
        }
        begun.incrementAndGet();
        // The new one watches before the old one leaves: else the screen's frame would be dropped and loaded again.
        next.begin();
        if (before != null) {
            before.close();
        }
    }

    private void write() {
        try (file) {
            Chunk next = queue.take();
            while (next.bytes().length > 0) {
                if (!file.append(next.begins(), next.millis(), next.bytes(), 0, next.bytes().length)) {
                    end(RecordingEnd.TOO_LONG, "at " + file.bytes() + " bytes");
                    break;
                }
                backlog.addAndGet(-next.bytes().length);
                Segment current;
                synchronized (lock) {
                    current = segment;
                }
                if (current != null) {
                    current.stream.schedule();
                }
                next = queue.take();
            }
        } catch (IOException e) {
            end(RecordingEnd.FAILED, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            end(RecordingEnd.FAILED, "interrupted");
        }
        RecordingEnd why = ended.get();
        RecordingEnd said = why == null ? RecordingEnd.FAILED : why;
        log.info("recording of {} ended: {} {}", display.name(), said, detail);
        onEnd.accept(said, detail);
    }

    /** One RFB session of the recording, complete in itself. */
    private final class Segment implements Transport, ScreenViewer {
        private final DisplaySize size;
        private final Traffic traffic = new Traffic();
        final UpdateStream stream;
        private final int begunAt = now();
        private volatile boolean over;
        private volatile @Nullable ScreenFeed feed;
        /** Only the encoders use it, one at a time. */
        private long updates;

        Segment(DisplaySize size) {
            this.size = size;
            stream = new UpdateStream(
                    new Announcements(display, display.name()), size, this, pool, traffic, () -> {}, false);
        }

        void begin() {
            WireBuffer hello = new WireBuffer(256);
            hello.bytes(RfbVersion.V3_8.banner()).u8(1).u8(NONE).u32(0);
            ServerMessages.serverInit(hello, size, PixelFormat.NATIVE, display.name());
            put(true, hello.toByteArray());
            try {
                stream.setEncodings(ENCODINGS);
            } catch (RfbProtocolException e) {
                throw new IllegalStateException(e); // it complains of clients that don't read answers: there are none
            }
            ScreenFeed watched = feeds.attach(display, this);
            feed = watched;
            stream.attach(watched);
            ask(false);
        }

        private void ask(boolean incremental) {
            // As large as can be: the picture may grow.
            stream.request(incremental, new Rectangle(0, 0, 0xFFFF, 0xFFFF));
        }

        private void put(boolean begins, byte[] bytes) {
            synchronized (lock) {
                if (segment == this) { // else it would get between the bytes of the one that came after
                    backlog.addAndGet(bytes.length);
                    queue.add(new Chunk(begins, now(), bytes));
                }
            }
        }

        void close() {
            over = true;
            stream.close();
            ScreenFeed watched = feed;
            if (watched != null) {
                feeds.detach(watched, this);
            }
        }

        private void next() {
            if (over) {
                return;
            }
            if (now() - begunAt >= settings.keyframes().toMillis()) {
                beginSegment();
            } else {
                ask(true);
            }
        }

        // What the stream says.

        @Override
        public void send(byte[] from, int offset, int length) {
            byte[] bytes = new byte[length];
            System.arraycopy(from, offset, bytes, 0, length);
            put(false, bytes);
            if (traffic.updates() > updates) {
                updates = traffic.updates();
                Duration pause = settings.interval();
                try {
                    pool.after(pause, this::next);
                } catch (RejectedExecutionException e) {
                    over = true; // the hub is being closed, and this recording with it
                }
            }
        }

        @Override
        public long backlog() {
            return backlog.get();
        }

        @Override
        public void close(CloseReason reason, String why) {
            // Only viewers close their transport; a recording has none.
        }

        @Override
        public String peer() {
            return settings.file().toString();
        }

        // What the screen says.

        @Override
        public FrameViewer frames() {
            return stream;
        }

        @Override
        public void layoutChanged() {} // who plays it sees the whole picture

        @Override
        public void cursorChanged() {
            // The client's business; see above.
        }

        @Override
        public void clipboardChanged(String text) {
            // Not recorded.
        }

        @Override
        public void ledsChanged(int leds) {
            // Not recorded.
        }

        @Override
        public void displayClosed(String reason) {
            // The machine's thread must not wait for our locks.
            Thread.startVirtualThread(() -> end(RecordingEnd.MACHINE_STOPPED, reason));
        }
    }
}
