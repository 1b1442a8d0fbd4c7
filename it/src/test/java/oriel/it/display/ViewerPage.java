package oriel.it.display;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Page;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.function.IntPredicate;
import javax.imageio.ImageIO;
import oriel.displayd.video.OpenH264;

/**
 * A page that shows a screen in a viewer, whosever it is.
 *
 * @param page has {@code window.picture}, what is to be seen as a picture in a data URL
 */
record ViewerPage(Page page) implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    /** Pictures of a film that a slow machine may have under way. */
    private static final int UNDER_WAY = 80;

    /** What is to be seen, as 0x00RRGGBB. */
    private int[] picture() {
        String url = (String) page.evaluate("() => window.picture()");
        byte[] png = Base64.getDecoder().decode(url.substring(url.indexOf(',') + 1));
        try {
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
            int[] pixels = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
            return Arrays.stream(pixels).map(pixel -> pixel & 0xFFFFFF).toArray();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Waits until every pixel is as it should be. */
    void awaitExactly(int[] expected, String what) {
        await(what).pollInSameThread().atMost(PATIENCE).untilAsserted(() -> {
            page.waitForTimeout(1); // lets Playwright handle the page's events
            int[] seen = picture();
            assertThat(seen).hasSameSizeAs(expected);
            assertThat(Arrays.mismatch(seen, expected))
                    .as("%s: first pixel that differs", what)
                    .isEqualTo(-1);
        });
    }

    /** A number that the page keeps in {@code window.state}. */
    int counted(String name) {
        return ((Number) page.evaluate("name => window.state[name]", name)).intValue();
    }

    /**
     * Shows a film until enough of it was seen, and then its last picture, exactly. Skipped, visibly, where one side has no
     * H.264.
     *
     * @param codec as WebCodecs names it
     * @param enough told how many pictures were shown
     */
    void showFilm(ServedScreen screen, int width, int height, String codec, IntPredicate enough) {
        assumeTrue(OpenH264.open() != null, "SKIPPED: libopenh264 is not installed");
        boolean decodes = (Boolean) page.evaluate(
                "async codec => 'VideoDecoder' in window && (await VideoDecoder.isConfigSupported("
                        + "{ codec, codedWidth: 640, codedHeight: 480 })).supported",
                codec);
        assumeTrue(decodes, "SKIPPED: this Chromium decodes no H.264");
        int[] time = {0};
        await("pictures of the film are decoded")
                .pollInSameThread()
                .pollInterval(Duration.ofMillis(40))
                .atMost(PATIENCE)
                .until(() -> {
                    screen.show(FrameSequence.photograph(width, height, ++time[0]));
                    page.waitForTimeout(1);
                    return enough.test(time[0]);
                });
        int[] seen = picture();
        double best = 0;
        for (int shown = time[0]; shown > time[0] - UNDER_WAY; shown--) {
            best = Math.max(best, psnr(seen, FrameSequence.photograph(width, height, shown)));
        }
        assertThat(best).as("the film's newest pictures, PSNR in dB").isGreaterThan(30);
        awaitExactly(FrameSequence.photograph(width, height, time[0]), "the film's last picture");
    }

    private static double psnr(int[] a, int[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            for (int shift = 0; shift <= 16; shift += 8) {
                int difference = (a[i] >> shift & 255) - (b[i] >> shift & 255);
                sum += difference * difference;
            }
        }
        return 10 * Math.log10(255.0 * 255.0 * 3 * a.length / Math.max(1, sum));
    }

    @Override
    public void close() {
        page.close();
    }
}
