package oriel.displayd.encode;

import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.PixelLayout;
import oriel.displayd.rfb.WireBuffer;

/**
 * Tight PNG (rfbproto "Tight PNG Encoding"): Tight's fill and JPEG, and PNG instead of zlib streams, for clients that
 * can hand pictures to a browser but not inflate.
 */
public final class TightPngEncoder implements RectangleEncoder {
    private static final int FILL = 0x80;
    private static final int PNG = 0xA0;

    private final Palette palette = new Palette();
    private final PngWriter writer = new PngWriter();
    private final WireBuffer png = new WireBuffer(4096);

    @Override
    public int encoding() {
        return Encodings.TIGHT_PNG;
    }

    @Override
    public void setCompressionLevel(int level) {
        writer.setLevel(level);
    }

    @Override
    public void encode(PixelBlock block, PixelFormat format, WireBuffer out) {
        boolean few =
                palette.collect(block.pixels(), 0, block.width(), block.width(), block.height(), Palette.CAPACITY);
        if (few && palette.size() == 1) {
            out.u8(FILL);
            PixelLayout.tight(format).write(out, palette.colours()[0]);
            return;
        }
        png.clear();
        writer.write(block, format, few ? palette : null, png);
        out.u8(PNG);
        TightEncoder.compactLength(png.size(), out);
        out.bytes(png.array(), 0, png.size());
    }

    @Override
    public void close() {
        writer.close();
    }
}
