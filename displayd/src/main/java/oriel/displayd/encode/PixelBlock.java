package oriel.displayd.encode;

/**
 * A rectangle of pixels ready to be encoded: pixel values of the client's format, row after row without gaps. One per
 * worker, refilled for each rectangle.
 */
public final class PixelBlock {
    private int[] pixels = new int[0];
    private int width;
    private int height;

    /** Takes a size; the pixels are undefined until written to {@link #pixels}. */
    public PixelBlock resize(int newWidth, int newHeight) {
        width = newWidth;
        height = newHeight;
        if (pixels.length < newWidth * newHeight) {
            pixels = new int[newWidth * newHeight];
        }
        return this;
    }

    /** Becomes a copy of a part of another. */
    public PixelBlock cut(PixelBlock from, int x, int y, int newWidth, int newHeight) {
        resize(newWidth, newHeight);
        for (int row = 0; row < newHeight; row++) {
            System.arraycopy(from.pixels, (y + row) * from.width + x, pixels, row * newWidth, newWidth);
        }
        return this;
    }

    /** At least {@code width × height} values; those after are garbage. */
    public int[] pixels() {
        return pixels;
    }

    /** In pixels. */
    public int width() {
        return width;
    }

    /** In pixels. */
    public int height() {
        return height;
    }

    /** Number of pixels. */
    public int area() {
        return width * height;
    }
}
