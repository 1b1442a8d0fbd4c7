package oriel.it.display;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import oriel.displayd.source.TestTone;

/** The web client's own viewer, in Chromium, shows every pixel that the machine shows, and its keys reach the machine. */
@Tag("browser")
final class WebViewerTest {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 480;

    private static ViewerBrowser browser;

    @BeforeAll
    static void start() throws IOException {
        browser = new ViewerBrowser(ViewerSite.Client.ORIEL);
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"9, ''", "2, ''", "6, &in-page"})
    void everyPixelIsSeen(int quality, String more) throws IOException {
        List<int[]> frames = FrameSequence.of(WIDTH, HEIGHT, 1);
        try (ServedScreen screen = browser.serve(WIDTH, HEIGHT)) {
            screen.show(frames.getFirst());
            try (ViewerPage viewer = browser.open(screen, quality, more)) {
                for (int i = 0; i < frames.size(); i++) {
                    screen.show(frames.get(i));
                    viewer.awaitExactly(frames.get(i), "frame " + i + " at quality " + quality + more);
                }
            }
        }
    }

    @Test
    void inputArrives() throws IOException {
        try (ServedScreen screen = browser.serve(WIDTH, HEIGHT)) {
            screen.show(FrameSequence.photograph(WIDTH, HEIGHT, 0));
            try (ViewerPage viewer = browser.open(screen, 6, "")) {
                Page page = viewer.page();
                BoundingBox box = page.locator("#screen canvas").boundingBox();
                page.mouse().click(box.x + 100, box.y + 50);
                page.keyboard().press("KeyQ");
                page.evaluate("() => window.viewer.paste('grüße, 世界')");
                await().atMost(ViewerPage.PATIENCE)
                        .untilAsserted(() -> assertThat(screen.input().events())
                                .contains("down 10", "up 10")); // Q on a PC's keyboard
                await().atMost(ViewerPage.PATIENCE)
                        .untilAsserted(
                                () -> assertThat(screen.input().events()).anyMatch(e -> e.contains("grüße, 世界")));
            }
        }
    }

    /** What the machine plays is heard once somebody has done something on the page, and only while it is wanted. */
    @Test
    void soundIsHeard() throws IOException {
        try (TestTone tone = new TestTone(1000);
                ServedScreen screen = new ServedScreen(WIDTH, HEIGHT, browser.origin(), tone.sound())) {
            screen.show(FrameSequence.photograph(WIDTH, HEIGHT, 0));
            try (ViewerPage viewer = browser.open(screen, 6, "")) {
                Page page = viewer.page();
                page.locator("#screen canvas").click();
                page.waitForFunction("() => Math.abs(window.loudest() - 1000) < 12");
                page.evaluate("() => window.mute(true)");
                page.waitForFunction("() => window.state.analyser.context.state === 'closed'");
                page.evaluate("() => window.mute(false)");
                page.waitForFunction("() => Math.abs(window.loudest() - 1000) < 12");
            }
        }
    }

    /** A film goes out as H.264 and is decoded by WebCodecs; when it stops, the exact picture follows. */
    @ParameterizedTest
    @ValueSource(strings = {"", "&in-page"})
    void filmsAreSeen(String more) throws IOException {
        try (ServedScreen screen = browser.serve(WIDTH, HEIGHT)) {
            screen.show(FrameSequence.photograph(WIDTH, HEIGHT, 0));
            try (ViewerPage viewer = browser.open(screen, 6, more)) {
                // What a worker decodes can't be counted from here; in the page it can.
                viewer.showFilm(
                        screen,
                        WIDTH,
                        HEIGHT,
                        "avc1.42c02a",
                        shown -> more.isEmpty() ? shown > 80 : viewer.counted("pictures") > 30);
            }
        }
    }
}
