package oriel.it.browser;

import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Mouse;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.MouseButton;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Base64;
import java.util.function.Predicate;
import javax.imageio.ImageIO;

/** The guest's screen as the browser shows it: its pixels, and a mouse in the guest's coordinates. */
final class GuestScreen {
    private final Page page;
    private final Locator canvas;

    GuestScreen(Page page) {
        this.page = page;
        this.canvas = page.locator(".oriel-viewer__screen canvas").first();
    }

    /** The canvas's own pixels: independent of how large the page shows it. */
    BufferedImage picture() {
        String url = (String) canvas.evaluate("canvas => canvas.toDataURL('image/png')");
        byte[] png = Base64.getDecoder().decode(url.substring(url.indexOf(',') + 1));
        try {
            return ImageIO.read(new ByteArrayInputStream(png));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the picture satisfies a condition. Polls from the test's own thread, as Playwright wants. */
    void awaitPicture(String what, Duration limit, Predicate<BufferedImage> condition) {
        await(what)
                .pollInSameThread()
                .pollInterval(Duration.ofMillis(500))
                .atMost(limit)
                .until(() -> {
                    page.waitForTimeout(1); // lets Playwright handle the page's events
                    return canvas.isVisible() && condition.test(picture());
                });
    }

    void move(int x, int y) {
        double[] at = onPage(x, y);
        page.mouse().move(at[0], at[1]);
    }

    void click(int x, int y) {
        double[] at = onPage(x, y);
        page.mouse().click(at[0], at[1]);
    }

    void doubleClick(int x, int y) {
        double[] at = onPage(x, y);
        page.mouse().dblclick(at[0], at[1]);
    }

    void rightClick(int x, int y) {
        double[] at = onPage(x, y);
        page.mouse().click(at[0], at[1], new Mouse.ClickOptions().setButton(MouseButton.RIGHT));
    }

    /** The first row of the area of a colour that a pixel of it is in. */
    int topOf(int x, int y, int rgb) {
        BufferedImage picture = picture();
        int top = y;
        while (top > 0 && near(picture.getRGB(x, top - 1), rgb)) {
            top--;
        }
        return top;
    }

    private double[] onPage(int x, int y) {
        BufferedImage picture = picture();
        BoundingBox box = canvas.boundingBox();
        return new double[] {
            box.x + (x + 0.5) * box.width / picture.getWidth(), box.y + (y + 0.5) * box.height / picture.getHeight()
        };
    }

    /** How much of an area has a colour, 0–1, with a tolerance of 8 in each component; 0 where a picture has no such area. */
    static double share(BufferedImage picture, int x, int y, int width, int height, int rgb) {
        if (x < 0 || y < 0 || x + width > picture.getWidth() || y + height > picture.getHeight()) {
            return 0;
        }
        int matching = 0;
        for (int row = y; row < y + height; row++) {
            for (int column = x; column < x + width; column++) {
                matching += near(picture.getRGB(column, row), rgb) ? 1 : 0;
            }
        }
        return matching / (double) (width * height);
    }

    private static boolean near(int a, int b) {
        for (int shift = 0; shift < 24; shift += 8) {
            if (Math.abs((a >> shift & 0xFF) - (b >> shift & 0xFF)) > 8) {
                return false;
            }
        }
        return true;
    }
}
