package oriel.it.display;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.BoundingBox;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import oriel.displayd.source.TestTone;
import oriel.displayd.video.OpenH264;
import oriel.it.browser.Chromium;

/** The web client's own viewer, in Chromium, shows every pixel that the machine shows, and its keys reach the machine. */
@Tag("browser")
final class WebViewerTest {
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
                ViewerSite.Client.ORIEL.isInstalled(), "SKIPPED: the web client was not built, so there is no viewer");
        site = new ViewerSite(ViewerSite.Client.ORIEL);
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

    private static Page open(ServedScreen screen, int quality, String more) {
        Page page = browser.newPage();
        page.navigate(site.address(screen.webSocketPort(), ServedScreen.TICKET, quality) + more);
        page.waitForFunction("() => window.state && window.state.connected");
        return page;
    }

    /** What is to be seen, as 0x00RRGGBB. */
    private static int[] picture(Page page) {
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

    @ParameterizedTest
    @CsvSource({"9, ''", "2, ''", "6, &in-page"})
    void everyPixelIsSeen(int quality, String more) throws IOException {
        List<int[]> frames = FrameSequence.of(WIDTH, HEIGHT, 1);
        try (ServedScreen screen = new ServedScreen(WIDTH, HEIGHT, site.origin())) {
            screen.show(frames.getFirst());
            Page page = open(screen, quality, more);
            for (int i = 0; i < frames.size(); i++) {
                screen.show(frames.get(i));
                awaitExactly(page, frames.get(i), "frame " + i + " at quality " + quality + more);
            }
            page.close();
        }
    }

    @Test
    void inputArrives() throws IOException {
        try (ServedScreen screen = new ServedScreen(WIDTH, HEIGHT, site.origin())) {
            screen.show(FrameSequence.photograph(WIDTH, HEIGHT, 0));
            Page page = open(screen, 6, "");
            BoundingBox box = page.locator("#screen canvas").boundingBox();
            page.mouse().click(box.x + 100, box.y + 50);
            page.keyboard().press("KeyQ");
            page.evaluate("() => window.viewer.paste('grüße, 世界')");
            await().atMost(PATIENCE)
                    .untilAsserted(() ->
                            assertThat(screen.input().events()).contains("down 10", "up 10")); // Q on a PC's keyboard
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(screen.input().events()).anyMatch(e -> e.contains("grüße, 世界")));
            page.close();
        }
    }

    /** What the machine plays is heard once somebody has done something on the page, and only while it is wanted. */
    @Test
    void soundIsHeard() throws IOException {
        try (TestTone tone = new TestTone(1000);
                ServedScreen screen = new ServedScreen(WIDTH, HEIGHT, site.origin(), tone.sound())) {
            screen.show(FrameSequence.photograph(WIDTH, HEIGHT, 0));
            Page page = open(screen, 6, "");
            page.locator("#screen canvas").click();
            page.waitForFunction("() => Math.abs(window.loudest() - 1000) < 12");
            page.evaluate("() => window.mute(true)");
            page.waitForFunction("() => window.state.analyser.context.state === 'closed'");
            page.evaluate("() => window.mute(false)");
            page.waitForFunction("() => Math.abs(window.loudest() - 1000) < 12");
            page.close();
        }
    }

    /** A film goes out as H.264 and is decoded by WebCodecs; when it stops, the exact picture follows. */
    @ParameterizedTest
    @ValueSource(strings = {"", "&in-page"})
    void filmsAreSeen(String more) throws IOException {
        assumeTrue(OpenH264.open() != null, "SKIPPED: libopenh264 is not installed");
        try (ServedScreen screen = new ServedScreen(WIDTH, HEIGHT, site.origin())) {
            screen.show(FrameSequence.photograph(WIDTH, HEIGHT, 0));
            Page page = open(screen, 6, more);
            boolean decodes = (Boolean)
                    page.evaluate("async () => 'VideoDecoder' in window && (await VideoDecoder.isConfigSupported("
                            + "{ codec: 'avc1.42c02a', codedWidth: 1920, codedHeight: 1080 })).supported");
            assumeTrue(decodes, "SKIPPED: this Chromium decodes no H.264");
            int[] time = {0};
            // What a worker decodes can't be counted from here; in the page it can.
            await("pictures of the film are decoded")
                    .pollInSameThread()
                    .pollInterval(Duration.ofMillis(40))
                    .atMost(PATIENCE)
                    .until(() -> {
                        screen.show(FrameSequence.photograph(WIDTH, HEIGHT, ++time[0]));
                        page.waitForTimeout(1);
                        int decoded = ((Number) page.evaluate("() => window.state.pictures")).intValue();
                        return more.isEmpty() ? time[0] > 80 : decoded > 30;
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
