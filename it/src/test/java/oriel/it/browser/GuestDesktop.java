package oriel.it.browser;

import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Page;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/** A real guest's desktop in a page, and what one does there with mouse and keys. */
final class GuestDesktop {
    static final int WALLPAPER = 0x24364B;
    static final int TERMINAL = 0x1B2430;

    /** An emulated guest boots in half a minute of CPU; a loaded machine takes its time. */
    private static final Duration BOOT = Duration.ofMinutes(12);

    static final Duration REACTION = Duration.ofMinutes(3);

    private final Page page;
    private final GuestScreen screen;
    private final Path machines;

    /**
     * In a page that shows one.
     *
     * @param machines where the product keeps its machines' serial logs
     */
    GuestDesktop(Page page, Path machines) {
        this.page = page;
        this.screen = new GuestScreen(page);
        this.machines = machines;
    }

    GuestScreen screen() {
        return screen;
    }

    void awaitDrawn() {
        screen.awaitPicture(
                "the desktop is drawn",
                BOOT,
                picture -> picture.getWidth() >= 640
                        && GuestScreen.share(picture, 300, 300, 200, 200, WALLPAPER) > 0.95
                        // The panel comes last.
                        && GuestScreen.share(picture, 300, picture.getHeight() - 20, 200, 10, WALLPAPER) < 0.05);
    }

    /** With the mouse: the first button of the panel. */
    void openTerminal() {
        screen.move(400, 600);
        screen.click(22, screen.picture().getHeight() - 18);
        screen.awaitPicture(
                "the terminal is open with a prompt",
                REACTION,
                picture -> GuestScreen.share(picture, 400, 300, 300, 200, TERMINAL) > 0.9 && textRows(picture) >= 1);
        screen.click(500, 400);
    }

    /** Rows of text at the left of the terminal, counted as runs of picture rows that have light pixels. */
    static int textRows(BufferedImage picture) {
        int rows = 0;
        boolean inText = false;
        for (int y = 98; y < 600; y++) {
            boolean light = false;
            for (int x = 208; x < 420 && !light; x++) {
                int rgb = picture.getRGB(x, y);
                light = (rgb >> 8 & 0xFF) > 0xA0;
            }
            rows += light && !inText ? 1 : 0;
            inText = light;
        }
        return rows;
    }

    /** As fingers do: the guest gets keys, not characters. */
    void type(String command) {
        for (int i = 0; i < command.length(); i++) {
            char c = command.charAt(i);
            boolean shift = Character.isUpperCase(c) || "~!@#$%^&*()_+{}|:\"<>?".indexOf(c) >= 0;
            if (shift) {
                page.keyboard().down("Shift");
            }
            page.keyboard().press(c == ' ' ? "Space" : String.valueOf(c));
            if (shift) {
                page.keyboard().up("Shift");
            }
            page.waitForTimeout(30);
        }
        page.keyboard().press("Enter");
    }

    /** Something the guest itself did: what it wrote on its serial console. */
    void awaitSerial(String text) {
        await("the guest says " + text + " on its serial console")
                .atMost(REACTION)
                .pollInterval(Duration.ofMillis(500))
                .until(() -> serial().contains(text));
    }

    /** All that guests have said so far. */
    String serial() throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(machines)) {
            for (Path file : files.filter(path -> path.endsWith("serial.log")).toList()) {
                all.append(Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
        return all.toString();
    }
}
