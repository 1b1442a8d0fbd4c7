package oriel.displayd.flow;

import java.util.List;
import oriel.displayd.encode.Move;
import oriel.displayd.encode.Region;
import oriel.hypervisor.display.DisplaySize;

/** One who watches a screen. Calls come from the feed, some with its frame locked: they must return at once. */
public interface ScreenViewer {
    /** Whether it could send a change right now; if not, it calls {@link ScreenFeed#wake} when it can. */
    boolean ready();

    /**
     * The frame changed, in this order: pixels moved, then others got new values. Called with the frame locked, so what
     * {@link ScreenFeed#read} gives next is exactly the frame after this change.
     */
    void frameChanged(List<Move> moves, Region changed);

    /** There is a whole new frame, maybe of another size. Called with the frame locked. */
    void frameReplaced(DisplaySize size);

    /** The cursor's image changed. */
    void cursorChanged();

    /** The guest copied text. */
    void clipboardChanged(String text);

    /** Keyboard lights changed. */
    void ledsChanged(int leds);

    /** The machine is gone. */
    void displayClosed(String reason);
}
