package oriel.hypervisor.display;

/**
 * An area of a picture.
 *
 * @param x left edge in pixels, ≥ 0
 * @param y top edge
 * @param width ≥ 0
 * @param height ≥ 0
 */
public record Rectangle(int x, int y, int width, int height) {
    /** Whether it has no pixels. */
    public boolean isEmpty() {
        return width <= 0 || height <= 0;
    }

    /** Right edge, exclusive. */
    public int right() {
        return x + width;
    }

    /** Bottom edge, exclusive. */
    public int bottom() {
        return y + height;
    }

    /** What both have in common; empty if nothing. */
    public Rectangle intersect(Rectangle other) {
        int left = Math.max(x, other.x);
        int top = Math.max(y, other.y);
        return new Rectangle(
                left,
                top,
                Math.max(0, Math.min(right(), other.right()) - left),
                Math.max(0, Math.min(bottom(), other.bottom()) - top));
    }
}
