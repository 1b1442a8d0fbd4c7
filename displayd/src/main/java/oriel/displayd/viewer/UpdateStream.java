package oriel.displayd.viewer;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import oriel.displayd.encode.Move;
import oriel.displayd.encode.RectangleSplitter;
import oriel.displayd.encode.Region;
import oriel.displayd.flow.EncoderPool;
import oriel.displayd.flow.FlowWindow;
import oriel.displayd.flow.FrameViewer;
import oriel.displayd.flow.LinkEstimate;
import oriel.displayd.flow.PendingChanges;
import oriel.displayd.flow.Scratch;
import oriel.displayd.flow.ScreenFeed;
import oriel.displayd.flow.SerialTask;
import oriel.displayd.rfb.ClientMessage;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.RfbProtocolException;
import oriel.displayd.rfb.ScreenLayout;
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.displayd.sound.SoundQueue;
import oriel.displayd.video.FilmStream;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/**
 * Everything a client is sent after ServerInit. Other threads note what there is to say; one task says it, whenever the
 * client wants it and the transport has room, always from the newest pixels. Nothing is queued but answers, and those
 * are bounded. Thread-safe.
 */
final class UpdateStream implements FrameViewer {
    /** A message is handed to the transport in pieces of about this size. */
    private static final int CHUNK = 64 * 1024;
    /** A new update starts only when the network has taken almost all of the last. */
    private static final long START_BACKLOG = 64 * 1024;
    /** An update in progress pauses here: what a stalled client costs, plus one rectangle. */
    private static final long PAUSE_BACKLOG = 1 << 20;
    /** Pixels encoded before others get their turn. */
    private static final int TURN_PIXELS = 8 * RectangleSplitter.MAX_AREA;

    private final Transport transport;
    private final EncoderPool pool;
    private final Traffic traffic;
    private final Runnable onFirstFrame;
    /** Whether what went out with loss is sent again exactly. */
    private final boolean repairs;

    private final SerialTask task;

    // Only the task uses these.
    private final RectangleWriter rectangleWriter = new RectangleWriter();
    private final FilmStream film;

    private final Object lock = new Object();
    // Guarded by lock.
    private @Nullable ScreenFeed feed;
    private boolean closed;
    private final ClientRequests client = new ClientRequests();
    private final UpdatePlanner planner;
    private final PendingChanges pending;
    private final PictureSize size;
    private final FlowWindow window = new FlowWindow();
    private @Nullable Update update;
    private boolean firstFrameDone;
    private boolean agingScheduled;
    private @Nullable SoundQueue sound;
    private boolean wakeScheduled;

    /** The way to the client; null before it has confirmed an update. */
    @Nullable
    LinkState link() {
        synchronized (lock) {
            LinkEstimate link = window.link();
            return link.roundTripNanos() == Long.MAX_VALUE
                    ? null
                    : new LinkState(
                            Duration.ofNanos(link.roundTripNanos()),
                            Duration.ofNanos(link.lagNanos()),
                            link.bytesPerSecond());
        }
    }

    UpdateStream(
            Announcements announcements,
            DisplaySize initialSize,
            Transport transport,
            EncoderPool pool,
            Traffic traffic,
            Runnable onFirstFrame,
            boolean repairs) {
        this.repairs = repairs;
        this.transport = transport;
        this.pool = pool;
        this.traffic = traffic;
        this.onFirstFrame = onFirstFrame;
        planner = new UpdatePlanner(announcements, initialSize, pool.video(), TURN_PIXELS);
        pending = planner.pending();
        size = planner.size();
        film = new FilmStream(pool.video());
        task = pool.task(this::pump);
    }

    void attach(ScreenFeed newFeed) {
        synchronized (lock) {
            feed = newFeed;
        }
        setLeds(newFeed.leds());
    }

    /** Anything may have changed: says what there is to say. */
    void schedule() {
        task.schedule();
    }

    /** Ends it; native memory is freed by the task, which may be using it. */
    void close() {
        synchronized (lock) {
            closed = true;
        }
        task.schedule();
    }

    // What the client said.

    void setPixelFormat(PixelFormat format) throws RfbProtocolException {
        synchronized (lock) {
            client.setFormat(format);
            planner.announcements().cursorChanged();
        }
        task.schedule();
    }

    void setEncodings(List<Integer> encodings) throws RfbProtocolException {
        ClientCapabilities now = ClientCapabilities.of(encodings);
        synchronized (lock) {
            ClientCapabilities before = client.capabilities();
            client.setCapabilities(now);
            planner.announcements().encodingsSet(before, now);
            if (!now.has(Encodings.COPY_RECT)) {
                pending.dropMoves();
            }
        }
        task.schedule();
    }

    void request(boolean incremental, Rectangle area) {
        synchronized (lock) {
            client.request(area);
            if (!incremental) {
                pending.markDirty(Region.of(area.intersect(size.ofClient().bounds())));
                if (client.capabilities().has(Encodings.EXTENDED_DESKTOP_SIZE)) {
                    size.completeRequested();
                }
            }
        }
        task.schedule();
    }

    void enableContinuousUpdates(boolean enable, Rectangle area) throws RfbProtocolException {
        synchronized (lock) {
            client.enableContinuousUpdates(enable, area);
        }
        task.schedule();
    }

    void asked(ScreenLayout layout) {
        synchronized (lock) {
            size.asked(layout);
        }
    }

    void layoutChanged() {
        synchronized (lock) {
            size.layoutChanged();
        }
        task.schedule();
    }

    void replyToSizeRequest(int status) throws RfbProtocolException {
        synchronized (lock) {
            size.reply(status);
        }
        task.schedule();
    }

    /** Queues a message that isn't an update. */
    void answer(Consumer<WireBuffer> writer) throws RfbProtocolException {
        synchronized (lock) {
            client.answer(writer);
        }
        task.schedule();
    }

    void fenceConfirmed(byte[] payload) {
        if (payload.length != Long.BYTES) {
            return; // the answer to the probe of setEncodings
        }
        long id = ByteBuffer.wrap(payload).getLong();
        synchronized (lock) {
            window.confirmed(id, System.nanoTime());
        }
        task.schedule();
    }

    ClientCapabilities capabilities() {
        synchronized (lock) {
            return client.capabilities();
        }
    }

    DisplaySize clientSize() {
        synchronized (lock) {
            return size.ofClient();
        }
    }

    // What the display said.

    @Override
    public boolean ready() {
        synchronized (lock) {
            return isReady();
        }
    }

    private boolean isReady() {
        return !closed
                && update == null
                && client.pending()
                && transport.backlog() <= START_BACKLOG
                && flowDelay() == 0;
    }

    private long flowDelay() {
        return client.fenced() ? window.delay(System.nanoTime()) : 0;
    }

    @Override
    public void frameChanged(List<Move> made, Region changed) {
        synchronized (lock) {
            boolean movesPossible = update == null && client.capabilities().has(Encodings.COPY_RECT);
            planner.frameChanged(made, changed, movesPossible);
        }
        task.schedule();
    }

    @Override
    public void frameReplaced(DisplaySize newSize) {
        synchronized (lock) {
            planner.frameReplaced(newSize);
        }
        task.schedule();
    }

    void cursorChanged() {
        synchronized (lock) {
            planner.announcements().cursorChanged();
        }
        task.schedule();
    }

    void setLeds(int now) {
        synchronized (lock) {
            planner.announcements().setLeds(now);
        }
        task.schedule();
    }

    /** What is to be heard from now on; null for nothing. */
    void setSound(@Nullable SoundQueue queue) {
        synchronized (lock) {
            sound = queue;
        }
        task.schedule();
    }

    // The task.

    private boolean pump(Scratch scratch) {
        WireBuffer out = scratch.out();
        int pixels = 0;
        while (true) {
            ScreenFeed source;
            Update current;
            synchronized (lock) {
                if (closed) {
                    rectangleWriter.close();
                    film.close();
                    return false;
                }
                source = feed;
                if (source == null) {
                    return false;
                }
                if (update == null) {
                    if (transport.backlog() > START_BACKLOG) {
                        return false;
                    }
                    client.takeAnswers(out);
                    if (sound != null) {
                        sound.take(out);
                    }
                    update = beginUpdate(out);
                }
                current = update;
            }
            if (current == null) {
                flush(out);
                break;
            }
            Rectangle moving = current.film;
            if (moving != null) {
                current.film = null;
                pixels += moving.width() * moving.height();
                writeFilm(source, moving, current, scratch, out);
            }
            while (current.next < current.rectangles.size()) {
                if (transport.backlog() > PAUSE_BACKLOG) {
                    current.bytes += out.size();
                    flush(out);
                    return false;
                }
                if (pixels >= TURN_PIXELS) {
                    current.bytes += out.size();
                    flush(out);
                    return true;
                }
                Rectangle area = current.rectangles.get(current.next++);
                pixels += area.width() * area.height();
                writeRectangle(source, area, current.exact, current.open, scratch, out);
                if (out.size() >= CHUNK) {
                    current.bytes += out.size();
                    flush(out);
                }
            }
            if (current.open) {
                ServerMessages.lastRect(out);
            }
            current.bytes += out.size();
            finishUpdate(current, out);
            flush(out);
        }
        if (ready()) {
            feedNow().wake();
        } else {
            wakeWhenPaced();
        }
        return false;
    }

    private ScreenFeed feedNow() {
        synchronized (lock) {
            return Objects.requireNonNull(feed);
        }
    }

    private void flush(WireBuffer out) {
        if (out.size() > 0) {
            traffic.sent(out.size());
            transport.send(out.array(), 0, out.size());
            out.clear();
        }
    }

    private void writeRectangle(
            ScreenFeed source, Rectangle area, boolean exact, boolean divisible, Scratch scratch, WireBuffer out) {
        Runnable markSent = () -> {
            synchronized (lock) {
                pending.sent(area);
            }
        };
        traffic.rectangle();
        List<Rectangle> lossy = rectangleWriter.write(source, area, exact, divisible, markSent, scratch, out);
        if (!lossy.isEmpty()) {
            synchronized (lock) {
                planner.sentLossy(lossy);
                scheduleAging();
            }
        }
    }

    /** Writes the next picture of a film; what can't be had as one is sent like anything else. */
    private void writeFilm(ScreenFeed source, Rectangle area, Update current, Scratch scratch, WireBuffer out) {
        int reduction;
        synchronized (lock) {
            reduction = window.link().reduction();
        }
        if (!film.prepare(area, reduction)) {
            current.rectangles.addAll(RectangleSplitter.strips(Region.of(area)));
            synchronized (lock) {
                planner.forgetMotion();
            }
            return;
        }
        Runnable markSent = () -> {
            synchronized (lock) {
                pending.sent(area);
            }
        };
        traffic.rectangle();
        rectangleWriter.writeFilm(source, area, film, markSent, scratch, out);
        synchronized (lock) {
            planner.sentLossy(List.of(area));
            scheduleAging();
        }
    }

    /** Writes the start of the next update, if one is wanted and there is something to tell. Called with the lock. */
    private @Nullable Update beginUpdate(WireBuffer out) {
        if (!client.pending()) {
            return null;
        }
        if (size.tell(client.capabilities(), pending, out)) {
            client.served();
            return new Update(List.of(), true, false);
        }
        if (!size.isFrameKnown() || flowDelay() > 0) {
            return null;
        }
        Update begun = planner.begin(client, rectangleWriter, window.link().reduction(), out);
        if (begun != null) {
            window.started(System.nanoTime());
        }
        return begun;
    }

    private void finishUpdate(Update done, WireBuffer out) {
        boolean first;
        synchronized (lock) {
            update = null;
            traffic.update();
            if (client.fenced()) {
                long id = window.sent(done.bytes, System.nanoTime());
                byte[] payload = ByteBuffer.allocate(Long.BYTES).putLong(id).array();
                // Answered only after what came before has been drawn.
                ServerMessages.fence(out, ClientMessage.Fence.REQUEST | ClientMessage.Fence.BLOCK_BEFORE, payload);
            }
            first = !firstFrameDone
                    && size.isFrameKnown()
                    && pending.dirty().intersect(size.ofClient().bounds()).isEmpty();
            firstFrameDone |= first;
        }
        if (first) {
            onFirstFrame.run();
        }
    }

    /** Called with the lock. */
    private void scheduleAging() {
        if (repairs && !agingScheduled && !pool.isClosed()) {
            agingScheduled = true;
            try {
                pool.after(planner.halfQuiet(), this::age);
            } catch (RejectedExecutionException e) {
                agingScheduled = false; // the pool is being closed, and this connection with it
            }
        }
    }

    private void age() {
        synchronized (lock) {
            agingScheduled = false;
            if (closed) {
                return;
            }
            pending.age();
            if (pending.hasLoss()) {
                scheduleAging();
            }
        }
        task.schedule();
    }

    private void wakeWhenPaced() {
        synchronized (lock) {
            long delay = flowDelay();
            if (closed || wakeScheduled || delay == 0 || delay == Long.MAX_VALUE) {
                return;
            }
            wakeScheduled = true;
            try {
                pool.after(Duration.ofNanos(delay), () -> {
                    synchronized (lock) {
                        wakeScheduled = false;
                    }
                    task.schedule();
                });
            } catch (RejectedExecutionException e) {
                wakeScheduled = false; // the pool is being closed, and this connection with it
            }
        }
    }
}
