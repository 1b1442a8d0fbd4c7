package oriel.displayd.flow;

import oriel.displayd.encode.ContentMap;
import oriel.displayd.encode.JpegCodec;
import oriel.displayd.encode.PixelBlock;
import oriel.displayd.rfb.WireBuffer;

/** What one worker reuses from task to task, so that it exists once per core and not once per connection. */
public final class Scratch {
    /** An output buffer that grew beyond this is given back. */
    private static final int KEEP = 1 << 20;

    private final WireBuffer out = new WireBuffer(128 * 1024);
    private final PixelBlock block = new PixelBlock();
    private final PixelBlock native24 = new PixelBlock();
    private final PixelBlock part = new PixelBlock();
    private final WireBuffer jpegStream = new WireBuffer(64 * 1024);
    private final JpegCodec jpeg = JpegCodec.best();
    private final ContentMap contentMap = new ContentMap();

    /** An empty buffer. */
    public WireBuffer out() {
        out.clear(KEEP);
        return out;
    }

    /** Pixels in a client's format. */
    public PixelBlock block() {
        return block;
    }

    /** The same as 0x00RRGGBB. */
    public PixelBlock nativeBlock() {
        return native24;
    }

    /** A part of one of the others. */
    public PixelBlock part() {
        return part;
    }

    /** For photographs; it has no state between rectangles. */
    public JpegCodec jpeg() {
        return jpeg;
    }

    /** An empty buffer for a JPEG stream. */
    public WireBuffer jpegStream() {
        jpegStream.clear(KEEP);
        return jpegStream;
    }

    /** Decides where JPEG is worth it. */
    public ContentMap contentMap() {
        return contentMap;
    }
}
