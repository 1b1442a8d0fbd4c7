package oriel.it.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.AriaRole;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
    private static final int WALLPAPER = 0x24364B;
    private static final int TERMINAL = 0x1B2430;

    /** An emulated guest boots in half a minute of CPU; a loaded machine takes its time. */
    private static final Duration BOOT = Duration.ofMinutes(12);

    private static final Duration REACTION = Duration.ofMinutes(3);

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
            GuestScreen screen = connect(page, "demo");
            openTerminal(page, screen, "demo");

            type(page, "echo oriel-$((6*7)) | tee /dev/ttyS0; touch ~/secret-of-demo; sync");
            awaitSerial("oriel-42");
            // The output is on the screen too: one more line of light text on the terminal's background.
            screen.awaitPicture("the command and its output", REACTION, picture -> textRows(picture) >= 3);
            shot(page, "demo-4-typed");

            logOff(page);
            shot(page, "demo-5-logged-off");
        }
        try (BrowserContext context = context()) {
            Page page = context.newPage();
            signIn(page, "ada", "correct horse battery staple");
            GuestScreen screen = connect(page, "ada");
            openTerminal(page, screen, "ada");
            type(page, "[ -e ~/secret-of-demo ] && echo DIRTY >/dev/ttyS0 || echo clean-$((40+3)) >/dev/ttyS0");
            awaitSerial("clean-43");
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

    private static GuestScreen connect(Page page, String user) {
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Connect"))
                .first()
                .click();
        GuestScreen screen = new GuestScreen(page);
        shot(page, user + "-2-connecting");
        screen.awaitPicture(
                "the desktop is drawn",
                BOOT,
                picture ->
                        picture.getWidth() >= 640 && GuestScreen.share(picture, 300, 300, 200, 200, WALLPAPER) > 0.95);
        shot(page, user + "-3-desktop");
        return screen;
    }

    /** With the mouse: the first button of the panel. */
    private static void openTerminal(Page page, GuestScreen screen, String user) {
        screen.move(400, 600);
        screen.click(22, screen.picture().getHeight() - 18);
        screen.awaitPicture(
                "the terminal is open with a prompt",
                REACTION,
                picture -> GuestScreen.share(picture, 400, 300, 300, 200, TERMINAL) > 0.9 && textRows(picture) >= 1);
        screen.click(500, 400);
        shot(page, user + "-terminal");
    }

    /** Rows of text at the left of the terminal, counted as runs of picture rows that have light pixels. */
    private static int textRows(BufferedImage picture) {
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

    private static void type(Page page, String command) {
        for (int i = 0; i < command.length(); i++) {
            char c = command.charAt(i);
            // As fingers do: the guest gets keys, not characters.
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

    /** Something the guest itself did: what it wrote on its serial console. */
    private static void awaitSerial(String text) {
        await("the guest says " + text + " on its serial console")
                .atMost(REACTION)
                .pollInterval(Duration.ofMillis(500))
                .until(() -> serialLogs().contains(text));
    }

    private static String serialLogs() throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(product.machines())) {
            for (Path file : files.filter(path -> path.endsWith("serial.log")).toList()) {
                all.append(Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
        return all.toString();
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
