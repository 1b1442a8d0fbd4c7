package oriel.it.display;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** noVNC as npm has it, in Chromium, sees every pixel that the machine shows, and its keys reach the machine. */
@Tag("browser")
final class NovncTest {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 480;

    private static ViewerBrowser browser;

    @BeforeAll
    static void start() throws IOException {
        browser = new ViewerBrowser(ViewerSite.Client.NOVNC);
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
    }

    @Test
    void everyPixelArrives() throws IOException {
        List<int[]> frames = FrameSequence.of(WIDTH, HEIGHT, 1);
        try (ServedScreen screen = browser.serve(WIDTH, HEIGHT)) {
            screen.show(frames.getFirst());
            for (int quality : new int[] {9, 2}) {
                try (ViewerPage viewer = browser.open(screen, quality, "")) {
                    for (int i = 0; i < frames.size(); i++) {
                        screen.show(frames.get(i));
                        viewer.awaitExactly(frames.get(i), "frame " + i + " at quality " + quality);
                    }
                }
            }
        }
    }

    @Test
    void keysArriveAsScanCodes() throws IOException {
        try (ServedScreen screen = browser.serve(WIDTH, HEIGHT)) {
            screen.show(FrameSequence.photograph(WIDTH, HEIGHT, 0));
            try (ViewerPage viewer = browser.open(screen, 6, "")) {
                viewer.page().locator("#screen canvas").click();
                viewer.page().keyboard().press("KeyQ");
                await().atMost(ViewerPage.PATIENCE)
                        .untilAsserted(() -> assertThat(screen.input().events())
                                .contains("down 10", "up 10")); // Q on a PC's keyboard
            }
        }
    }

    /** noVNC offers it where the server does (xvp). */
    @Test
    void theMachinesSwitchIsOfferedAndWorks() throws IOException {
        try (ServedScreen screen = browser.serve(WIDTH, HEIGHT)) {
            screen.show(FrameSequence.photograph(WIDTH, HEIGHT, 0));
            try (ViewerPage viewer = browser.open(screen, 6, "")) {
                viewer.page().waitForFunction("() => window.rfb.capabilities.power");
                viewer.page().evaluate("() => { window.rfb.machineReboot(); window.rfb.machineShutdown(); }");
                await().atMost(ViewerPage.PATIENCE)
                        .untilAsserted(() -> assertThat(screen.switched()).containsExactly("reboot", "shut down"));
            }
        }
    }

    /** A film goes out as H.264 and is decoded by WebCodecs; when it stops, the exact picture follows. */
    @Test
    void filmsAreSeen() throws IOException {
        try (ServedScreen screen = browser.serve(WIDTH, HEIGHT)) {
            screen.show(FrameSequence.photograph(WIDTH, HEIGHT, 0));
            try (ViewerPage viewer = browser.open(screen, 6, "")) {
                viewer.showFilm(screen, WIDTH, HEIGHT, "avc1.42401f", shown -> viewer.counted("films") > 30);
            }
        }
    }
}
