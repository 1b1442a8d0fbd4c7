package oriel.displayd.flow;

import oriel.displayd.encode.JpegEncoder;
import oriel.displayd.encode.PhotoTest;
import oriel.displayd.encode.PixelBlock;
import oriel.displayd.rfb.WireBuffer;

/** What one worker reuses from task to task, so that it exists once per core and not once per connection. */
public final class Scratch {
    /** An output buffer that grew beyond this is given back. */
    private static final int KEEP = 1 << 20;

    private final WireBuffer out = new WireBuffer(128 * 1024);
    private final PixelBlock block = new PixelBlock();
    private final PixelBlock native24 = new PixelBlock();
    private final JpegEncoder jpeg = new JpegEncoder();
    private final PhotoTest photoTest = new PhotoTest();

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

    /** Tight's lossy kind; it has no state between rectangles. */
    public JpegEncoder jpeg() {
        return jpeg;
    }

    /** Decides where JPEG is worth it. */
    public PhotoTest photoTest() {
        return photoTest;
    }
}
