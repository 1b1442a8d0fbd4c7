package oriel.displayd.encode;

import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.PixelLayout;
import oriel.displayd.rfb.WireBuffer;

/** Raw pixels through one zlib stream (rfbproto "zlib Encoding"). */
public final class ZlibEncoder implements RectangleEncoder {
    private final DeflateStream stream = new DeflateStream(1);
    private final WireBuffer plain = new WireBuffer(4096);

    @Override
    public int encoding() {
        return Encodings.ZLIB;
    }

    @Override
    public void setCompressionLevel(int level) {
        stream.setLevel(level);
    }

    @Override
    public void encode(PixelBlock block, PixelFormat format, WireBuffer out) {
        plain.clear();
        PixelLayout.full(format).write(plain, block.pixels(), 0, block.area());
        int length = out.size();
        out.u32(0);
        stream.deflate(plain.array(), 0, plain.size(), out);
        out.putU32(length, out.size() - length - 4);
    }

    @Override
    public void close() {
        stream.close();
    }
}
