package oriel.hypervisor.device.display;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.display.CursorImage;
import oriel.hypervisor.display.Damage;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplayInput;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.MonitorLayout;
import oriel.hypervisor.display.Rectangle;
import oriel.hypervisor.memory.MemoryRegion;
import oriel.hypervisor.sound.Sound;

/**
 * A display of what an adapter scans out of video memory. Damage is the pages that the guest wrote, so an unchanged
 * picture costs nothing. As {@link Display}: thread-safe. What adapters and the machine call is confined to the
 * machine's thread where it says so.
 */
public final class FramebufferDisplay implements Display {
    private static final Logger LOG = LoggerFactory.getLogger(FramebufferDisplay.class);

    /** Linux' drivers want room for two: the one that is shown, and the next (bochs_drm's mode_valid). */
    private static final int PICTURES = 2;

    private final String name;
    private final VideoMemory memory;
    private final DisplayInput input;
    private final Sound sound;
    private final Executor machine;
    private final Runnable flushWriteTracking;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private volatile Scanout scanout;
    /** In force while the picture has its size. */
    private volatile MonitorLayout division;

    private volatile @Nullable CursorImage cursor;
    private volatile @Nullable String closedBecause;

    // Machine's thread only.
    private @Nullable MemoryRegion region;
    private final ExactDamage named = new ExactDamage();
    private boolean everything = true; // the whole picture is damaged
    private boolean pending = true; // listeners know, or will be told when they come, that there is damage
    private final List<Consumer<DisplaySize>> sizeRequests = new ArrayList<>();
    private final List<Consumer<MonitorLayout>> layoutRequests = new ArrayList<>();

    /**
     * A black display.
     *
     * @param name the machine's
     * @param initial size until an adapter sets one
     * @param input makes the input from the supplier of the current size, which pointer devices need
     * @param sound the loudspeaker beside it
     * @param machine runs tasks on the machine's thread; rejects them once the machine is gone
     * @param flushWriteTracking makes every processor report its next write to each page again
     *     ({@link oriel.hypervisor.cpu.Vcpu#flushWriteTracking})
     */
    public FramebufferDisplay(
            String name,
            VideoMemory memory,
            DisplaySize initial,
            Function<Supplier<DisplaySize>, DisplayInput> input,
            Sound sound,
            Executor machine,
            Runnable flushWriteTracking) {
        this.name = name;
        this.memory = memory;
        this.sound = sound;
        this.machine = machine;
        this.flushWriteTracking = flushWriteTracking;
        this.scanout = new BlankScanout(initial);
        this.division = MonitorLayout.single(initial);
        this.input = input.apply(this::size);
    }

    VideoMemory memory() {
        return memory;
    }

    // What the adapter says, on the machine's thread

    /** Adds one who hears of sizes that are asked for, on the machine's thread. Before the machine starts. */
    public void onSizeRequest(Consumer<DisplaySize> handler) {
        sizeRequests.add(handler);
    }

    /** Adds one who hears of {@link #requestLayout}, on the machine's thread. Before the machine starts. */
    public void onLayoutRequest(Consumer<MonitorLayout> handler) {
        layoutRequests.add(handler);
    }

    /** The guest has divided its screen: in force as soon as the picture has that size. On the machine's thread. */
    public void divided(MonitorLayout layout) {
        MonitorLayout before = layout();
        division = layout;
        if (!layout().equals(before)) {
            tell(Listener::layoutChanged);
        }
    }

    /** The region that the guest writes the video memory through, null while the BAR is off. */
    void region(@Nullable MemoryRegion mapped) {
        region = mapped;
        everythingChanged(); // writes that the old region saw are forgotten with it
    }

    /** The guest wrote the first page since damage was taken. */
    void written() {
        if (!pending) {
            pending = true;
            tell(Listener::damaged);
        }
    }

    /** The adapter was told what has changed. */
    void damaged(Rectangle area) {
        named.add(area);
        written();
    }

    /** The cursor has another shape; null: the guest draws its own. */
    void cursor(@Nullable CursorImage image) {
        if (cursor != image) {
            cursor = image;
            tell(Listener::cursorChanged);
        }
    }

    /** The adapter shows something else. */
    void show(Scanout next) {
        if (!next.fits(memory.size())) {
            throw new IllegalArgumentException("a scanout outside video memory");
        }
        Scanout before = scanout;
        if (next.equals(before)) {
            return;
        }
        scanout = next;
        if (!next.size().equals(before.size())) {
            tell(listener -> listener.resized(next.size()));
        }
        everythingChanged();
    }

    Scanout scanout() {
        return scanout;
    }

    void everythingChanged() {
        everything = true;
        written();
    }

    /** Keyboard lights changed: bit 0 scroll lock, 1 num lock, 2 caps lock. On the machine's thread. */
    public void lightsChanged(int lights) {
        tell(listener -> listener.ledsChanged(lights));
    }

    /** The guest's clipboard has new text. On the machine's thread. */
    public void clipboardChanged(String text) {
        tell(listener -> listener.clipboardChanged(text));
    }

    /**
     * The machine is gone: listeners are told, and nothing more comes. Any thread; the first reason counts.
     *
     * @param reason for people
     */
    public void close(String reason) {
        synchronized (listeners) {
            if (closedBecause != null) {
                return;
            }
            closedBecause = reason;
        }
        tell(listener -> listener.closed(reason));
    }

    private void tell(Consumer<Listener> event) {
        for (Listener listener : listeners) {
            tell(listener, event);
        }
    }

    private static void tell(Listener listener, Consumer<Listener> event) {
        try {
            event.accept(listener);
        } catch (RuntimeException e) {
            LOG.error("a display listener failed; the machine goes on", e);
        }
    }

    // What a display daemon asks, on any thread

    @Override
    public DisplaySize size() {
        return scanout.size();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void addListener(Listener listener) {
        String reason;
        synchronized (listeners) {
            listeners.add(listener);
            reason = closedBecause;
        }
        if (reason != null) {
            tell(listener, l -> l.closed(reason));
            return;
        }
        onMachine(() -> {
            if (pending && listeners.contains(listener)) {
                tell(listener, Listener::damaged); // it wasn't there when the others were told
            }
        });
    }

    @Override
    public void removeListener(Listener listener) {
        listeners.remove(listener);
    }

    @Override
    public CompletableFuture<Damage> takeDamage() {
        CompletableFuture<Damage> taken = new CompletableFuture<>();
        boolean running = onMachine(() -> taken.complete(takeNow()));
        if (!running) {
            taken.complete(new Damage(size(), List.of()));
        }
        return taken;
    }

    private Damage takeNow() {
        Scanout now = scanout;
        List<Rectangle> areas = List.of();
        MemoryRegion source = region;
        if (source != null) {
            var pages = source.takeDirty();
            flushWriteTracking.run();
            areas = now.changed(pages);
        }
        List<Rectangle> exact = named.take(now.size());
        if (source == null) {
            areas = exact;
        }
        if (everything) {
            areas = List.of(now.size().bounds());
        }
        everything = false;
        pending = false;
        return new Damage(now.size(), areas);
    }

    private boolean onMachine(Runnable task) {
        if (closedBecause != null) {
            return false;
        }
        try {
            machine.execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    @Override
    public boolean copyPixels(DisplaySize size, Rectangle area, int[] to, int offset, int stride) {
        if (area.x() < 0
                || area.y() < 0
                || area.width() < 0
                || area.height() < 0
                || area.right() > size.width()
                || area.bottom() > size.height()) {
            throw new IllegalArgumentException(area + " isn't within " + size);
        }
        Scanout now = scanout;
        if (!now.size().equals(size)) {
            return false;
        }
        if (area.isEmpty()) {
            return true;
        }
        return memory.draw(now, area, to, offset, stride);
    }

    @Override
    public @Nullable CursorImage cursor() {
        return cursor;
    }

    @Override
    public Sound sound() {
        return sound;
    }

    @Override
    public DisplayInput input() {
        return input;
    }

    @Override
    public MonitorLayout layout() {
        DisplaySize size = size();
        MonitorLayout asked = division;
        return asked.size().equals(size) ? asked : MonitorLayout.single(size);
    }

    @Override
    public boolean requestLayout(MonitorLayout layout) {
        DisplaySize size = layout.size();
        if (PICTURES * 4L * size.width() * size.height() > memory.size()) {
            return false;
        }
        return onMachine(() -> {
            sizeRequests.forEach(handler -> handler.accept(size));
            layoutRequests.forEach(handler -> handler.accept(layout));
        });
    }
}
