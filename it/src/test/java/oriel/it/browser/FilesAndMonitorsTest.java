package oriel.it.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.RequestOptions;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
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

    private record Carried(String name, byte[] content) {}

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

    private static void takeFiles(Browser browser) throws Exception {
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
    }

    private static RequestOptions request() {
        return RequestOptions.create().setHeader("X-Oriel-Request", "1").setHeader("Origin", product.address());
    }

    /** As a browser tells it when somebody lets files go over the page. */
    private static void drop(List<Carried> files) {
        List<List<String>> carried = files.stream()
                .map(file -> List.of(file.name(), Base64.getEncoder().encodeToString(file.content())))
                .toList();
        demo.page().evaluate("""
                files => {
                  const carried = new DataTransfer();
                  for (const [name, content] of files) {
                    carried.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name));
                  }
                  const where = document.querySelector('.oriel-viewer__screen');
                  for (const type of ['dragover', 'drop']) {
                    where.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: carried }));
                  }
                }""", carried);
    }

    private static String digest(byte[] content) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    private static byte[] noise(int size) {
        byte[] noise = new byte[size];
        new Random(size).nextBytes(noise);
        return noise;
    }

    private static APIResponse handOver(String session, Map<String, Object> part) {
        return demo.context()
                .request()
                .post(product.address() + "/api/v1/sessions/" + session + "/files", request().setData(part));
    }

    private static String session() {
        return (String) demo.page().evaluate("""
                async () => {
                  const answer = await fetch('/api/v1/me/sessions');
                  return (await answer.json()).items.find(session => session.state !== 'ENDED').id;
                }""");
    }

    @Test
    @Order(1)
    void filesAreRefusedWhereTheirPoolTakesNone() {
        drop(List.of(new Carried("no.txt", new byte[10])));
        assertThat(demo.page().getByText("no.txt").count()).isZero();
    }

    @Test
    @Order(2)
    void droppedFilesLieOnTheDesktopWithTheirBytesNamesAndOwner() throws Exception {
        takeFiles(demo.context().browser());
        demo.page().locator(".oriel-files__choose").waitFor(
                new com.microsoft.playwright.Locator.WaitForOptions()
                        .setState(com.microsoft.playwright.options.WaitForSelectorState.ATTACHED));
        List<Carried> files = List.of(
                new Carried("letter.txt", "Dear all".getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                new Carried("Übung 文 🙂.bin", noise(500_000)),
                new Carried("../../etc/pass\nwd", noise(10)),
                new Carried("it's \"$(touch ~/owned)\" `x`.txt", noise(20)),
                new Carried("letter.txt", new byte[0]));
        BufferedImage before = desktop.screen().picture();
        drop(files);
        List<String> names = List.of(
                "letter.txt", "Übung 文 🙂.bin", "passwd", "it's \"$(touch ~_owned)\" `x`.txt", "letter (1).txt");
        demo.text("letter (1).txt is on the desktop").waitFor();
        demo.picture("files-1-dropped");
        // People see them: more icons than before.
        desktop.screen().awaitPicture("icons", LIMIT, picture -> differs(before, picture));
        demo.picture("files-2-icons");

        desktop.openTerminal();
        desktop.type("cd ~/Desktop; sha256sum * .*.part 2>/dev/null >/dev/ttyS0; stat -c '%U %a %n' * >/dev/ttyS0; "
                + "ls ~/owned >/dev/ttyS0 2>&1; echo looked-$((6*7)) >/dev/ttyS0");
        desktop.awaitSerial("looked-42");
        String said = desktop.serial();
        System.out.println(said);
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            if (name.indexOf('~') < 0) {
                assertThat(said).contains(digest(files.get(i).content()) + "  " + name);
                assertThat(said).contains("user 600 " + name);
            }
        }
        assertThat(said).contains("owned").contains("No such file").doesNotContain(".part");
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
