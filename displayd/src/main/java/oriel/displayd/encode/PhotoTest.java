package oriel.displayd.encode;

/**
 * Tells photographs and video from drawn content. Drawn content repeats pixels: even anti-aliased text stands on flat
 * ground. In a photograph hardly any pixel equals its left neighbour, and there are many colours.
 */
public final class PhotoTest {
    /** Smaller rectangles are cheap enough to be exact, and JPEG's tables alone would cost more than they save. */
    private static final int MIN_AREA = 64 * 64;

    /** Above this share of equal neighbours it is drawn. */
    private static final double MAX_EQUAL_NEIGHBOURS = 0.5;

    private final Palette palette = new Palette();

    /** Whether the block looks like a photograph. */
    public boolean looksLikePhoto(PixelBlock block) {
        if (block.area() < MIN_AREA || block.width() < 8 || block.height() < 8) {
            return false;
        }
        int[] pixels = block.pixels();
        if (palette.collect(pixels, 0, block.width(), block.width(), block.height(), Palette.CAPACITY)) {
            return false;
        }
        int equal = 0;
        int compared = 0;
        // Every fourth row is enough to tell.
        for (int y = 0; y < block.height(); y += 4) {
            int row = y * block.width();
            for (int x = 1; x < block.width(); x++) {
                if (pixels[row + x] == pixels[row + x - 1]) {
                    equal++;
                }
            }
            compared += block.width() - 1;
        }
        return equal < compared * MAX_EQUAL_NEIGHBOURS;
    }
}
