package oriel.hypervisor.display;

/**
 * Size of a picture in pixels.
 *
 * @param width 1–16384
 * @param height 1–16384
 */
public record DisplaySize(int width, int height) {
    /** Checks the ranges. */
    public DisplaySize {
        if (width < 1 || width > 16384 || height < 1 || height > 16384) {
            throw new IllegalArgumentException("display size " + width + "×" + height + " is out of range");
        }
    }

    /** The whole picture. */
    public Rectangle bounds() {
        return new Rectangle(0, 0, width, height);
    }
}
