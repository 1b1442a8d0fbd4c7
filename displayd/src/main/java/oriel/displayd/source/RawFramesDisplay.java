package oriel.displayd.source;

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

/**
 * A screen that shows one of a file's pictures at a time. It knows nothing of what differs between them: every step
 * damages everything, which is the hardest a machine could make it for the daemon. Thread-safe.
 */
public final class RawFramesDisplay implements Display {
    private final RawFrames frames;
    private final String name;
    private final Sound sound;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private volatile int shown;
    private boolean damaged;
    private boolean armed;

    /**
     * Shows the first picture.
     *
     * @param frames the file; closed by its owner after everyone has left
     * @param name the display's title
     * @param sound what is heard with it
     */
    public RawFramesDisplay(RawFrames frames, String name, Sound sound) {
        this.frames = frames;
        this.name = name;
        this.sound = sound;
    }

    /** Shows another picture. */
    public void show(int frame) {
        boolean tell;
        synchronized (this) {
            shown = Math.floorMod(frame, frames.count());
            damaged = true;
            tell = armed;
            armed = false;
        }
        if (tell) {
            listeners.forEach(Listener::damaged);
        }
    }

    /** Shows the next picture, the first after the last. */
    public void next() {
        show(shown + 1);
    }

    @Override
    public DisplaySize size() {
        return frames.size();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Sound sound() {
        return sound;
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
        Damage taken;
        synchronized (this) {
            taken = new Damage(frames.size(), damaged ? List.of(frames.size().bounds()) : List.of());
            damaged = false;
            armed = true;
        }
        return CompletableFuture.completedFuture(taken);
    }

    @Override
    public boolean copyPixels(DisplaySize size, Rectangle area, int[] to, int offset, int stride) {
        frames.copy(shown, area, to, offset, stride);
        return true;
    }

    @Override
    public @Nullable CursorImage cursor() {
        return null;
    }

    @Override
    public DisplayInput input() {
        return NoInput.INSTANCE;
    }

    @Override
    public boolean requestLayout(MonitorLayout layout) {
        return false; // a recording has the size it has
    }

    private enum NoInput implements DisplayInput {
        INSTANCE;

        @Override
        public void key(int scanCode, boolean down) {}

        @Override
        public void pointer(int x, int y, int buttons) {}

        @Override
        public void wheel(int vertical, int horizontal) {}

        @Override
        public void clipboard(String text) {}

        @Override
        public void releaseAll() {}
    }
}
