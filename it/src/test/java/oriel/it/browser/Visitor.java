package oriel.it.browser;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A person at a browser: they find things by what is written on them, and pictures of what they saw are kept. */
final class Visitor implements AutoCloseable {
    private static final Path SHOTS = Path.of("target", "screenshots").toAbsolutePath();

    /** A loaded machine takes its time; nothing is waited for longer than it takes. */
    private static final double PATIENCE_MILLIS = 90_000;

    private final BrowserContext context;
    private final Page page;
    private final String address;

    private Visitor(BrowserContext context, String address) {
        this.context = context;
        this.page = context.newPage();
        this.address = address;
        context.setDefaultTimeout(PATIENCE_MILLIS);
    }

    static Visitor at(Browser browser, String address, int width, int height) throws IOException {
        Files.createDirectories(SHOTS);
        return new Visitor(
                browser.newContext(new Browser.NewContextOptions()
                        .setViewportSize(width, height)
                        .setLocale("en-US")),
                address);
    }

    Page page() {
        return page;
    }

    BrowserContext context() {
        return context;
    }

    void open(String path) {
        page.navigate(address + path);
    }

    /** By keyboard alone, as everything that follows may be. */
    void signIn(String path, String user, String password) {
        open(path);
        page.getByLabel("User name").waitFor();
        page.keyboard().type(user);
        page.keyboard().press("Tab");
        page.keyboard().type(password);
        page.keyboard().press("Enter");
    }

    Locator heading(String name) {
        return page.getByRole(
                        AriaRole.HEADING,
                        new Page.GetByRoleOptions().setName(name).setLevel(1))
                .first();
    }

    Locator button(String name) {
        return page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name))
                .first();
    }

    Locator link(String name) {
        return page.getByRole(
                        AriaRole.LINK, new Page.GetByRoleOptions().setName(name).setExact(true))
                .first();
    }

    Locator text(String text) {
        return page.getByText(text).first();
    }

    Locator dialog() {
        return page.getByRole(AriaRole.DIALOG);
    }

    /** Goes on with Tab until something of this name has the focus: what can't be reached so can't be used so. */
    void tabTo(String name) {
        for (int i = 0; i < 80; i++) {
            Object focused = page.evaluate(
                    "() => { const at = document.activeElement; return at?.getAttribute('aria-label') ?? at?.textContent ?? ''; }");
            if (String.valueOf(focused).strip().startsWith(name)) {
                return;
            }
            page.keyboard().press("Tab");
        }
        throw new AssertionError("Tab does not lead to \"" + name + "\" on " + page.url());
    }

    void picture(String name) {
        page.screenshot(new Page.ScreenshotOptions().setPath(SHOTS.resolve(name + ".png")));
    }

    @Override
    public void close() {
        context.close();
    }
}
