package oriel.displayd.encode;

import oriel.hypervisor.display.Rectangle;

/**
 * Pixels that changed place: those of {@code from} are now also at {@code to}.
 *
 * @param to where they are now, in pixels of the frame
 * @param dx {@code to.x} minus where they came from
 * @param dy {@code to.y} minus where they came from
 */
public record Move(Rectangle to, int dx, int dy) {
    /** Where they came from. */
    public Rectangle from() {
        return new Rectangle(to.x() - dx, to.y() - dy, to.width(), to.height());
    }
}
