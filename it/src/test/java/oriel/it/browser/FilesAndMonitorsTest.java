package oriel.it.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.RequestOptions;
import com.microsoft.playwright.options.WaitForSelectorState;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import oriel.it.guest.GoldenImage;

/** One person, one real desktop: files that are dropped on it, and a second monitor in a window of its own. */
@Tag("browser")
@Tag("slow")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 45, unit = TimeUnit.MINUTES)
class FilesAndMonitorsTest {
    private static final Path TARGET = Path.of("target").toAbsolutePath();
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int WIDTH = 1280;
    private static final int HEIGHT = 720;
    private static final int LARGE = 20 << 20;

    private static Product product;
    private static Playwright playwright;
    private static Visitor demo;
    private static GuestDesktop desktop;

    /** @param content in Base64, as the page takes it */
    private record Carried(String name, String content) {
        Carried(String name, byte[] bytes) {
            this(name, Base64.getEncoder().encodeToString(bytes));
        }

        String digest() throws NoSuchAlgorithmException {
            byte[] bytes = Base64.getDecoder().decode(content);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        }
    }

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Chromium.path().isPresent(), "no Chromium: install Debian's package chromium");
        Path data = Files.createTempDirectory(TARGET, "product");
        product = Product.start(data, GoldenImage.get().images(), "--pool-size", "1", "--pool-warm", "1");
        playwright = Chromium.playwright();
        Browser browser = Chromium.launch(playwright);
        demo = Visitor.at(browser, product.address(), WIDTH, HEIGHT);
        demo.signIn("/", "demo", product.password("demo"));
        demo.button("Connect").click();
        desktop = new GuestDesktop(demo.page(), product.machines());
        desktop.awaitDrawn();
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

    private static void takeFiles(Browser browser) throws IOException {
        try (Visitor admin = Visitor.at(browser, product.address(), WIDTH, HEIGHT)) {
            admin.signIn("/", "admin", product.password("admin"));
            admin.heading("My desktops").waitFor();
            APIResponse changed = admin.context()
                    .request()
                    .patch(
                            product.address() + "/api/v1/pools/demo",
                            request().setData(Map.of("policy", Map.of("fileDrop", "to-guest"))));
            assertThat(changed.status()).as(changed.text()).isEqualTo(200);
        }
        demo.page().reload();
        desktop.awaitDrawn();
    }

    private static RequestOptions request() {
        return RequestOptions.create().setHeader("X-Oriel-Request", "1").setHeader("Origin", product.address());
    }

    /** As a browser tells it when somebody lets files go over the page. */
    private static void drop(List<Carried> files) {
        tell("dragover", files);
        tell("drop", files);
    }

    private static void tell(String type, List<Carried> files) {
        List<List<String>> carried =
                files.stream().map(file -> List.of(file.name(), file.content())).toList();
        demo.page().evaluate("""
                ([type, files]) => {
                  const carried = new DataTransfer();
                  for (const [name, content] of files) {
                    carried.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name));
                  }
                  const where = document.querySelector('.oriel-viewer__screen');
                  where.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: carried }));
                }""", List.of(type, carried));
    }

    private static byte[] noise(int size) {
        byte[] noise = new byte[size];
        new Random(size).nextBytes(noise);
        return noise;
    }

    @Test
    @Order(1)
    void filesAreRefusedWhereTheirPoolTakesNone() {
        tell("dragover", List.of(new Carried("no.txt", new byte[10])));
        demo.text("This desktop takes no files").waitFor();
        demo.picture("files-0-refused");
        tell("drop", List.of(new Carried("no.txt", new byte[10])));
        assertThat(demo.page().getByText("no.txt").count()).isZero();
    }

    @Test
    @Order(3)
    void droppedFilesLieOnTheDesktopWithTheirBytesNamesAndOwner() throws Exception {
        takeFiles(demo.context().browser());
        demo.page()
                .locator(".oriel-files__choose")
                .waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.ATTACHED));
        List<Carried> files = List.of(
                new Carried("letter.txt", "Dear all".getBytes(StandardCharsets.UTF_8)),
                new Carried("Übung 文 🙂.bin", noise(500_000)),
                new Carried("../../etc/pass\nwd", noise(10)),
                new Carried("it's \"$(touch ~/owned)\" `x`.txt", noise(20)),
                new Carried("letter.txt", new byte[0]));
        BufferedImage before = desktop.screen().picture();
        drop(files);
        List<String> names = List.of("letter.txt", "Übung 文 🙂.bin", "passwd", "owned)\" `x`.txt", "letter (1).txt");
        demo.text("letter (1).txt is on the desktop").waitFor();
        demo.picture("files-1-dropped");
        // People see them: more icons than before.
        desktop.screen().awaitPicture("icons", LIMIT, picture -> differs(before, picture));
        demo.picture("files-2-icons");

        demo.page()
                .locator(".oriel-files .pf-v6-c-alert")
                .first()
                .waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.DETACHED));
        desktop.openTerminal();
        desktop.type("cd ~/Desktop; sha256sum * .*.part 2>/dev/null >/dev/ttyS0; stat -c '%U %a %n' * >/dev/ttyS0; "
                + "ls ~/owned >/dev/ttyS0 2>&1; echo looked-$((6*7)) >/dev/ttyS0");
        desktop.awaitSerial("looked-42");
        String said = new String(desktop.serial().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        for (int i = 0; i < names.size(); i++) {
            assertThat(said)
                    .contains(files.get(i).digest() + "  " + names.get(i))
                    .contains("user 600 " + names.get(i));
        }
        assertThat(said).containsPattern("owned.*No such file").doesNotContain(".part");
    }

    @Test
    @Order(4)
    void aLargeFileShowsItsProgressAndArrivesWhole() throws Exception {
        Carried large = new Carried("large.bin", noise(LARGE));
        drop(List.of(large));
        demo.text("large.bin is on its way").waitFor();
        demo.page().locator("[role=progressbar]").first().waitFor();
        demo.picture("files-3-large");
        demo.text("large.bin is on the desktop")
                .waitFor(new Locator.WaitForOptions().setTimeout((double) LIMIT.toMillis()));
        desktop.type("sha256sum ~/Desktop/large.bin >/dev/ttyS0");
        desktop.awaitSerial(large.digest() + "  /home/user/Desktop/large.bin");
    }

    @Test
    @Order(5)
    void aFullDiskIsToldAndLeavesNothingBehind() throws IOException {
        desktop.type(
                "rm ~/Desktop/large.bin; for s in 2G 1G 512M 256M 128M 64M 32M 16M 8M 4M 2M 1M 512K 256K 128K 64K; "
                        + "do fallocate -l $s ~/full$s; fallocate -l $s ~/more$s; done 2>/dev/null; echo filled-$((6*7)) >/dev/ttyS0");
        desktop.awaitSerial("filled-42");
        drop(List.of(new Carried("much.bin", noise(3 << 20))));
        demo.text("much.bin could not be handed over")
                .waitFor(new Locator.WaitForOptions().setTimeout((double) LIMIT.toMillis()));
        demo.text("disk is full").waitFor();
        demo.picture("files-4-full");
        desktop.type("rm ~/full* ~/more*; ls -A ~/Desktop | grep -c part >/dev/ttyS0; echo parts-$((6*7)) >/dev/ttyS0");
        desktop.awaitSerial("parts-42");
        assertThat(desktop.serial()).containsPattern("(?m)^0\\s+parts-42");
    }

    @Test
    @Order(2)
    void aSecondMonitorIsAWindowOfItsOwnAndWindowsFillOneOfThem() {
        desktop.openTerminal();
        GuestScreen first = desktop.screen();
        int width = first.picture().getWidth();
        Page page = demo.page();
        Locator show = page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Show the toolbar"));
        if (show.count() > 0) {
            show.first().click();
        }
        demo.button("View").click();
        Page other = demo.context()
                .waitForPage(
                        () -> page.getByRole(AriaRole.MENUITEM, new Page.GetByRoleOptions().setName("Add a monitor"))
                                .click());
        GuestScreen second = new GuestScreen(other);
        second.awaitPicture(
                "a panel of its own on the second monitor",
                LIMIT,
                picture -> picture.getWidth() >= 640
                        && GuestScreen.share(picture, 300, 300, 200, 200, GuestDesktop.WALLPAPER) > 0.95
                        && GuestScreen.share(picture, 300, picture.getHeight() - 20, 200, 10, GuestDesktop.WALLPAPER)
                                < 0.05);
        demo.picture("monitors-1-first");
        shot(other, "monitors-2-second");

        // The terminal that is open on the first one, by a double click on its title.
        // Beside the mouse, which is a part of the picture.
        first.doubleClick(500, first.topOf(700, 400, GuestDesktop.TERMINAL) - 10);
        first.awaitPicture(
                "the terminal fills the first monitor",
                LIMIT,
                picture -> GuestScreen.share(picture, picture.getWidth() - 60, 200, 40, 200, GuestDesktop.TERMINAL)
                        > 0.95);
        demo.picture("monitors-3-filled");
        shot(other, "monitors-4-untouched");
        assertThat(GuestScreen.share(second.picture(), 0, 200, 200, 200, GuestDesktop.TERMINAL))
                .isZero();
        assertThat(GuestScreen.share(second.picture(), 300, 300, 200, 200, GuestDesktop.WALLPAPER))
                .isGreaterThan(0.95);

        // The mouse on the second one: its panel opens a terminal there or on the first, and the menu of the background
        // is here.
        BufferedImage before = second.picture();
        second.rightClick(400, 300);
        second.awaitPicture(
                "a menu", LIMIT, picture -> GuestScreen.share(picture, 405, 305, 60, 60, GuestDesktop.WALLPAPER) < 0.5);
        shot(other, "monitors-5-menu");
        assertThat(before.getWidth()).isEqualTo(second.picture().getWidth());
        other.keyboard().press("Escape");

        other.close();
        first.awaitPicture("one monitor again", LIMIT, picture -> picture.getWidth() == width);
        demo.picture("monitors-6-one");
        first.click(500, 400);
        desktop.type("exit");
        first.awaitPicture(
                "the terminal is closed",
                LIMIT,
                picture -> GuestScreen.share(picture, 400, 300, 200, 200, GuestDesktop.WALLPAPER) > 0.95);
    }

    private static void shot(Page page, String name) {
        page.screenshot(new Page.ScreenshotOptions().setPath(TARGET.resolve("screenshots/" + name + ".png")));
    }

    private static boolean differs(BufferedImage before, BufferedImage now) {
        int different = 0;
        for (int y = 0; y < HEIGHT - 100 && y < Math.min(before.getHeight(), now.getHeight()); y++) {
            for (int x = 0; x < 250; x++) {
                different += before.getRGB(x, y) != now.getRGB(x, y) ? 1 : 0;
            }
        }
        return different > 500;
    }
}
