package oriel.displayd.viewer;

import java.util.List;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.Rectangle;

/** A FramebufferUpdate half sent. Only the task that sends it touches what changes. */
final class Update {
    final List<Rectangle> rectangles;
    /** An area to be sent as a film's next picture, before the rest. */
    @Nullable
    Rectangle film;

    final boolean exact;
    /** The header gave no count: the update ends with LastRect. */
    final boolean open;

    int next;
    long bytes;

    Update(List<Rectangle> rectangles, boolean exact, boolean open) {
        this.rectangles = rectangles;
        this.exact = exact;
        this.open = open;
    }
}
