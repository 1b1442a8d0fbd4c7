package oriel.displayd.encode;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.WireBuffer;
import oriel.displayd.testing.Pictures;
import oriel.displayd.testing.RfbDecoder;

/** Whatever is encoded comes out of an independent decoder exactly, rectangle after rectangle on the same streams. */
final class RoundTripTest {
    private static final List<Supplier<RectangleEncoder>> ENCODERS = List.of(
            RawEncoder::new,
            RreEncoder::new,
            HextileEncoder::new,
            ZlibEncoder::new,
            TightEncoder::new,
            ZrleEncoder::new);

    private static final List<Pictures.Kind> KINDS = List.of(Pictures.Kind.values());

    private static final List<PixelFormat> FORMATS = List.of(
            PixelFormat.NATIVE,
            new PixelFormat(32, 24, false, true, 255, 255, 255, 0, 8, 16),
            new PixelFormat(32, 24, true, true, 255, 255, 255, 16, 8, 0),
            new PixelFormat(32, 24, true, true, 255, 255, 255, 24, 16, 8),
            new PixelFormat(32, 24, false, true, 255, 255, 255, 8, 16, 24),
            new PixelFormat(32, 30, false, true, 1023, 1023, 1023, 20, 10, 0),
            new PixelFormat(16, 16, false, true, 31, 63, 31, 11, 5, 0),
            new PixelFormat(16, 15, true, true, 31, 31, 31, 10, 5, 0),
            new PixelFormat(8, 8, false, true, 7, 7, 3, 0, 3, 6));

    @TestFactory
    Stream<DynamicTest> everyEncodingInEveryFormat() {
        return ENCODERS.stream()
                .flatMap(encoder -> FORMATS.stream().map(format -> {
                    String name = encoder.get().getClass().getSimpleName() + " " + format;
                    return DynamicTest.dynamicTest(name, () -> roundTrip(encoder, format, name.hashCode()));
                }));
    }

    @TestFactory
    Stream<DynamicTest> tightPngInFormatsOfWholeBytes() {
        return FORMATS.stream()
                .filter(PixelFormat::is888)
                .map(format -> DynamicTest.dynamicTest(
                        "Tight PNG " + format, () -> roundTrip(TightPngEncoder::new, format, format.hashCode())));
    }

    @TestFactory
    Stream<DynamicTest> photographsByGradientInEveryFormat() {
        return FORMATS.stream()
                .map(format -> DynamicTest.dynamicTest(
                        "gradient " + format, () -> roundTrip(Photographs::new, format, format.hashCode())));
    }

    /** Tight as it is used for photographs that must be exact. */
    private static final class Photographs implements RectangleEncoder {
        private final TightEncoder tight = new TightEncoder();

        @Override
        public int encoding() {
            return tight.encoding();
        }

        @Override
        public void encode(PixelBlock block, PixelFormat format, WireBuffer out) {
            tight.encodePhoto(block, format, out);
        }

        @Override
        public void close() {
            tight.close();
        }
    }

    private static void roundTrip(Supplier<RectangleEncoder> supplier, PixelFormat format, int seed) throws Exception {
        Random random = new Random(seed);
        PixelTranslator translator = new PixelTranslator(format);
        RfbDecoder decoder = new RfbDecoder(format, 300, 300);
        try (RectangleEncoder encoder = supplier.get()) {
            PixelBlock block = new PixelBlock();
            for (int round = 0; round < 40; round++) {
                Pictures.Kind kind = KINDS.get(round % KINDS.size());
                int width = size(round, random);
                int height = size(round / 2, random);
                int x = random.nextInt(300 - width + 1);
                int y = random.nextInt(300 - height + 1);
                int[] picture = Pictures.paint(kind, width, height, random);
                block.resize(width, height);
                translator.translate(picture, 0, block.pixels(), 0, picture.length);
                WireBuffer out = new WireBuffer(16);
                encoder.setCompressionLevel(1 + random.nextInt(6));
                encoder.encode(block, format, out);
                DataInputStream in = new DataInputStream(new ByteArrayInputStream(out.toByteArray()));
                decoder.decode(encoder.encoding(), x, y, width, height, in);
                assertThat(in.available())
                        .as("bytes left over in round %d", round)
                        .isZero();
                for (int i = 0; i < picture.length; i++) {
                    int got = decoder.pixels()[(y + i / width) * 300 + x + i % width];
                    if (got != expected(picture[i], format)) {
                        assertThat(got)
                                .as(
                                        "round %d, %s, pixel %d,%d of %d×%d",
                                        round, kind, i % width, i / width, width, height)
                                .isEqualTo(expected(picture[i], format));
                    }
                }
            }
        }
    }

    private static int size(int round, Random random) {
        return switch (round % 5) {
            case 0 -> 1 + random.nextInt(4);
            case 1 -> 16 + random.nextInt(2);
            case 2 -> 63 + random.nextInt(3);
            case 3 -> 1 + random.nextInt(300);
            default -> 128;
        };
    }

    private static int expected(int rgb, PixelFormat format) {
        return (int) Math.round((rgb >> 16 & 255) * format.redMax() / 255.0 - 1e-9) << format.redShift()
                | (int) Math.round((rgb >> 8 & 255) * format.greenMax() / 255.0 - 1e-9) << format.greenShift()
                | (int) Math.round((rgb & 255) * format.blueMax() / 255.0 - 1e-9) << format.blueShift();
    }
}
