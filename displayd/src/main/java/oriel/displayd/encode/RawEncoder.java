package oriel.displayd.encode;

import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.PixelLayout;
import oriel.displayd.rfb.WireBuffer;

/** Pixels as they are (RFC 6143 §7.7.1). */
public final class RawEncoder implements RectangleEncoder {
    @Override
    public int encoding() {
        return Encodings.RAW;
    }

    @Override
    public void encode(PixelBlock block, PixelFormat format, WireBuffer out) {
        PixelLayout.full(format).write(out, block.pixels(), 0, block.area());
    }
}
