package oriel.it.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.RequestOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import oriel.it.guest.GoldenImage;

/**
 * A golden image edited by hand, on the real product: an administrator works in a maintenance machine, seals and
 * publishes it, and a user's new machine has what was done there under an identity of its own.
 */
@Tag("slow")
@Timeout(value = 45, unit = TimeUnit.MINUTES)
class ImageEditingTest {
    private static final Path TARGET = Path.of("target").toAbsolutePath();
    /** A guest that shuts down, and its disk copied. */
    private static final double SEALING_MILLIS = 600_000;

    private static Product product;
    private static Playwright playwright;
    private static Browser browser;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Chromium.path().isPresent(), "no Chromium: install Debian's package chromium");
        GoldenImage golden = GoldenImage.get();
        Path data = Files.createTempDirectory(TARGET, "editing");
        // Its own copy: what is sealed must not appear among the versions of other tests.
        Path image = Files.createDirectories(data.resolve("images/debian-desktop"));
        for (Path file : List.of(golden.disk(), golden.kernel(), golden.initrd())) {
            Files.copy(file, image.resolve(file.getFileName()));
        }
        Files.copy(golden.disk().resolveSibling("image.properties"), image.resolve("image.properties"));
        product = Product.start(data, data.resolve("images"), "--pool-size", "1", "--pool-warm", "0");
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

    @Test
    void whatAnAdministratorDoesInAMaintenanceMachineIsInTheNextVersion() throws IOException {
        try (Visitor admin = Visitor.at(browser, product.address(), 1280, 860)) {
            admin.signIn("/admin/images", "admin", product.password("admin"));
            admin.heading("Golden images").waitFor();
            choose(admin, "version 1", "Edit in a machine");
            GuestDesktop desktop = new GuestDesktop(admin.page(), product.machines());
            desktop.awaitDrawn();
            desktop.openTerminal();
            desktop.type(
                    "echo by-hand-$((40+1)) > ~/edited; cp /etc/machine-id ~/before; sync; echo oriel-$((6*7)) > /dev/ttyS0");
            desktop.awaitSerial("oriel-42");
            admin.picture("editing-1-machine");

            admin.button("Seal").click();
            admin.dialog().getByLabel("What was changed").fill("A file by hand");
            admin.dialog()
                    .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Seal"))
                    .click();
            admin.page()
                    .locator("[data-row=debian-desktop-2]")
                    .getByText("Draft")
                    .waitFor(new Locator.WaitForOptions().setTimeout(SEALING_MILLIS));
            admin.picture("editing-2-sealed");
            assertThat(product.machines().toFile().list())
                    .as("the maintenance machine is gone")
                    .noneMatch(name -> name.startsWith("edit-"));
            choose(admin, "version 2", "Publish");
            admin.dialog()
                    .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Publish"))
                    .click();
            admin.page()
                    .locator("[data-row=debian-desktop-2]")
                    .getByText("Ready")
                    .waitFor();
            var pushed = admin.context()
                    .request()
                    .patch(
                            product.address() + "/api/v1/pools/demo",
                            RequestOptions.create()
                                    .setHeader("X-Oriel-Request", "1")
                                    .setHeader("Origin", product.address())
                                    .setData(Map.of("imageVersion", 2)));
            assertThat(pushed.status()).as(pushed.text()).isEqualTo(200);
        }
        try (Visitor demo = Visitor.at(browser, product.address(), 1280, 860)) {
            demo.signIn("/", "demo", product.password("demo"));
            demo.button("Connect").click();
            GuestDesktop desktop = new GuestDesktop(demo.page(), product.machines());
            desktop.awaitDrawn();
            desktop.openTerminal();
            desktop.type("cat ~/edited > /dev/ttyS0");
            desktop.awaitSerial("by-hand-41");
            desktop.type(
                    "cmp -s /etc/machine-id ~/before && echo same-$((40+2)) > /dev/ttyS0 || echo other-$((40+3)) > /dev/ttyS0");
            desktop.awaitSerial("other-43");
            demo.picture("editing-3-user");
        }
    }

    private static void choose(Visitor admin, String version, String action) {
        admin.page()
                .getByRole(
                        AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Actions for Debian desktop, " + version))
                .click();
        admin.page()
                .getByRole(AriaRole.MENUITEM, new Page.GetByRoleOptions().setName(action))
                .click();
    }
}
