package oriel.displayd.flow;

import java.util.List;
import oriel.displayd.encode.Move;
import oriel.displayd.encode.Region;
import oriel.hypervisor.display.DisplaySize;

/** One who is sent a screen's frames. Calls come from the feed, some with its frame locked: they must return at once. */
public interface FrameViewer {
    /** Whether it could send a change right now; if not, it calls {@link ScreenFeed#wake} when it can. */
    boolean ready();

    /**
     * The frame changed, in this order: pixels moved, then others got new values. Called with the frame locked, so what
     * {@link ScreenFeed#read} gives next is exactly the frame after this change.
     */
    void frameChanged(List<Move> moves, Region changed);

    /** There is a whole new frame, maybe of another size. Called with the frame locked. */
    void frameReplaced(DisplaySize size);
}
