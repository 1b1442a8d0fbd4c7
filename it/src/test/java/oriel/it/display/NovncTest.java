package oriel.it.display;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import oriel.displayd.video.OpenH264;
import oriel.it.browser.Chromium;

/** noVNC as npm has it, in Chromium, sees every pixel that the machine shows, and its keys reach the machine. */
@Tag("browser")
final class NovncTest {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 480;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static ViewerSite site;
    private static Playwright playwright;
    private static Browser browser;

    @BeforeAll
    static void start() throws IOException {
        assumeTrue(Chromium.path().isPresent(), "SKIPPED: Chromium is not installed");
        assumeTrue(
                ViewerSite.Client.NOVNC.isInstalled(), "SKIPPED: the web client was not built, so there is no noVNC");
        site = new ViewerSite(ViewerSite.Client.NOVNC);
        playwright = Chromium.playwright();
        browser = Chromium.launch(playwright);
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
            playwright.close();
            site.close();
        }
    }

    private static Page open(ServedScreen screen, int quality) {
        Page page = browser.newPage();
        page.navigate(site.address(screen.webSocketPort(), ServedScreen.TICKET, quality));
        page.waitForFunction("() => window.state && window.state.connected");
        return page;
    }

    /** What is in the canvas, as 0x00RRGGBB. */
    private static int[] picture(Page page) {
        String url = (String) page.evaluate("() => document.querySelector('#screen canvas').toDataURL('image/png')");
        byte[] png = Base64.getDecoder().decode(url.substring(url.indexOf(',') + 1));
        try {
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
            int[] pixels = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
            return Arrays.stream(pixels).map(pixel -> pixel & 0xFFFFFF).toArray();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitExactly(Page page, int[] expected, String what) {
        await(what).pollInSameThread().atMost(PATIENCE).untilAsserted(() -> {
            page.waitForTimeout(1); // lets Playwright handle the page's events
            int[] seen = picture(page);
            assertThat(seen).hasSameSizeAs(expected);
            assertThat(Arrays.mismatch(seen, expected))
                    .as("%s: first pixel that differs", what)
                    .isEqualTo(-1);
        });
    }

    @Test
    void everyPixelArrives() throws IOException {
        List<int[]> frames = FrameSequence.of(WIDTH, HEIGHT, 1);
        try (ServedScreen screen = new ServedScreen(WIDTH, HEIGHT, site.origin())) {
            screen.show(frames.getFirst());
            for (int quality : new int[] {9, 2}) {
                Page page = open(screen, quality);
                for (int i = 0; i < frames.size(); i++) {
                    screen.show(frames.get(i));
                    awaitExactly(page, frames.get(i), "frame " + i + " at quality " + quality);
                }
                page.close();
            }
        }
    }

    @Test
    void keysArriveAsScanCodes() throws IOException {
        try (ServedScreen screen = new ServedScreen(WIDTH, HEIGHT, site.origin())) {
            screen.show(FrameSequence.photograph(WIDTH, HEIGHT, 0));
            Page page = open(screen, 6);
            page.locator("#screen canvas").click();
            page.keyboard().press("KeyQ");
            await().atMost(PATIENCE)
                    .untilAsserted(() ->
                            assertThat(screen.input().events()).contains("down 10", "up 10")); // Q on a PC's keyboard
            page.close();
        }
    }

    /** A film goes out as H.264 and is decoded by WebCodecs; when it stops, the exact picture follows. */
    @Test
    void filmsAreSeen() throws IOException {
        assumeTrue(OpenH264.open() != null, "SKIPPED: libopenh264 is not installed");
        try (ServedScreen screen = new ServedScreen(WIDTH, HEIGHT, site.origin())) {
            screen.show(FrameSequence.photograph(WIDTH, HEIGHT, 0));
            Page page = open(screen, 6);
            boolean decodes = (Boolean)
                    page.evaluate("async () => 'VideoDecoder' in window && (await VideoDecoder.isConfigSupported("
                            + "{ codec: 'avc1.42401f', codedWidth: 640, codedHeight: 480 })).supported");
            assumeTrue(decodes, "SKIPPED: this Chromium decodes no H.264");
            int[] time = {0};
            await("pictures of the film are decoded")
                    .pollInSameThread()
                    .pollInterval(Duration.ofMillis(40))
                    .atMost(PATIENCE)
                    .until(() -> {
                        screen.show(FrameSequence.photograph(WIDTH, HEIGHT, ++time[0]));
                        page.waitForTimeout(1);
                        return ((Number) page.evaluate("() => window.state.films")).intValue() > 30;
                    });
            int[] seen = picture(page);
            assertThat(bestPsnr(seen, time[0]))
                    .as("the film's newest pictures, PSNR in dB")
                    .isGreaterThan(30);
            awaitExactly(page, FrameSequence.photograph(WIDTH, HEIGHT, time[0]), "the film's last picture");
            page.close();
        }
    }

    /** Against the newest pictures: a slow machine has some under way. */
    private static double bestPsnr(int[] seen, int newest) {
        double best = 0;
        for (int time = newest; time > newest - 80; time--) {
            best = Math.max(best, psnr(seen, FrameSequence.photograph(WIDTH, HEIGHT, time)));
        }
        return best;
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
}
