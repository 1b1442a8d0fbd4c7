package oriel.displayd.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import oriel.displayd.rfb.WireBuffer;

/** Both codecs keep what a JPEG has to keep, and sample colour as told. */
final class JpegCodecTest {
    private static PixelBlock block() {
        PixelBlock block = new PixelBlock().resize(160, 96);
        for (int i = 0; i < block.area(); i++) {
            int x = i % 160;
            int y = i / 160;
            block.pixels()[i] = x + 40 << 16 | y + 90 << 8 | 200 - x;
        }
        return block;
    }

    @Test
    void theJdks() throws IOException {
        check(new ImageIoJpeg());
    }

    @Test
    void libjpegTurbos() throws IOException {
        TurboJpeg turbo = TurboJpeg.open();
        assumeTrue(turbo != null, "install libturbojpeg0 to test it");
        check(turbo);
    }

    private static void check(JpegCodec codec) throws IOException {
        Map<Subsampling, Integer> factors = new EnumMap<>(Map.of(
                Subsampling.NONE, 0x11, Subsampling.HALF, 0x21, Subsampling.QUARTER, 0x22, Subsampling.GREY, 0x11));
        for (Map.Entry<Subsampling, Integer> expected : factors.entrySet()) {
            PixelBlock block = block();
            byte[] jpeg = encode(codec, block, new JpegSettings(90, expected.getKey()));
            assertThat(brightnessFactors(jpeg)).as("%s", expected.getKey()).isEqualTo(expected.getValue());
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(jpeg));
            assertThat(image.getWidth()).isEqualTo(160);
            assertThat(image.getHeight()).isEqualTo(96);
            int middle = image.getRGB(80, 48);
            if (expected.getKey() != Subsampling.GREY) {
                assertThat(middle >> 16 & 255).isBetween(112, 128);
                assertThat(middle >> 8 & 255).isBetween(130, 146);
                assertThat(middle & 255).isBetween(112, 128);
            }
        }
        assertThat(encode(codec, block(), new JpegSettings(20, Subsampling.NONE)).length)
                .isLessThan(encode(codec, block(), new JpegSettings(95, Subsampling.NONE)).length);
    }

    private static byte[] encode(JpegCodec codec, PixelBlock block, JpegSettings settings) {
        WireBuffer out = new WireBuffer(16);
        codec.encode(block, settings, out);
        return out.toByteArray();
    }

    /** Of the first component in the start of frame (ITU-T T.81 §B.2.2). */
    private static int brightnessFactors(byte[] jpeg) {
        int at = 2;
        while ((jpeg[at + 1] & 0xFF) != 0xC0) {
            at += 2 + ((jpeg[at + 2] & 0xFF) << 8 | jpeg[at + 3] & 0xFF);
        }
        return jpeg[at + 11] & 0xFF;
    }
}
