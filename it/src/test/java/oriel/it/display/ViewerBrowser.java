package oriel.it.display;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import java.io.IOException;
import oriel.it.browser.Chromium;

/** A Chromium before a site with one viewer. */
final class ViewerBrowser implements AutoCloseable {
    private final ViewerSite site;
    private final Playwright playwright;
    private final Browser browser;

    /** Starts it; skips the test, visibly, where something is missing. */
    ViewerBrowser(ViewerSite.Client client) throws IOException {
        assumeTrue(Chromium.path().isPresent(), "SKIPPED: Chromium is not installed");
        assumeTrue(client.isInstalled(), "SKIPPED: the web client was not built, so there is no viewer");
        site = new ViewerSite(client);
        playwright = Chromium.playwright();
        browser = Chromium.launch(playwright);
    }

    /** Serves a screen that its pages may open. */
    ServedScreen serve(int width, int height) throws IOException {
        return new ServedScreen(width, height, site.origin());
    }

    String origin() {
        return site.origin();
    }

    /**
     * Opens a screen, and waits until it is shown.
     *
     * @param quality Tight's quality level, 0 to 9
     * @param more of the page's query
     */
    ViewerPage open(ServedScreen screen, int quality, String more) {
        Page page = browser.newPage();
        page.navigate(site.address(screen.webSocketPort(), ServedScreen.TICKET, quality) + more);
        page.waitForFunction("() => window.state && window.state.connected");
        return new ViewerPage(page);
    }

    @Override
    public void close() {
        browser.close();
        playwright.close();
        site.close();
    }
}
