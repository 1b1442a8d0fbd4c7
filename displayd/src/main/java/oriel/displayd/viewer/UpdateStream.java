package oriel.displayd.viewer;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import oriel.displayd.encode.JpegSettings;
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
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.displayd.sound.SoundQueue;
import oriel.displayd.video.FilmStream;
import oriel.displayd.video.MotionMap;
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
    /** Answers waiting for a client that doesn't read. */
    private static final int MAX_ANSWERS = 64 * 1024;

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
    private PixelFormat format = PixelFormat.NATIVE;
    private ClientCapabilities capabilities = ClientCapabilities.NONE;
    private final PendingChanges pending = new PendingChanges();
    private final FlowWindow window = new FlowWindow();
    private @Nullable Update update;
    private final PictureSize size;
    private @Nullable Rectangle requested;
    private @Nullable Rectangle continuous;
    private final Announcements announcements;
    private final WireBuffer answers = new WireBuffer(256);
    private boolean firstFrameDone;
    private final MotionMap motion = new MotionMap();
    private boolean agingScheduled;
    private final RepairPace repairPace = new RepairPace();
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
        size = new PictureSize(initialSize);
        this.announcements = announcements;
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

    void setPixelFormat(PixelFormat newFormat) throws RfbProtocolException {
        synchronized (lock) {
            requireRoomForAnswers();
            format = newFormat;
            announcements.cursorChanged();
            if (!newFormat.trueColour()) {
                ServerMessages.colourMap332(answers);
            }
        }
        task.schedule();
    }

    void setEncodings(List<Integer> encodings) throws RfbProtocolException {
        ClientCapabilities now = ClientCapabilities.of(encodings);
        synchronized (lock) {
            requireRoomForAnswers();
            ClientCapabilities before = capabilities;
            announcements.encodingsSet(before, now);
            if (now.has(Encodings.CONTINUOUS_UPDATES) && !before.has(Encodings.CONTINUOUS_UPDATES)) {
                ServerMessages.endOfContinuousUpdates(answers);
            }
            if (now.has(Encodings.FENCE) && !before.has(Encodings.FENCE)) {
                ServerMessages.fence(answers, ClientMessage.Fence.REQUEST, new byte[0]);
            }
            capabilities = now;
            if (!now.has(Encodings.COPY_RECT)) {
                pending.dropMoves();
            }
        }
        task.schedule();
    }

    void request(boolean incremental, Rectangle area) {
        synchronized (lock) {
            Rectangle old = requested;
            requested = old == null ? area : Region.of(List.of(old, area)).bounds();
            if (!incremental) {
                pending.markDirty(Region.of(area.intersect(size.ofClient().bounds())));
                if (capabilities.has(Encodings.EXTENDED_DESKTOP_SIZE)) {
                    size.completeRequested();
                }
            }
        }
        task.schedule();
    }

    void enableContinuousUpdates(boolean enable, Rectangle area) throws RfbProtocolException {
        synchronized (lock) {
            requireRoomForAnswers();
            if (enable) {
                continuous = area;
            } else if (continuous != null) {
                continuous = null;
                ServerMessages.endOfContinuousUpdates(answers);
            }
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
            requireRoomForAnswers();
            writer.accept(answers);
        }
        task.schedule();
    }

    /** Called with the lock, before anything that makes {@link #answers} longer. */
    private void requireRoomForAnswers() throws RfbProtocolException {
        if (answers.size() > MAX_ANSWERS) {
            throw new RfbProtocolException("the client asks for answers but doesn't read them");
        }
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
            return capabilities;
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
                && (requested != null || continuous != null)
                && transport.backlog() <= START_BACKLOG
                && flowDelay() == 0;
    }

    private long flowDelay() {
        return fenced() ? window.delay(System.nanoTime()) : 0;
    }

    private boolean fenced() {
        return continuous != null && capabilities.has(Encodings.FENCE);
    }

    @Override
    public void frameChanged(List<Move> made, Region changed) {
        synchronized (lock) {
            boolean movesPossible = update == null && capabilities.has(Encodings.COPY_RECT) && size.isAgreed();
            pending.change(made, changed, movesPossible);
            repairPace.changed(changed);
        }
        task.schedule();
    }

    @Override
    public void frameReplaced(DisplaySize newSize) {
        synchronized (lock) {
            size.frameReplaced(newSize);
            pending.replace(newSize.bounds());
        }
        task.schedule();
    }

    void cursorChanged() {
        synchronized (lock) {
            announcements.cursorChanged();
        }
        task.schedule();
    }

    void setLeds(int now) {
        synchronized (lock) {
            announcements.setLeds(now);
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
                    out.bytes(answers.array(), 0, answers.size());
                    answers.clear(4096);
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
                lossy.forEach(pending::sentLossy);
                long now = System.nanoTime();
                lossy.forEach(part -> motion.changed(part, size.ofClient(), now));
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
                motion.clear();
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
            pending.sentLossy(area);
            motion.changed(area, size.ofClient(), System.nanoTime());
            scheduleAging();
        }
    }

    /** Writes the start of the next update, if one is wanted and there is something to tell. Called with the lock. */
    private @Nullable Update beginUpdate(WireBuffer out) {
        if (requested == null && continuous == null) {
            return null;
        }
        if (size.tell(capabilities, pending, out)) {
            requested = null;
            return new Update(List.of(), true, false);
        }
        if (!size.isFrameKnown() || flowDelay() > 0) {
            return null;
        }
        WireBuffer pseudo = new WireBuffer(64);
        int pseudoRectangles = announcements.write(capabilities, format, pseudo);

        Region wanted = Region.of(wantedAreas())
                .intersect(size.ofClient().bounds())
                .intersect(size.ofFrame().bounds());
        boolean exact = pending.dirty().isEmpty();
        Region stale = (exact ? pending.repair() : pending.dirty()).intersect(wanted);
        boolean divisible = capabilities.has(Encodings.LAST_RECT);
        Rectangle moving = exact || !divisible ? null : filmIn(stale);
        if (moving != null) {
            stale = stale.subtract(Region.of(moving));
        }
        List<Rectangle> rectangles =
                new ArrayList<>(divisible ? RectangleSplitter.strips(stale) : RectangleSplitter.split(stale));
        if (exact && !rectangles.isEmpty()) {
            rectangles = firstOf(rectangles);
            repairPace.repaired(rectangles);
        }
        List<Move> moves = pending.takeMoves();
        if (pseudoRectangles == 0 && rectangles.isEmpty() && moves.isEmpty() && moving == null) {
            return null;
        }
        JpegSettings jpeg = capabilities.jpeg();
        rectangleWriter.use(
                format,
                capabilities,
                jpeg == null ? null : jpeg.reduced(window.link().reduction()));
        window.started(System.nanoTime());
        boolean open = divisible && (!rectangles.isEmpty() || moving != null);
        ServerMessages.updateHeader(
                out, open ? ServerMessages.UNKNOWN_COUNT : pseudoRectangles + moves.size() + rectangles.size());
        out.bytes(pseudo.array(), 0, pseudo.size());
        for (Move move : moves) {
            ServerMessages.copyRect(out, move.to(), move.from().x(), move.from().y());
        }
        requested = null;
        Update begun = new Update(rectangles, exact, open);
        begun.film = moving;
        return begun;
    }

    /** The area to be sent as a film, if a good part of it changed. Called with the lock. */
    private @Nullable Rectangle filmIn(Region stale) {
        if (!capabilities.has(Encodings.H264)
                || capabilities.jpeg() == null
                || !pool.video().available()) {
            return null;
        }
        Rectangle moving = motion.film(System.nanoTime());
        if (moving == null || !moving.equals(moving.intersect(size.ofClient().bounds()))) {
            return null;
        }
        long changed = stale.intersect(moving).area();
        return changed * 4 >= (long) moving.width() * moving.height() ? moving : null;
    }

    /** As many as fit a turn: a change that comes while exact pixels are sent shall not wait for all of them. */
    private static List<Rectangle> firstOf(List<Rectangle> rectangles) {
        int pixels = 0;
        int count = 0;
        while (count < rectangles.size() && pixels < TURN_PIXELS) {
            Rectangle next = rectangles.get(count++);
            pixels += next.width() * next.height();
        }
        return rectangles.subList(0, count);
    }

    private List<Rectangle> wantedAreas() {
        List<Rectangle> areas = new ArrayList<>(2);
        if (requested != null) {
            areas.add(requested);
        }
        if (continuous != null) {
            areas.add(continuous);
        }
        return areas;
    }

    private void finishUpdate(Update done, WireBuffer out) {
        boolean first;
        synchronized (lock) {
            update = null;
            traffic.update();
            if (fenced()) {
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
                pool.after(repairPace.halfQuiet(), this::age);
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
