package oriel.displayd.encode;

import org.jspecify.annotations.Nullable;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.PixelLayout;
import oriel.displayd.rfb.WireBuffer;

/**
 * Tight (rfbproto "Tight Encoding"): fill, two colours, indexed colours, copy and gradient, each kind through a zlib
 * stream of its own because their statistics differ; and JPEG.
 */
public final class TightEncoder implements RectangleEncoder {
    /** Widest rectangle the encoding allows. */
    public static final int MAX_WIDTH = 2048;

    private static final int FILL = 0x80;
    private static final int JPEG = 0x90;
    private static final int EXPLICIT_FILTER = 0x40;
    private static final int PALETTE_FILTER = 1;
    private static final int GRADIENT_FILTER = 2;
    /** Shorter data travels as it is, without a length. */
    private static final int MIN_TO_COMPRESS = 12;

    /** A smaller piece costs little either way. */
    private static final int MIN_PHOTO = 256;

    private static final int COPY_STREAM = 0;
    private static final int MONO_STREAM = 1;
    private static final int INDEXED_STREAM = 2;
    private static final int GRADIENT_STREAM = 3;

    private final @Nullable DeflateStream[] streams = new @Nullable DeflateStream[4];
    private final GradientFilter gradient = new GradientFilter();
    private final Palette palette = new Palette();
    private final WireBuffer filtered = new WireBuffer(4096);
    private final WireBuffer packed = new WireBuffer(4096);
    private int level = 1;

    @Override
    public int encoding() {
        return Encodings.TIGHT;
    }

    @Override
    public void setCompressionLevel(int newLevel) {
        level = newLevel;
        for (int id = 0; id < GRADIENT_STREAM; id++) {
            DeflateStream stream = streams[id];
            if (stream != null) {
                stream.setLevel(newLevel);
            }
        }
    }

    @Override
    public void encode(PixelBlock block, PixelFormat format, WireBuffer out) {
        PixelLayout layout = PixelLayout.tight(format);
        int[] pixels = block.pixels();
        int area = block.area();
        // With one-byte pixels an index saves nothing unless it is a bit.
        int limit = layout.bytes() == 1 ? 2 : Math.clamp(area / 4, 2, Palette.CAPACITY);
        if (!palette.collect(pixels, 0, block.width(), block.width(), block.height(), limit)) {
            if (format.is888() && isPhotographic(block)) {
                encodePhoto(block, format, out);
                return;
            }
            filtered.clear();
            layout.write(filtered, pixels, 0, area);
            out.u8(COPY_STREAM << 4);
            writeData(COPY_STREAM, out);
            return;
        }
        int size = palette.size();
        if (size == 1) {
            out.u8(FILL);
            layout.write(out, palette.colours()[0]);
            return;
        }
        int stream = size == 2 ? MONO_STREAM : INDEXED_STREAM;
        out.u8(EXPLICIT_FILTER | stream << 4).u8(PALETTE_FILTER).u8(size - 1);
        layout.write(out, palette.colours(), 0, size);
        filtered.clear();
        if (size == 2) {
            packBits(pixels, block.width(), block.height(), palette.colours()[1]);
        } else {
            packBytes(pixels, area);
        }
        writeData(stream, out);
    }

    /**
     * The same for a photograph: what is left of each pixel after its neighbours have foretold it is hardly ever alike,
     * but mostly small.
     */
    public void encodePhoto(PixelBlock block, PixelFormat format, WireBuffer out) {
        if (!format.is888()) {
            encode(block, format, out);
            return;
        }
        out.u8(EXPLICIT_FILTER | GRADIENT_STREAM << 4).u8(GRADIENT_FILTER);
        filtered.clear();
        gradient.filter(block, format, filtered);
        writeData(GRADIENT_STREAM, out);
    }

    /**
     * Whether many colours are a photograph's, of which a dragged window uncovers strips that are too narrow for
     * {@link ContentMap}: hardly any pixel equals its left neighbour.
     */
    private static boolean isPhotographic(PixelBlock block) {
        int[] pixels = block.pixels();
        int equal = 0;
        for (int y = 0; y < block.height(); y++) {
            int row = y * block.width();
            for (int x = 1; x < block.width(); x++) {
                equal += pixels[row + x] == pixels[row + x - 1] ? 1 : 0;
            }
        }
        return block.area() >= MIN_PHOTO && equal < (block.area() - block.height()) * ContentMap.PHOTO_EQUAL;
    }

    /** Writes a JPEG picture as a rectangle's data. */
    public static void writeJpeg(byte[] jpeg, int length, WireBuffer out) {
        out.u8(JPEG);
        compactLength(length, out);
        out.bytes(jpeg, 0, length);
    }

    private void packBits(int[] pixels, int width, int height, int one) {
        filtered.reserve((width + 7) / 8 * height);
        byte[] to = filtered.array();
        int o = 0;
        for (int y = 0; y < height; y++) {
            int row = y * width;
            for (int x = 0; x < width; x += 8) {
                int bits = 0;
                int n = Math.min(8, width - x);
                for (int b = 0; b < n; b++) {
                    if (pixels[row + x + b] == one) {
                        bits |= 0x80 >> b;
                    }
                }
                to[o++] = (byte) bits;
            }
        }
        filtered.advance(o);
    }

    private void packBytes(int[] pixels, int area) {
        filtered.reserve(area);
        byte[] to = filtered.array();
        int last = pixels[0];
        byte index = (byte) palette.indexOf(last);
        for (int i = 0; i < area; i++) {
            int pixel = pixels[i];
            if (pixel != last) {
                last = pixel;
                index = (byte) palette.indexOf(pixel);
            }
            to[i] = index;
        }
        filtered.advance(area);
    }

    private void writeData(int id, WireBuffer out) {
        if (filtered.size() < MIN_TO_COMPRESS) {
            out.bytes(filtered.array(), 0, filtered.size());
            return;
        }
        DeflateStream stream = streams[id];
        if (stream == null) {
            stream = id == GRADIENT_STREAM ? DeflateStream.huffmanOnly() : new DeflateStream(level);
            streams[id] = stream;
        }
        packed.clear();
        stream.deflate(filtered.array(), 0, filtered.size(), packed);
        compactLength(packed.size(), out);
        out.bytes(packed.array(), 0, packed.size());
    }

    static void compactLength(int length, WireBuffer out) {
        if (length < 1 << 7) {
            out.u8(length);
        } else if (length < 1 << 14) {
            out.u8(length & 0x7F | 0x80).u8(length >>> 7);
        } else {
            out.u8(length & 0x7F | 0x80).u8(length >>> 7 & 0x7F | 0x80).u8(length >>> 14);
        }
    }

    @Override
    public void close() {
        for (DeflateStream stream : streams) {
            if (stream != null) {
                stream.close();
            }
        }
    }
}
