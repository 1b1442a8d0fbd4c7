package oriel.displayd.encode;

import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.WireBuffer;

/** Writes PNG pictures (W3C PNG, third edition), by palette where there is one, else in true colour. Not thread-safe. */
final class PngWriter implements AutoCloseable {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A};
    private static final int TRUE_COLOUR = 2;
    private static final int INDEXED = 3;
    /** §9.2: each byte less its left neighbour's. */
    private static final int FILTER_SUB = 1;

    private final Deflater deflater = new Deflater(1);
    private final CRC32 crc = new CRC32();
    private final WireBuffer plain = new WireBuffer(4096);

    void setLevel(int level) {
        deflater.setLevel(level);
    }

    /**
     * Appends a picture.
     *
     * @param palette of the block's values, or null if they are too many
     */
    void write(PixelBlock block, PixelFormat format, @Nullable Palette palette, WireBuffer out) {
        out.bytes(SIGNATURE);
        int start = begin(out, "IHDR");
        out.u32(block.width())
                .u32(block.height())
                .u8(8)
                .u8(palette == null ? TRUE_COLOUR : INDEXED)
                .zeros(3);
        end(out, start);
        plain.clear();
        if (palette == null) {
            trueColour(block, format);
        } else {
            start = begin(out, "PLTE");
            for (int i = 0; i < palette.size(); i++) {
                colour(out, palette.colours()[i], format);
            }
            end(out, start);
            indexed(block, palette);
        }
        start = begin(out, "IDAT");
        deflate(out);
        end(out, start);
        end(out, begin(out, "IEND"));
    }

    private void indexed(PixelBlock block, Palette palette) {
        int at = 0;
        for (int y = 0; y < block.height(); y++) {
            plain.u8(0);
            for (int x = 0; x < block.width(); x++) {
                plain.u8(palette.indexOf(block.pixels()[at++]));
            }
        }
    }

    private void trueColour(PixelBlock block, PixelFormat format) {
        int at = 0;
        for (int y = 0; y < block.height(); y++) {
            plain.u8(FILTER_SUB);
            int left = 0;
            for (int x = 0; x < block.width(); x++) {
                int rgb = format.toRgb(block.pixels()[at++]);
                plain.u8((rgb >> 16) - (left >> 16))
                        .u8((rgb >> 8) - (left >> 8))
                        .u8(rgb - left);
                left = rgb;
            }
        }
    }

    private static void colour(WireBuffer out, int value, PixelFormat format) {
        int rgb = format.toRgb(value);
        out.u8(rgb >> 16).u8(rgb >> 8).u8(rgb);
    }

    private void deflate(WireBuffer out) {
        deflater.reset();
        deflater.setInput(plain.array(), 0, plain.size());
        deflater.finish();
        while (!deflater.finished()) {
            out.reserve(Math.max(256, plain.size() / 4));
            out.advance(deflater.deflate(out.array(), out.size(), out.array().length - out.size()));
        }
    }

    private static int begin(WireBuffer out, String type) {
        out.u32(0);
        int start = out.size();
        for (int i = 0; i < 4; i++) {
            out.u8(type.charAt(i));
        }
        return start;
    }

    /** Fills in a chunk's length and appends its check (§5.3). */
    private void end(WireBuffer out, int start) {
        out.putU32(start - 4, out.size() - start - 4);
        crc.reset();
        crc.update(out.array(), start, out.size() - start);
        out.u32((int) crc.getValue());
    }

    @Override
    public void close() {
        deflater.end();
    }
}
