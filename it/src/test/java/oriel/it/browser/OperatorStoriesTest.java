package oriel.it.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
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
 * What an administrator does from sign-in to done, on the real product and without a guest: nothing is kept warm. With
 * what goes wrong on the way: an error, an empty list and a slow answer.
 */
@Tag("browser")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class OperatorStoriesTest {
    private static final Path TARGET = Path.of("target").toAbsolutePath();
    private static Product product;
    private static Playwright playwright;
    private static Browser browser;
    private static List<String> options;
    private static Path data;
    private static String password;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Chromium.path().isPresent(), "no Chromium: install Debian's package chromium");
        data = Files.createTempDirectory(TARGET, "operators");
        Path images = GoldenImage.get().images();
        // The same port after a restart, as the page that is open knows no other.
        options = List.of(
                "--data-dir",
                data.toString(),
                "--images",
                images.toString(),
                "--port",
                String.valueOf(freePort()),
                "--pool-size",
                "2",
                "--pool-warm",
                "0");
        product = Product.startWith(data, options);
        password = product.password("admin");
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

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static Visitor admin(String path, int width, int height) throws IOException {
        Visitor visitor = Visitor.at(browser, product.address(), width, height);
        visitor.signIn(path, "admin", password);
        return visitor;
    }

    /** A part of the pool's page; the administration has settings of its own. */
    private static Locator part(Visitor visitor, String name) {
        return visitor.page()
                .getByRole(AriaRole.NAVIGATION, new Page.GetByRoleOptions().setName("Parts of the pool"))
                .getByRole(AriaRole.LINK, new Locator.GetByRoleOptions().setName(name));
    }

    @Test
    @Order(1)
    void aPoolIsMadeChangedAndDeletedByKeyboardAlone() throws IOException {
        try (Visitor visitor = admin("/admin/pools", 1440, 900)) {
            visitor.heading("Pools").waitFor();
            visitor.picture("operator-1-pools");
            visitor.tabTo("Create pool");
            visitor.page().keyboard().press("Enter");
            visitor.page().getByLabel("Display name").waitFor();
            visitor.page().getByLabel("Display name").focus();
            visitor.page().keyboard().type("Course room");
            for (String step : List.of(
                    "Small", "Most machines", "For whoever comes", "Machines reach", "Time zone", "Everyone who has")) {
                visitor.tabTo("Next");
                visitor.page().keyboard().press("Enter");
                visitor.text(step).waitFor();
            }
            visitor.tabTo("Next");
            visitor.page().keyboard().press("Enter");
            visitor.picture("operator-2-review");
            // The spares of this pool would be guests that nobody needs here.
            visitor.page()
                    .getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Capacity"))
                    .click();
            visitor.page()
                    .getByLabel("Spares", new Page.GetByLabelOptions().setExact(true))
                    .fill("0");
            visitor.page()
                    .getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Review"))
                    .click();
            visitor.tabTo("Create pool");
            visitor.page().keyboard().press("Enter");
            visitor.heading("Course room").waitFor();

            part(visitor, "Settings").click();
            visitor.page().getByLabel("Log off when nobody looks").check();
            visitor.button("Save").click();
            visitor.text("The pool’s settings are saved.").waitFor();
            part(visitor, "Overview").click();
            visitor.text("1 hour").waitFor();
            visitor.picture("operator-3-pool");

            visitor.button("Actions for Course room").click();
            visitor.page()
                    .getByRole(AriaRole.MENUITEM, new Page.GetByRoleOptions().setName("Delete"))
                    .click();
            Locator delete =
                    visitor.dialog().getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Delete"));
            assertThat(delete.isDisabled()).isTrue();
            visitor.dialog().getByRole(AriaRole.TEXTBOX).fill("course-room");
            delete.click();
            visitor.heading("Pools").waitFor();
        }
    }

    @Test
    @Order(2)
    void anErrorIsToldWhereItHappened() throws IOException {
        try (Visitor visitor = admin("/admin/users", 1024, 768)) {
            visitor.button("Create user").click();
            visitor.dialog().getByLabel("User name").fill("demo");
            visitor.dialog()
                    .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Create user"))
                    .click();
            visitor.dialog().getByText("It exists already").waitFor();
            visitor.picture("operator-4-error");
            visitor.dialog().getByLabel("User name").fill("grace");
            visitor.dialog()
                    .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Create user"))
                    .click();
            visitor.text("New password of grace").waitFor();
        }
    }

    @Test
    @Order(3)
    void anEmptyListSaysWhatIsMissing() throws IOException {
        try (Visitor visitor = admin("/admin/audit?actor=nobody-at-all", 390, 844)) {
            visitor.text("No record fits.").waitFor();
            visitor.button("Check the chain").click();
            visitor.text("is intact").waitFor();
            visitor.picture("operator-5-empty");
        }
    }

    @Test
    @Order(4)
    void aSlowAnswerShowsThatItIsOnItsWay() throws IOException {
        try (Visitor visitor = admin("/admin/settings", 1440, 900)) {
            visitor.heading("Settings").waitFor();
            AtomicReference<Route> held = new AtomicReference<>();
            visitor.page().route("**/api/v1/users?**", route -> {
                if (!held.compareAndSet(null, route)) {
                    route.resume();
                }
            });
            visitor.link("Users").click();
            visitor.page().locator("[aria-busy=true]").first().waitFor();
            visitor.picture("operator-7-slow");
            held.get().resume();
            visitor.link("demo").or(visitor.page().getByText("demo")).first().waitFor();
            assertThat(visitor.page().locator("[aria-busy=true]").count()).isZero();
        }
    }
}
