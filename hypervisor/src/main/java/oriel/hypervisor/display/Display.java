package oriel.hypervisor.display;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.sound.Sound;

/**
 * A machine's screen, loudspeaker, keyboard and pointer, as a display daemon sees them. Thread-safe.
 *
 * <p>Nobody polls: a listener is told once when the picture changes after a {@link #takeDamage}, and then takes the
 * damage when it is ready for it.
 */
public interface Display {
    /** Current picture size. */
    DisplaySize size();

    /** The display's title: the machine's name. */
    String name();

    /** Adds a listener, called on a thread of the machine: it must not block. */
    void addListener(Listener listener);

    /** Removes it. */
    void removeListener(Listener listener);

    /**
     * Takes the area changed since the last call (one consumer per display: a daemon shares it between viewers) and
     * re-arms {@link Listener#damaged}.
     */
    CompletableFuture<Damage> takeDamage();

    /**
     * Copies pixels, 0x00RRGGBB, of a rectangle that must lie within {@code size}. Not synchronised with the guest: a
     * torn picture is repaired by the damage that follows.
     *
     * @param stride of {@code to}, in pixels
     * @return false if the display's size is no longer {@code size}; nothing useful was copied then
     */
    boolean copyPixels(DisplaySize size, Rectangle area, int[] to, int offset, int stride);

    /** The guest's hardware cursor, or null if the guest draws its own. */
    @Nullable
    CursorImage cursor();

    /** Keyboard and pointer. */
    DisplayInput input();

    /** The loudspeaker that stands beside the screen. It falls silent before {@link Listener#closed}. */
    default Sound sound() {
        return Sound.SILENT;
    }

    /** How the picture is divided among monitors now. */
    default MonitorLayout layout() {
        return MonitorLayout.single(size());
    }

    /**
     * Asks the guest for another size and other monitors; it may not follow.
     *
     * @return false if the adapter can't show that, so that nobody was asked
     */
    boolean requestLayout(MonitorLayout layout);

    /** The same for one monitor. */
    default boolean requestSize(DisplaySize size) {
        return requestLayout(MonitorLayout.single(size));
    }

    /** What changes. */
    interface Listener {
        /** There is damage to take. Called once until it is taken. */
        void damaged();

        /** The picture has another size; everything is damaged. */
        void resized(DisplaySize size);

        /** The picture has the same size, but {@link #layout} changed. */
        default void layoutChanged() {}

        /** {@link #cursor} changed. */
        default void cursorChanged() {}

        /** The guest's clipboard has new text. */
        default void clipboardChanged(String text) {}

        /** Keyboard lights: bit 0 scroll lock, 1 num lock, 2 caps lock. */
        default void ledsChanged(int leds) {}

        /** The machine is gone; the reason is for people. */
        void closed(String reason);
    }
}
