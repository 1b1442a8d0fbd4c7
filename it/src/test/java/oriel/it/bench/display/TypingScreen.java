package oriel.it.bench.display;

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

/** A screen whose one program answers each key at once with a change of a character's size. Damage is whole rows. */
final class TypingScreen implements Display {
    /** Where the character is. */
    static final Rectangle CHARACTER = new Rectangle(10, 10, 12, 24);

    private final DisplaySize size;
    private final int[] pixels;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private boolean damaged;
    private boolean armed;

    TypingScreen(DisplaySize size) {
        this.size = size;
        pixels = new int[size.width() * size.height()];
        Arrays.fill(pixels, 0x203040);
    }

    private void draw() {
        boolean tell;
        synchronized (this) {
            int colour = pixels[CHARACTER.y() * size.width() + CHARACTER.x()] == 0xFFFFFF ? 0 : 0xFFFFFF;
            for (int y = CHARACTER.y(); y < CHARACTER.bottom(); y++) {
                int row = y * size.width();
                Arrays.fill(pixels, row + CHARACTER.x(), row + CHARACTER.right(), colour);
            }
            damaged = true;
            tell = armed;
            armed = false;
        }
        if (tell) {
            listeners.forEach(Listener::damaged);
        }
    }

    @Override
    public DisplaySize size() {
        return size;
    }

    @Override
    public String name() {
        return "typing";
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
    public synchronized CompletableFuture<Damage> takeDamage() {
        Rectangle rows = new Rectangle(0, CHARACTER.y(), size.width(), CHARACTER.height());
        Damage taken = new Damage(size, damaged ? List.of(rows) : List.of());
        damaged = false;
        armed = true;
        return CompletableFuture.completedFuture(taken);
    }

    @Override
    public synchronized boolean copyPixels(DisplaySize of, Rectangle area, int[] to, int offset, int stride) {
        for (int y = 0; y < area.height(); y++) {
            System.arraycopy(pixels, (area.y() + y) * size.width() + area.x(), to, offset + y * stride, area.width());
        }
        return true;
    }

    @Override
    public @Nullable CursorImage cursor() {
        return null;
    }

    @Override
    public DisplayInput input() {
        return new Keyboard();
    }

    @Override
    public boolean requestLayout(MonitorLayout layout) {
        return false; // it has the size it has
    }

    private final class Keyboard implements DisplayInput {
        @Override
        public void key(int scanCode, boolean down) {
            if (down) {
                draw();
            }
        }

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
