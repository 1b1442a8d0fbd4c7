package oriel.displayd.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import oriel.displayd.encode.PixelBlock;
import oriel.displayd.rfb.WireBuffer;
import oriel.displayd.testing.OpenH264Decoder;

/** A decoder makes of the stream what the pictures were, colours and all. */
final class OpenH264Test {
    private static final int WIDTH = 322;
    private static final int HEIGHT = 242;

    private static PixelBlock picture(int frame) {
        PixelBlock block = new PixelBlock().resize(WIDTH, HEIGHT);
        for (int i = 0; i < block.area(); i++) {
            int x = i % WIDTH + 5 * frame;
            int y = i / WIDTH + 3 * frame;
            int red = (int) (128 + 100 * Math.sin(x / 31.0));
            int green = (int) (128 + 100 * Math.sin(y / 23.0 + 1));
            int blue = (int) (128 + 100 * Math.cos((x + y) / 41.0));
            block.pixels()[i] = red << 16 | green << 8 | blue;
        }
        return block;
    }

    @Test
    void picturesComeBackNearlyAsTheyWere() throws IOException {
        OpenH264 codec = OpenH264.open();
        assumeTrue(codec != null, "install libopenh264-7 to test H.264");
        OpenH264Decoder decoder = new OpenH264Decoder();
        int[] seen = new int[WIDTH * HEIGHT];
        int[] sizes = new int[6];
        try (H264Encoder encoder = codec.encoder(WIDTH, HEIGHT, 26)) {
            for (int frame = 0; frame < sizes.length; frame++) {
                WireBuffer out = new WireBuffer(16);
                encoder.encode(picture(frame), frame == 0, out);
                sizes[frame] = out.size();
                // Annex B start code; the first picture comes with its sequence parameters (type 7).
                assertThat(out.toByteArray()).startsWith(0, 0, 0, 1);
                assertThat(out.array()[4] & 31).isEqualTo(frame == 0 ? 7 : 1);
                decoder.decode(out.toByteArray(), seen, 0, WIDTH, WIDTH, HEIGHT);
                assertThat(psnr(picture(frame).pixels(), seen))
                        .as("frame %d", frame)
                        .isGreaterThan(36);
            }
        }
        assertThat(sizes[5]).isLessThan(sizes[0] / 2);
    }

    private static double psnr(int[] a, int[] b) {
        double sum = 0;
        for (int i = 0; i < b.length; i++) {
            for (int shift = 0; shift < 24; shift += 8) {
                double difference = (a[i] >> shift & 255) - (b[i] >> shift & 255);
                sum += difference * difference;
            }
        }
        return 10 * Math.log10(255 * 255 / (sum / (3.0 * b.length)));
    }
}
