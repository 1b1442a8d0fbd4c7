package oriel.displayd.encode;

import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.PixelLayout;
import oriel.displayd.rfb.WireBuffer;

/** A background and rectangles on it (RFC 6143 §7.7.3). */
public final class RreEncoder implements RectangleEncoder {
    private final SubRectangles subRectangles = new SubRectangles();

    @Override
    public int encoding() {
        return Encodings.RRE;
    }

    @Override
    public void encode(PixelBlock block, PixelFormat format, WireBuffer out) {
        PixelLayout layout = PixelLayout.full(format);
        int[] pixels = block.pixels();
        int background = SubRectangles.background(pixels, 0, block.width(), block.width(), block.height());
        int count = out.size();
        out.u32(0);
        layout.write(out, background);
        subRectangles.find(pixels, 0, block.width(), block.width(), block.height(), background);
        for (int i = 0; i < subRectangles.count(); i++) {
            layout.write(out, subRectangles.colour(i));
            out.u16(subRectangles.x(i)).u16(subRectangles.y(i));
            out.u16(subRectangles.width(i)).u16(subRectangles.height(i));
        }
        out.putU32(count, subRectangles.count());
    }
}
