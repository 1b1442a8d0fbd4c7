package oriel.broker;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.CursorImage;
import oriel.hypervisor.display.Damage;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplayInput;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.MonitorLayout;
import oriel.hypervisor.display.Rectangle;

/** A screen of one colour that never changes; which keys are pressed goes to a list. */
record FakeDisplay(String name, List<String> keys) implements Display {
    private static final DisplaySize SIZE = new DisplaySize(64, 48);

    @Override
    public DisplaySize size() {
        return SIZE;
    }

    @Override
    public void addListener(Listener listener) {}

    @Override
    public void removeListener(Listener listener) {}

    @Override
    public CompletableFuture<Damage> takeDamage() {
        return CompletableFuture.completedFuture(new Damage(SIZE, List.of(SIZE.bounds())));
    }

    @Override
    public boolean copyPixels(DisplaySize size, Rectangle area, int[] to, int offset, int stride) {
        for (int y = 0; y < area.height(); y++) {
            Arrays.fill(to, offset + y * stride, offset + y * stride + area.width(), 0x336699);
        }
        return true;
    }

    @Override
    public @Nullable CursorImage cursor() {
        return null;
    }

    @Override
    public DisplayInput input() {
        return new DisplayInput() {
            @Override
            public void key(int scanCode, boolean down) {
                if (down) {
                    keys.add(name + " " + scanCode);
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
        };
    }

    @Override
    public boolean requestLayout(MonitorLayout layout) {
        return false;
    }
}
