package oriel.displayd.flow;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.displayd.encode.FrameDifference;
import oriel.displayd.encode.Move;
import oriel.displayd.encode.MoveSearch;
import oriel.displayd.encode.PixelBlock;
import oriel.displayd.encode.PixelTranslator;
import oriel.displayd.encode.Region;
import oriel.hypervisor.display.Damage;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/**
 * The one consumer of a display's damage, shared by all who watch it. It keeps the last frame told to them, takes damage
 * only when somebody could send it (until then the machine merges it for free), compares, and tells everyone what really
 * changed. Thread-safe.
 */
public final class ScreenFeed {
    private static final Logger log = LoggerFactory.getLogger(ScreenFeed.class);
    /** In place of a version: nothing was read. */
    public static final long NOTHING = -1;

    private static final int[] NO_PIXELS = {};
    /** After a size that changed under our feet; the display's own news usually comes first. */
    private static final Duration RELOAD_RETRY = Duration.ofMillis(20);

    /** Four 4K screens. A guest chooses its size; two copies of it are kept here. */
    private static final long MAX_PIXELS = 4L * 3840 * 2160;

    /** Several parts of a screen may move at once, each its own way. */
    private static final int MAX_MOVES = 3;
    /** What is left after a move must be this large for another search, in pixels. */
    private static final long MORE_MOVES_AREA = 64 * 1024;

    private final Display display;
    private final EncoderPool pool;
    private final SerialTask task;
    private final Display.Listener listener = new Listener();
    private final List<ScreenViewer> viewers = new CopyOnWriteArrayList<>();
    private final FrameDifference difference = new FrameDifference();
    private final MoveSearch moveSearch = new MoveSearch();

    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    /** Guarded by {@link #lock}: the frame that viewers were told of. */
    private int[] frame = NO_PIXELS;

    private @Nullable DisplaySize frameSize;
    /** Guarded by {@link #lock}: counts the frame's changes. */
    private long version;

    private final SharedJpegs sharedJpegs = new SharedJpegs();

    /** Only the task touches it: equal to {@link #frame} except for damage just copied. */
    private int[] incoming = NO_PIXELS;

    private final AtomicBoolean dirty = new AtomicBoolean();
    private final AtomicBoolean reload = new AtomicBoolean(true);
    private final AtomicBoolean taking = new AtomicBoolean();
    private final AtomicReference<@Nullable Damage> taken = new AtomicReference<>();
    private volatile boolean armedForReload;
    private volatile int leds = -1;

    ScreenFeed(Display display, EncoderPool pool) {
        this.display = display;
        this.pool = pool;
        task = pool.task(this::step);
    }

    /** The display behind. */
    public Display display() {
        return display;
    }

    /** Keyboard lights, or −1 if the machine never said. */
    public int leds() {
        return leds;
    }

    void start() {
        display.addListener(listener);
    }

    void stop() {
        display.removeListener(listener);
        lock.writeLock().lock();
        try {
            frame = NO_PIXELS;
            frameSize = null;
        } finally {
            lock.writeLock().unlock();
        }
    }

    void add(ScreenViewer viewer) {
        lock.writeLock().lock();
        try {
            viewers.add(viewer);
            DisplaySize size = frameSize;
            if (size != null) {
                viewer.frames().frameReplaced(size);
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Gets going after {@link #add}: what was last taken may be old if nobody could send. */
    void catchUp() {
        task.schedule();
    }

    void remove(ScreenViewer viewer) {
        viewers.remove(viewer);
    }

    boolean isUnwatched() {
        return viewers.isEmpty();
    }

    /** Where viewers share what they compressed; null while there is only one. */
    public @Nullable SharedJpegs sharedJpegs() {
        return viewers.size() > 1 ? sharedJpegs : null;
    }

    /** A viewer can send again. */
    public void wake() {
        if (dirty.get()) {
            task.schedule();
        }
    }

    /**
     * Reads pixels as of the last change told.
     *
     * @param whileLocked runs first, with the frame locked: whatever it decides is consistent with the pixels
     * @return the frame's version, or {@link #NOTHING} if the area is not within the frame (it was replaced by a smaller
     *     one) and nothing was read
     */
    public long read(Rectangle area, PixelTranslator translator, PixelBlock to, Runnable whileLocked) {
        lock.readLock().lock();
        try {
            whileLocked.run();
            DisplaySize size = frameSize;
            if (size == null || area.right() > size.width() || area.bottom() > size.height()) {
                return NOTHING;
            }
            to.resize(area.width(), area.height());
            for (int y = 0; y < area.height(); y++) {
                translator.translate(
                        frame, (area.y() + y) * size.width() + area.x(), to.pixels(), y * area.width(), area.width());
            }
            return version;
        } finally {
            lock.readLock().unlock();
        }
    }

    private boolean step(Scratch scratch) {
        if (viewers.isEmpty() || taking.get()) {
            return false;
        }
        if (reload.get()) {
            if (armedForReload) {
                armedForReload = false;
                reload.set(false);
                taken.set(null);
                load();
            } else {
                // Damage is taken first so that what changes during the copy is told again.
                dirty.set(false);
                take(() -> armedForReload = true);
            }
            return false;
        }
        Damage damage = taken.getAndSet(null);
        if (damage != null) {
            refine(damage);
        }
        if (dirty.get()
                && viewers.stream().anyMatch(viewer -> viewer.frames().ready())
                && dirty.compareAndSet(true, false)) {
            take(() -> {});
        }
        return false;
    }

    private void take(Runnable then) {
        taking.set(true);
        CompletableFuture<Damage> _ = display.takeDamage().whenComplete((damage, failure) -> {
            if (failure != null) {
                // The machine is going away, or in trouble: it tells, or the next viewer asks again.
                log.warn("{}: no damage could be taken: {}", display.name(), failure.toString());
                dirty.set(true);
                taking.set(false);
                return;
            }
            taken.set(damage);
            then.run();
            taking.set(false);
            task.schedule();
        });
    }

    private void load() {
        DisplaySize size = display.size();
        if ((long) size.width() * size.height() > MAX_PIXELS) {
            String reason = "its picture of %d×%d is too large".formatted(size.width(), size.height());
            viewers.forEach(viewer -> viewer.displayClosed(reason));
            return;
        }
        int[] pixels = new int[size.width() * size.height()];
        if (!display.copyPixels(size, size.bounds(), pixels, 0, size.width())) {
            reload.set(true);
            pool.after(RELOAD_RETRY, task::schedule);
            return;
        }
        incoming = pixels;
        lock.writeLock().lock();
        try {
            version++;
            frame = pixels.clone();
            frameSize = size;
            for (ScreenViewer viewer : viewers) {
                viewer.frames().frameReplaced(size);
            }
        } finally {
            lock.writeLock().unlock();
        }
        task.schedule();
    }

    private void refine(Damage damage) {
        // Only this task changes the size and the frame, so it may read both without the lock.
        DisplaySize size = frameSize;
        if (size == null || !damage.size().equals(size)) {
            reload.set(true);
            task.schedule();
            return;
        }
        int stride = size.width();
        List<Rectangle> areas = damage.areas().stream()
                .map(area -> area.intersect(size.bounds()))
                .filter(area -> !area.isEmpty())
                .toList();
        for (Rectangle area : areas) {
            if (!display.copyPixels(size, area, incoming, area.y() * stride + area.x(), stride)) {
                reload.set(true);
                task.schedule();
                return;
            }
        }
        int[] before = frame;
        if (before.length != incoming.length) {
            return; // nobody watches any more
        }
        Region changed = difference.find(before, incoming, stride, areas);
        if (changed.isEmpty()) {
            return;
        }
        Move move = moveSearch.find(before, incoming, stride, changed);
        lock.writeLock().lock();
        try {
            if (frame != before) {
                return; // the last viewer left in between
            }
            version++;
            List<Move> moves = new ArrayList<>(MAX_MOVES);
            while (move != null) {
                moves.add(move);
                apply(move, stride);
                changed = difference.find(
                        frame,
                        incoming,
                        stride,
                        changed.union(Region.of(move.to())).rectangles());
                boolean more = moves.size() < MAX_MOVES && changed.area() >= MORE_MOVES_AREA;
                move = more ? moveSearch.find(frame, incoming, stride, changed) : null;
            }
            for (Rectangle area : changed.rectangles()) {
                for (int y = area.y(); y < area.bottom(); y++) {
                    int at = y * stride + area.x();
                    System.arraycopy(incoming, at, frame, at, area.width());
                }
            }
            for (ScreenViewer viewer : viewers) {
                viewer.frames().frameChanged(moves, changed);
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void apply(Move move, int stride) {
        Rectangle to = move.to();
        Rectangle from = move.from();
        for (int i = 0; i < to.height(); i++) {
            // Downwards moves copy from the bottom up, lest they overwrite rows still to be read.
            int row = move.dy() > 0 ? to.height() - 1 - i : i;
            System.arraycopy(
                    frame, (from.y() + row) * stride + from.x(), frame, (to.y() + row) * stride + to.x(), to.width());
        }
    }

    private final class Listener implements Display.Listener {
        @Override
        public void damaged() {
            dirty.set(true);
            task.schedule();
        }

        @Override
        public void resized(DisplaySize size) {
            reload.set(true);
            task.schedule();
        }

        @Override
        public void layoutChanged() {
            viewers.forEach(ScreenViewer::layoutChanged);
        }

        @Override
        public void cursorChanged() {
            viewers.forEach(ScreenViewer::cursorChanged);
        }

        @Override
        public void clipboardChanged(String text) {
            viewers.forEach(viewer -> viewer.clipboardChanged(text));
        }

        @Override
        public void ledsChanged(int now) {
            leds = now;
            viewers.forEach(viewer -> viewer.ledsChanged(now));
        }

        @Override
        public void closed(String reason) {
            viewers.forEach(viewer -> viewer.displayClosed(reason));
        }
    }
}
