package oriel.displayd.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.CursorImage;
import oriel.hypervisor.display.Damage;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplayInput;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.MonitorLayout;
import oriel.hypervisor.display.Rectangle;
import oriel.hypervisor.sound.Sound;
import oriel.hypervisor.sound.SoundOutput;

/** A machine's screen under a test's control. Damage is coarse (whole rows), as that of a real framebuffer is. */
public final class SyntheticDisplay implements Display {
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final RecordingInput input = new RecordingInput();
    private final SoundOutput loudspeaker = new SoundOutput(Runnable::run);
    private final Sound sound;
    private final List<MonitorLayout> layoutRequests = new CopyOnWriteArrayList<>();
    private volatile @Nullable MonitorLayout division;
    private volatile boolean refusing;
    private DisplaySize size;
    private int[] pixels;
    private int damageTop = Integer.MAX_VALUE;
    private int damageBottom;
    private boolean armed;
    private @Nullable CursorImage cursor;

    public SyntheticDisplay(int width, int height) {
        this(width, height, null);
    }

    /** With somebody else's sound; null for {@link #loudspeaker}'s. */
    public SyntheticDisplay(int width, int height, @Nullable Sound sound) {
        this.sound = sound == null ? loudspeaker : sound;
        size = new DisplaySize(width, height);
        pixels = new int[width * height];
    }

    /** Changes pixels of the picture. */
    public interface Painter {
        void paint(int[] pixels, int width, int height);
    }

    /** Paints, and tells of the rows from {@code top} to {@code bottom}. */
    public void paint(int top, int bottom, Painter painter) {
        boolean tell;
        synchronized (this) {
            painter.paint(pixels, size.width(), size.height());
            damageTop = Math.min(damageTop, top);
            damageBottom = Math.max(damageBottom, bottom);
            tell = armed;
            armed = false;
        }
        if (tell) {
            listeners.forEach(Listener::damaged);
        }
    }

    /** Paints anywhere. */
    public void paint(Painter painter) {
        paint(0, size().height(), painter);
    }

    /** Fills a rectangle. */
    public void fill(int x, int y, int width, int height, int colour) {
        paint(y, y + height, (to, stride, h) -> {
            for (int row = y; row < y + height; row++) {
                Arrays.fill(to, row * stride + x, row * stride + x + width, colour);
            }
        });
    }

    public void resize(int width, int height) {
        synchronized (this) {
            size = new DisplaySize(width, height);
            pixels = new int[width * height];
            damageTop = Integer.MAX_VALUE;
            damageBottom = 0;
        }
        listeners.forEach(listener -> listener.resized(new DisplaySize(width, height)));
    }

    public void setCursor(@Nullable CursorImage newCursor) {
        synchronized (this) {
            cursor = newCursor;
        }
        listeners.forEach(Listener::cursorChanged);
    }

    public void copyText(String text) {
        listeners.forEach(listener -> listener.clipboardChanged(text));
    }

    public void setLeds(int leds) {
        listeners.forEach(listener -> listener.ledsChanged(leds));
    }

    public void close(String reason) {
        listeners.forEach(listener -> listener.closed(reason));
    }

    public synchronized int[] snapshot() {
        return pixels.clone();
    }

    public int listenerCount() {
        return listeners.size();
    }

    /** What it plays into. */
    public SoundOutput loudspeaker() {
        return loudspeaker;
    }

    @Override
    public Sound sound() {
        return sound;
    }

    public List<MonitorLayout> layoutRequests() {
        return layoutRequests;
    }

    /** From now on it can't show what is asked for. */
    public void refuseLayouts() {
        refusing = true;
    }

    /** As a guest that does what it was asked for. */
    public void divide(MonitorLayout layout) {
        division = layout;
        if (layout.size().equals(size())) {
            listeners.forEach(Listener::layoutChanged);
        } else {
            resize(layout.size().width(), layout.size().height());
        }
    }

    @Override
    public MonitorLayout layout() {
        MonitorLayout now = division;
        return now != null && now.size().equals(size()) ? now : MonitorLayout.single(size());
    }

    public RecordingInput recordedInput() {
        return input;
    }

    @Override
    public synchronized DisplaySize size() {
        return size;
    }

    @Override
    public String name() {
        return "synthetic ü";
    }

    @Override
    public void addListener(Listener listener) {
        listeners.add(listener);
    }

    @Override
    public void removeListener(Listener listener) {
        listeners.remove(listener);
    }

    @Override
    public CompletableFuture<Damage> takeDamage() {
        Damage damage;
        synchronized (this) {
            List<Rectangle> areas = new ArrayList<>();
            if (damageBottom > damageTop) {
                areas.add(new Rectangle(0, damageTop, size.width(), damageBottom - damageTop));
            }
            damage = new Damage(size, areas);
            damageTop = Integer.MAX_VALUE;
            damageBottom = 0;
            armed = true;
        }
        return CompletableFuture.completedFuture(damage);
    }

    @Override
    public synchronized boolean copyPixels(DisplaySize of, Rectangle area, int[] to, int offset, int stride) {
        if (!of.equals(size)) {
            return false;
        }
        for (int y = 0; y < area.height(); y++) {
            System.arraycopy(pixels, (area.y() + y) * size.width() + area.x(), to, offset + y * stride, area.width());
        }
        return true;
    }

    @Override
    public synchronized @Nullable CursorImage cursor() {
        return cursor;
    }

    @Override
    public DisplayInput input() {
        return input;
    }

    @Override
    public boolean requestLayout(MonitorLayout wanted) {
        if (!refusing) {
            layoutRequests.add(wanted);
        }
        return !refusing;
    }

    /** Writes down what it is told, one line each. */
    public static final class RecordingInput implements DisplayInput {
        private final List<String> events = new CopyOnWriteArrayList<>();

        public List<String> events() {
            return events;
        }

        @Override
        public void key(int scanCode, boolean down) {
            events.add("%s %02x".formatted(down ? "down" : "up", scanCode));
        }

        @Override
        public void pointer(int x, int y, int buttons) {
            events.add("pointer %d,%d %d".formatted(x, y, buttons));
        }

        @Override
        public void wheel(int vertical, int horizontal) {
            events.add("wheel %d,%d".formatted(vertical, horizontal));
        }

        @Override
        public void clipboard(String text) {
            events.add("clipboard " + text);
        }

        @Override
        public void releaseAll() {
            events.add("release all");
        }
    }
}
