package oriel.it.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.AriaRole;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import oriel.it.guest.GoldenImage;

/**
 * The whole story, on the real product and a real guest: sign in, connect, work, log off, and the next person gets a
 * clean machine. The pool has one machine, so that the next person gets the same one.
 */
@Tag("browser")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 45, unit = TimeUnit.MINUTES)
class DesktopInTheBrowserTest {
    private static final Path TARGET = Path.of("target").toAbsolutePath();
    private static final Path SHOTS = TARGET.resolve("screenshots");
    private static Product product;
    private static Playwright playwright;
    private static Browser browser;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Chromium.path().isPresent(), "no Chromium: install Debian's package chromium");
        Files.createDirectories(SHOTS);
        Path data = Files.createTempDirectory(TARGET, "product");
        Path images = GoldenImage.get().images();
        product = Product.start(data, images, "--pool-size", "1", "--pool-warm", "1");
        playwright = Chromium.playwright();
        browser = Chromium.launch(playwright);
    }

    @AfterAll
    static void stop() throws InterruptedException {
        if (playwright != null) {
            playwright.close();
        }
        if (product != null) {
            product.close();
        }
    }

    /** Last: it stops the product, so that qemu-img can have the disks. */
    @Test
    @Order(2)
    void aPersonWorksInADesktopAndTheNextOneGetsACleanMachine() throws Exception {
        try (BrowserContext context = context()) {
            Page page = context.newPage();
            signIn(page, "admin", product.password("admin"));
            createUser(context, "ada", "correct horse battery staple");
        }
        try (BrowserContext context = context()) {
            Page page = context.newPage();
            signIn(page, "demo", product.password("demo"));
            GuestDesktop desktop = connect(page, "demo");
            desktop.openTerminal();
            shot(page, "demo-terminal");

            desktop.type("echo oriel-$((6*7)) | tee /dev/ttyS0; touch ~/secret-of-demo; sync");
            desktop.awaitSerial("oriel-42");
            // The output is on the screen too: one more line of light text on the terminal's background.
            desktop.screen()
                    .awaitPicture(
                            "the command and its output",
                            GuestDesktop.REACTION,
                            picture -> GuestDesktop.textRows(picture) >= 3);
            shot(page, "demo-4-typed");

            logOff(page);
            shot(page, "demo-5-logged-off");
        }
        try (BrowserContext context = context()) {
            Page page = context.newPage();
            signIn(page, "ada", "correct horse battery staple");
            GuestDesktop desktop = connect(page, "ada");
            desktop.openTerminal();
            shot(page, "ada-terminal");
            desktop.type("[ -e ~/secret-of-demo ] && echo DIRTY >/dev/ttyS0 || echo clean-$((40+3)) >/dev/ttyS0");
            desktop.awaitSerial("clean-43");
            shot(page, "ada-4-clean");
        }
        product.close();
        for (Path overlay : overlays()) {
            assertQemuFindsNothingWrongWith(overlay);
        }
    }

    @Test
    @Order(1)
    void aWrongPasswordIsRefusedWithoutSayingWhatWasWrong() {
        try (BrowserContext context = context()) {
            Page page = context.newPage();
            page.navigate(product.address() + "/");
            fillSignIn(page, "demo", "not the password");
            Locator refusal = page.locator("[data-reason]").first();
            refusal.waitFor();
            assertThat(refusal.textContent().toLowerCase(java.util.Locale.ROOT)).contains("user name or password");
            shot(page, "wrong-password");
            assertThat(page.url()).contains("/sign-in");
        }
    }

    private static BrowserContext context() {
        return browser.newContext(new Browser.NewContextOptions().setViewportSize(1280, 860));
    }

    private static void fillSignIn(Page page, String user, String password) {
        page.getByLabel("User name").fill(user);
        page.locator("input[type=password]").fill(password);
        page.keyboard().press("Enter");
    }

    private static void signIn(Page page, String user, String password) {
        page.navigate(product.address() + "/");
        fillSignIn(page, user, password);
        page.getByRole(AriaRole.HEADING, new Page.GetByRoleOptions().setName("My desktops"))
                .waitFor();
        shot(page, user + "-1-desktops");
    }

    private static void createUser(BrowserContext context, String name, String password) {
        var response = context.request()
                .post(
                        product.address() + "/api/v1/users",
                        com.microsoft.playwright.options.RequestOptions.create()
                                .setHeader("X-Oriel-Request", "1")
                                .setHeader("Origin", product.address())
                                .setData(Map.of(
                                        "username",
                                        name,
                                        "displayName",
                                        name,
                                        "password",
                                        password,
                                        "role",
                                        "end-user")));
        assertThat(response.status()).as(response.text()).isEqualTo(201);
    }

    private static GuestDesktop connect(Page page, String user) {
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Connect"))
                .first()
                .click();
        GuestDesktop desktop = new GuestDesktop(page, product.machines());
        shot(page, user + "-2-connecting");
        desktop.awaitDrawn();
        shot(page, user + "-3-desktop");
        return desktop;
    }

    private static void logOff(Page page) {
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Show the toolbar"))
                .or(page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Hide the toolbar")))
                .first()
                .waitFor();
        Locator show = page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Show the toolbar"));
        if (show.count() > 0) {
            show.first().click();
        }
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Leave, restart, log off"))
                .first()
                .click();
        page.getByRole(AriaRole.MENUITEM, new Page.GetByRoleOptions().setName(Pattern.compile("^Log off")))
                .first()
                .click();
        page.getByRole(AriaRole.DIALOG)
                .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(Pattern.compile("^Log off")))
                .click();
        page.getByRole(AriaRole.HEADING, new Page.GetByRoleOptions().setName("My desktops"))
                .waitFor(new Locator.WaitForOptions().setTimeout(60_000));
    }

    private static List<Path> overlays() throws IOException {
        try (Stream<Path> files = Files.walk(product.machines())) {
            return files.filter(path -> path.toString().endsWith(".qcow2")).toList();
        }
    }

    private static void assertQemuFindsNothingWrongWith(Path overlay) throws IOException, InterruptedException {
        if (!Files.isExecutable(Path.of("/usr/bin/qemu-img"))) {
            System.out.println("SKIPPED: qemu-img check, as qemu-utils is not installed");
            return;
        }
        Process check = new ProcessBuilder("qemu-img", "check", overlay.toString())
                .redirectErrorStream(true)
                .start();
        String says = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(check.waitFor()).as(says).isZero();
        assertThat(says).contains("No errors were found");
    }

    private static void shot(Page page, String name) {
        page.screenshot(new Page.ScreenshotOptions().setPath(SHOTS.resolve(name + ".png")));
    }
}
