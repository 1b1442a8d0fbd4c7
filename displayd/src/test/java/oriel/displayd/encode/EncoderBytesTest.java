package oriel.displayd.encode;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.WireBuffer;

/** Rectangles small enough to be written down by hand from the specification. */
final class EncoderBytesTest {
    private static final int RED = 0xFF0000;
    private static final int BLUE = 0x0000FF;
    private static final int GREEN = 0x00FF00;

    private static PixelBlock block(int width, int height, int... pixels) {
        PixelBlock block = new PixelBlock().resize(width, height);
        System.arraycopy(pixels, 0, block.pixels(), 0, pixels.length);
        return block;
    }

    private static byte[] encode(RectangleEncoder encoder, PixelBlock block) {
        try (encoder) {
            WireBuffer out = new WireBuffer(8);
            encoder.encode(block, PixelFormat.NATIVE, out);
            return out.toByteArray();
        }
    }

    private static String hex(RectangleEncoder encoder, PixelBlock block) {
        return HexFormat.ofDelimiter(" ").formatHex(encode(encoder, block));
    }

    /** Length and zlib stream, as inflated bytes. */
    private static String inflated(byte[] bytes, int from) throws DataFormatException {
        Inflater inflater = new Inflater();
        inflater.setInput(bytes, from, bytes.length - from);
        byte[] plain = new byte[4096];
        int count = inflater.inflate(plain);
        return HexFormat.ofDelimiter(" ").formatHex(plain, 0, count);
    }

    @Test
    void rawIsLittleEndianPixels() {
        assertThat(hex(new RawEncoder(), block(2, 1, 0x123456, RED))).isEqualTo("56 34 12 00 00 00 ff 00");
    }

    @Test
    void rreIsBackgroundAndRectangles() {
        assertThat(hex(new RreEncoder(), block(3, 2, RED, RED, BLUE, RED, RED, BLUE)))
                .isEqualTo("00 00 00 01 00 00 ff 00 ff 00 00 00 00 02 00 00 00 01 00 02");
    }

    @Test
    void hextileSolidTileIsItsBackground() {
        assertThat(hex(new HextileEncoder(), block(2, 2, RED, RED, RED, RED))).isEqualTo("02 00 00 ff 00");
    }

    @Test
    void hextileRepeatsNoBackground() {
        int[] pixels = new int[17 * 2];
        Arrays.fill(pixels, RED);
        assertThat(hex(new HextileEncoder(), block(17, 2, pixels))).isEqualTo("02 00 00 ff 00 00");
    }

    @Test
    void hextileOneForeground() {
        // Background, foreground and any rectangles: 2 + 4 + 8; the blue column at x 2, 1×2: position 20, size 01.
        assertThat(hex(new HextileEncoder(), block(3, 2, RED, RED, BLUE, RED, RED, BLUE)))
                .isEqualTo("0e 00 00 ff 00 ff 00 00 00 01 20 01");
    }

    @Test
    void hextileColouredRectangles() {
        assertThat(hex(new HextileEncoder(), block(4, 2, RED, RED, RED, BLUE, RED, RED, RED, GREEN)))
                .isEqualTo("1a 00 00 ff 00 02 ff 00 00 00 30 00 00 ff 00 00 31 00");
    }

    @Test
    void hextileNoiseIsRaw() {
        assertThat(hex(new HextileEncoder(), block(2, 1, 0x010203, 0x040506))).isEqualTo("01 03 02 01 00 06 05 04 00");
    }

    @Test
    void zlibIsRawPixelsDeflated() throws DataFormatException {
        byte[] bytes = encode(new ZlibEncoder(), block(2, 1, 0x123456, RED));
        assertThat(bytes[3] & 0xFF).as("length").isEqualTo(bytes.length - 4);
        assertThat(inflated(bytes, 4)).isEqualTo("56 34 12 00 00 00 ff 00");
    }

    @Test
    void zrleSolidTile() throws DataFormatException {
        byte[] bytes = encode(new ZrleEncoder(), block(2, 2, RED, RED, RED, RED));
        assertThat(inflated(bytes, 4)).isEqualTo("01 00 00 ff");
    }

    @Test
    void zrlePackedPaletteOfTwo() throws DataFormatException {
        // Two colours; rows 0 1 0 and 1 1 0, padded to bytes.
        byte[] bytes = encode(new ZrleEncoder(), block(3, 2, RED, BLUE, RED, BLUE, BLUE, RED));
        assertThat(inflated(bytes, 4)).isEqualTo("02 00 00 ff ff 00 00 40 c0");
    }

    @Test
    void zrlePlainRunsCrossRows() throws DataFormatException {
        int[] pixels = new int[64 * 8];
        Arrays.fill(pixels, 0, 300, RED);
        Arrays.fill(pixels, 300, 512, BLUE);
        // 300 red = 1 + 255 + 44, 212 blue = 1 + 211.
        byte[] bytes = encode(new ZrleEncoder(), block(64, 8, pixels));
        assertThat(inflated(bytes, 4)).isEqualTo("80 00 00 ff ff 2c ff 00 00 d3");
    }

    @Test
    void zrlePaletteRuns() throws DataFormatException {
        int[] pixels = new int[64 * 8];
        Arrays.fill(pixels, RED);
        for (int i = 10; i < 16; i++) {
            pixels[i * 2] = BLUE;
        }
        // As indices a single pixel costs one byte, a run two.
        byte[] bytes = encode(new ZrleEncoder(), block(64, 8, pixels));
        assertThat(inflated(bytes, 4))
                .isEqualTo("82 00 00 ff ff 00 00 80 13 01 00 01 00 01 00 01 00 01 00 01 80 ff e1");
    }

    @Test
    void zrleNoiseIsRaw() throws DataFormatException {
        byte[] bytes = encode(new ZrleEncoder(), block(2, 1, 0x010203, 0x040506));
        assertThat(inflated(bytes, 4)).startsWith("00 03 02 01 06 05 04");
    }

    @Test
    void tightFill() {
        assertThat(hex(new TightEncoder(), block(2, 2, RED, RED, RED, RED))).isEqualTo("80 ff 00 00");
    }

    @Test
    void tightTwoColoursAreBitsAndShortDataIsPlain() {
        // Stream 1 with a filter, palette filter, two colours, then a byte per row: 010 and 110.
        assertThat(hex(new TightEncoder(), block(3, 2, RED, BLUE, RED, BLUE, BLUE, RED)))
                .isEqualTo("50 01 01 ff 00 00 00 00 ff 40 c0");
    }

    @Test
    void tightIndexed() throws DataFormatException {
        int[] pixels = new int[12];
        Arrays.fill(pixels, RED);
        pixels[1] = BLUE;
        pixels[2] = GREEN;
        byte[] bytes = encode(new TightEncoder(), block(12, 1, pixels));
        assertThat(HexFormat.ofDelimiter(" ").formatHex(bytes, 0, 12)).isEqualTo("60 01 02 ff 00 00 00 00 ff 00 ff 00");
        assertThat(bytes[12] & 0xFF).as("compact length").isEqualTo(bytes.length - 13);
        assertThat(inflated(bytes, 13)).isEqualTo("00 01 02 00 00 00 00 00 00 00 00 00");
    }

    @Test
    void tightCopyIsRedGreenBlue() {
        // Three colours in three pixels: a palette would not pay.
        assertThat(hex(new TightEncoder(), block(3, 1, 0x010203, 0x040506, 0x070809)))
                .isEqualTo("00 01 02 03 04 05 06 07 08 09");
    }

    @Test
    void tightPhotoIsWhatItsNeighboursDidNotForetell() {
        WireBuffer out = new WireBuffer(8);
        try (TightEncoder encoder = new TightEncoder()) {
            encoder.encodePhoto(block(1, 3, 0x010203, 0x020202, 0x000000), PixelFormat.NATIVE, out);
        }
        // Stream 3 with a filter, gradient filter, then differences to the pixel above.
        assertThat(HexFormat.ofDelimiter(" ").formatHex(out.toByteArray()))
                .isEqualTo("70 02 01 02 03 01 00 ff fe fe fe");
    }

    @Test
    void tightTellsAStripOfAPhotographFromADrawing() {
        int[] photo = IntStream.range(0, 7 * 600)
                .map(i -> 0x406080 + i % 7 * 0x010203 + i / 7 * 0x000100)
                .toArray();
        assertThat(encode(new TightEncoder(), block(7, 600, photo))).startsWith(0x70, 2);
        int[] drawing = IntStream.range(0, 8 * 600).map(i -> i / 4 * 0x0305).toArray();
        assertThat(encode(new TightEncoder(), block(8, 600, drawing))).startsWith(0x00);
    }

    @Test
    void tightJpegIsAStreamWithItsLength() {
        WireBuffer out = new WireBuffer(8);
        TightEncoder.writeJpeg(new byte[200], 200, out);
        assertThat(HexFormat.ofDelimiter(" ").formatHex(out.toByteArray(), 0, 4))
                .isEqualTo("90 c8 01 00");
        assertThat(out.size()).isEqualTo(203);
    }

    @Test
    void tightPngFill() {
        assertThat(hex(new TightPngEncoder(), block(2, 2, RED, RED, RED, RED))).isEqualTo("80 ff 00 00");
    }

    @Test
    void tightPngIsAPngWithItsLength() {
        byte[] bytes = encode(new TightPngEncoder(), block(2, 1, RED, BLUE));
        assertThat(bytes[1] & 0xFF).isEqualTo(bytes.length - 2);
        // Signature, IHDR: 2×1 pixels, 8 bits, indexed; PLTE: red, blue.
        assertThat(HexFormat.ofDelimiter(" ").formatHex(bytes))
                .startsWith("a0 ")
                .contains("89 50 4e 47 0d 0a 1a 0a 00 00 00 0d 49 48 44 52 00 00 00 02 00 00 00 01 08 03 00 00 00")
                .contains("00 00 00 06 50 4c 54 45 ff 00 00 00 00 ff")
                .endsWith("00 00 00 00 49 45 4e 44 ae 42 60 82");
    }

    @Test
    void tightLengthTakesThreeBytesWhenItMust() {
        int[] noise = new Random(4).ints(200 * 50, 0, 1 << 24).toArray();
        int[] twiceEach = IntStream.range(0, 200 * 100).map(i -> noise[i / 2]).toArray();
        byte[] bytes = encode(new TightEncoder(), block(200, 100, twiceEach));
        int length = bytes[1] & 0x7F | (bytes[2] & 0x7F) << 7 | (bytes[3] & 0xFF) << 14;
        assertThat(bytes[1] & 0x80).isNotZero();
        assertThat(bytes[2] & 0x80).isNotZero();
        assertThat(length).isEqualTo(bytes.length - 4);
    }
}
