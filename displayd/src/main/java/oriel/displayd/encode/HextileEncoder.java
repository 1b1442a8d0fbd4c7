package oriel.displayd.encode;

import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.PixelLayout;
import oriel.displayd.rfb.WireBuffer;

/** Tiles of 16×16, each raw or a background with rectangles on it (RFC 6143 §7.7.4). */
public final class HextileEncoder implements RectangleEncoder {
    private static final int TILE = 16;
    private static final int RAW = 1;
    private static final int BACKGROUND_SPECIFIED = 2;
    private static final int FOREGROUND_SPECIFIED = 4;
    private static final int ANY_SUBRECTS = 8;
    private static final int SUBRECTS_COLOURED = 16;

    private final SubRectangles subRectangles = new SubRectangles();

    @Override
    public int encoding() {
        return Encodings.HEXTILE;
    }

    @Override
    public void encode(PixelBlock block, PixelFormat format, WireBuffer out) {
        PixelLayout layout = PixelLayout.full(format);
        int[] pixels = block.pixels();
        int stride = block.width();
        boolean hasBackground = false;
        int lastBackground = 0;
        for (int y = 0; y < block.height(); y += TILE) {
            int height = Math.min(TILE, block.height() - y);
            for (int x = 0; x < block.width(); x += TILE) {
                int width = Math.min(TILE, block.width() - x);
                int offset = y * stride + x;
                int background = SubRectangles.background(pixels, offset, stride, width, height);
                subRectangles.find(pixels, offset, stride, width, height, background);
                if (writeTile(out, layout, !hasBackground || background != lastBackground, background, width, height)) {
                    hasBackground = true;
                    lastBackground = background;
                } else {
                    out.u8(RAW);
                    for (int row = 0; row < height; row++) {
                        layout.write(out, pixels, offset + row * stride, width);
                    }
                    // A raw tile leaves the client's background undefined (RFC 6143 §7.7.4).
                    hasBackground = false;
                }
            }
        }
    }

    /** Writes the tile as background and rectangles, unless that takes more bytes than raw. */
    private boolean writeTile(
            WireBuffer out, PixelLayout layout, boolean newBackground, int background, int width, int height) {
        int count = subRectangles.count();
        boolean oneColour = true;
        for (int i = 1; i < count; i++) {
            oneColour &= subRectangles.colour(i) == subRectangles.colour(0);
        }
        int size = (newBackground ? layout.bytes() : 0)
                + (count > 0 ? 1 : 0)
                + (oneColour ? layout.bytes() + 2 * count : (layout.bytes() + 2) * count);
        if (size >= width * height * layout.bytes() || count > 255) {
            return false;
        }
        int flags = newBackground ? BACKGROUND_SPECIFIED : 0;
        if (count > 0) {
            flags |= ANY_SUBRECTS | (oneColour ? FOREGROUND_SPECIFIED : SUBRECTS_COLOURED);
        }
        out.u8(flags);
        if (newBackground) {
            layout.write(out, background);
        }
        if (count == 0) {
            return true;
        }
        if (oneColour) {
            layout.write(out, subRectangles.colour(0));
        }
        out.u8(count);
        for (int i = 0; i < count; i++) {
            if (!oneColour) {
                layout.write(out, subRectangles.colour(i));
            }
            out.u8(subRectangles.x(i) << 4 | subRectangles.y(i));
            out.u8(subRectangles.width(i) - 1 << 4 | subRectangles.height(i) - 1);
        }
        return true;
    }
}
