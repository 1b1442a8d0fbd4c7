package oriel.broker.display;

import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.CursorImage;
import oriel.hypervisor.display.Damage;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplayInput;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.MonitorLayout;
import oriel.hypervisor.display.Rectangle;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.sound.Sound;

/** Hands out displays and notices when somebody last used a keyboard or pointer on them. Thread-safe. */
public final class Activity {
    private final HypervisorHost host;
    private final Clock clock;
    /** One for each machine, as long as its screen is the same: viewers of a screen must share one display. */
    private final Map<String, Watched> displays = new ConcurrentHashMap<>();

    /** On a host. */
    public Activity(HypervisorHost host, Clock clock) {
        this.host = host;
        this.clock = clock;
    }

    /** The display of a running machine. */
    Optional<Display> display(String machine) {
        return host.display(machine)
                .map(display -> displays.compute(
                        machine,
                        (name, known) ->
                                known != null && known.screen.equals(display) ? known : new Watched(display, clock)));
    }

    /** When somebody last used keyboard or pointer of a machine; null if nobody has since its screen was opened. */
    public @Nullable Instant lastInput(String machine) {
        Watched watched = displays.get(machine);
        return watched == null ? null : watched.lastInput;
    }

    private static final class Watched implements Display {
        private final Display screen;
        private final Clock clock;
        private final DisplayInput input;
        private volatile @Nullable Instant lastInput;

        Watched(Display screen, Clock clock) {
            this.screen = screen;
            this.clock = clock;
            this.input = new Input(screen.input());
        }

        @Override
        public DisplaySize size() {
            return screen.size();
        }

        @Override
        public String name() {
            return screen.name();
        }

        @Override
        public Sound sound() {
            return screen.sound();
        }

        @Override
        public void addListener(Listener listener) {
            screen.addListener(listener);
        }

        @Override
        public void removeListener(Listener listener) {
            screen.removeListener(listener);
        }

        @Override
        public CompletableFuture<Damage> takeDamage() {
            return screen.takeDamage();
        }

        @Override
        public boolean copyPixels(DisplaySize size, Rectangle area, int[] to, int offset, int stride) {
            return screen.copyPixels(size, area, to, offset, stride);
        }

        @Override
        public @Nullable CursorImage cursor() {
            return screen.cursor();
        }

        @Override
        public DisplayInput input() {
            return input;
        }

        @Override
        public MonitorLayout layout() {
            return screen.layout();
        }

        @Override
        public boolean requestLayout(MonitorLayout layout) {
            return screen.requestLayout(layout);
        }

        private final class Input implements DisplayInput {
            private final DisplayInput to;

            Input(DisplayInput to) {
                this.to = to;
            }

            @Override
            public void key(int scanCode, boolean down) {
                lastInput = clock.instant();
                to.key(scanCode, down);
            }

            @Override
            public void pointer(int x, int y, int buttons) {
                lastInput = clock.instant();
                to.pointer(x, y, buttons);
            }

            @Override
            public void wheel(int vertical, int horizontal) {
                lastInput = clock.instant();
                to.wheel(vertical, horizontal);
            }

            @Override
            public void clipboard(String text) {
                to.clipboard(text);
            }

            @Override
            public void releaseAll() {
                to.releaseAll();
            }
        }
    }
}
