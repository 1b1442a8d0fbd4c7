package oriel.displayd.encode;

import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.PixelLayout;
import oriel.displayd.rfb.WireBuffer;

/** Tiles of 64×64, by palette and run length, through one zlib stream (RFC 6143 §7.7.6). */
public final class ZrleEncoder implements RectangleEncoder {
    private static final int TILE = 64;
    private static final int RAW = 0;
    private static final int SOLID = 1;
    private static final int PLAIN_RLE = 128;
    /** A palette RLE index has seven bits. */
    private static final int MAX_RLE_PALETTE = 127;

    private static final int MAX_PACKED_PALETTE = 16;

    private final DeflateStream stream = new DeflateStream(1);
    private final WireBuffer plain = new WireBuffer(4096);
    private final Palette palette = new Palette();

    @Override
    public int encoding() {
        return Encodings.ZRLE;
    }

    @Override
    public void setCompressionLevel(int level) {
        stream.setLevel(level);
    }

    @Override
    public void encode(PixelBlock block, PixelFormat format, WireBuffer out) {
        PixelLayout layout = PixelLayout.compressed(format);
        plain.clear();
        for (int y = 0; y < block.height(); y += TILE) {
            for (int x = 0; x < block.width(); x += TILE) {
                encodeTile(
                        layout,
                        block.pixels(),
                        y * block.width() + x,
                        block.width(),
                        Math.min(TILE, block.width() - x),
                        Math.min(TILE, block.height() - y));
            }
        }
        int length = out.size();
        out.u32(0);
        stream.deflate(plain.array(), 0, plain.size(), out);
        out.putU32(length, out.size() - length - 4);
    }

    private void encodeTile(PixelLayout layout, int[] pixels, int offset, int stride, int width, int height) {
        boolean few = palette.collect(pixels, offset, stride, width, height, MAX_RLE_PALETTE);
        if (few && palette.size() == 1) {
            plain.u8(SOLID);
            layout.write(plain, palette.colours()[0]);
            return;
        }
        int pixelBytes = layout.bytes();
        int rawSize = width * height * pixelBytes;
        // Runs go on across the ends of a tile's rows.
        int runs = 0;
        int singles = 0;
        int lengthBytes = 0;
        int run = 0;
        int last = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int pixel = pixels[offset + y * stride + x];
                if (run > 0 && pixel == last) {
                    run++;
                    continue;
                }
                if (run > 0) {
                    runs++;
                    singles += run == 1 ? 1 : 0;
                    lengthBytes += (run - 1) / 255 + 1;
                }
                last = pixel;
                run = 1;
            }
        }
        runs++;
        singles += run == 1 ? 1 : 0;
        lengthBytes += (run - 1) / 255 + 1;

        int plainRleSize = runs * pixelBytes + lengthBytes;
        int size = palette.size();
        int paletteRleSize = few ? size * pixelBytes + runs + lengthBytes - singles : Integer.MAX_VALUE;
        int bits = bitsFor(size);
        int packedSize = few && size <= MAX_PACKED_PALETTE
                ? size * pixelBytes + (width * bits + 7) / 8 * height
                : Integer.MAX_VALUE;
        int best = Math.min(Math.min(rawSize, plainRleSize), Math.min(paletteRleSize, packedSize));
        if (best == packedSize) {
            plain.u8(size);
            layout.write(plain, palette.colours(), 0, size);
            writePacked(pixels, offset, stride, width, height, bits);
        } else if (best == paletteRleSize) {
            plain.u8(PLAIN_RLE + size);
            layout.write(plain, palette.colours(), 0, size);
            writeRuns(layout, pixels, offset, stride, width, height, true);
        } else if (best == plainRleSize) {
            plain.u8(PLAIN_RLE);
            writeRuns(layout, pixels, offset, stride, width, height, false);
        } else {
            plain.u8(RAW);
            for (int y = 0; y < height; y++) {
                layout.write(plain, pixels, offset + y * stride, width);
            }
        }
    }

    private static int bitsFor(int colours) {
        if (colours <= 2) {
            return 1;
        }
        return colours <= 4 ? 2 : 4;
    }

    private void writePacked(int[] pixels, int offset, int stride, int width, int height, int bits) {
        for (int y = 0; y < height; y++) {
            int packed = 0;
            int filled = 0;
            for (int x = 0; x < width; x++) {
                packed = packed << bits | palette.indexOf(pixels[offset + y * stride + x]);
                filled += bits;
                if (filled == 8) {
                    plain.u8(packed);
                    packed = 0;
                    filled = 0;
                }
            }
            if (filled > 0) {
                plain.u8(packed << 8 - filled);
            }
        }
    }

    private void writeRuns(
            PixelLayout layout, int[] pixels, int offset, int stride, int width, int height, boolean indexed) {
        int run = 0;
        int last = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int pixel = pixels[offset + y * stride + x];
                if (run > 0 && pixel == last) {
                    run++;
                    continue;
                }
                if (run > 0) {
                    writeRun(layout, last, run, indexed);
                }
                last = pixel;
                run = 1;
            }
        }
        writeRun(layout, last, run, indexed);
    }

    private void writeRun(PixelLayout layout, int pixel, int run, boolean indexed) {
        if (indexed) {
            int index = palette.indexOf(pixel);
            if (run == 1) {
                plain.u8(index);
                return;
            }
            plain.u8(index | 0x80);
        } else {
            layout.write(plain, pixel);
        }
        int rest = run - 1;
        while (rest >= 255) {
            plain.u8(255);
            rest -= 255;
        }
        plain.u8(rest);
    }

    @Override
    public void close() {
        stream.close();
    }
}
