package oriel.it.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.RequestOptions;
import com.microsoft.playwright.options.WaitForSelectorState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import oriel.it.guest.GoldenImage;

/** An end user at work, and the helpdesk that helps them, on the real product with one real guest for both. */
@Tag("browser")
@Tag("slow")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 45, unit = TimeUnit.MINUTES)
class PersonStoriesTest {
    private static final int WALLPAPER = 0x24364B;

    /** An emulated guest boots in half a minute of CPU; a loaded machine takes its time. */
    private static final Duration BOOT = Duration.ofMinutes(12);

    private static final String HELPER = "correct horse battery staple";
    private static final Path TARGET = Path.of("target").toAbsolutePath();
    private static Product product;
    private static Playwright playwright;
    private static Browser browser;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Chromium.path().isPresent(), "no Chromium: install Debian's package chromium");
        Path data = Files.createTempDirectory(TARGET, "people");
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

    @Test
    @Order(1)
    void anEndUserGetsToTheirDesktopAndBackByKeyboardAlone() throws IOException {
        try (Visitor visitor = Visitor.at(browser, product.address(), 1440, 900)) {
            visitor.signIn("/", "demo", "not the password");
            visitor.page().locator("[data-reason]").first().waitFor();
            visitor.picture("person-1-refused");
            visitor.signIn("/", "demo", product.password("demo"));
            visitor.heading("My desktops").waitFor();
            visitor.tabTo("Connect");
            visitor.page().keyboard().press("Enter");
            visitor.page().locator("main.oriel-viewer").waitFor();
            visitor.picture("person-2-starting");
            drawn(visitor);
            visitor.picture("person-3-desktop");
            visitor.page().keyboard().press("Control+Alt+Shift");
            visitor.tabTo("My desktops");
            visitor.page().keyboard().press("Enter");
            visitor.heading("My desktops").waitFor();
            visitor.picture("person-4-back");
        }
    }

    @Test
    @Order(2)
    void theHelpdeskSeesWhatAPersonSeesAndHelps() throws IOException {
        makeHelper();
        try (Visitor person = Visitor.at(browser, product.address(), 1024, 768);
                Visitor helper = Visitor.at(browser, product.address(), 1440, 900)) {
            person.signIn("/", "demo", product.password("demo"));
            person.button("Reconnect").or(person.button("Connect")).first().click();
            drawn(person);

            helper.signIn("/helpdesk", "helen", HELPER);
            helper.page().getByLabel("Find a person by name").focus();
            helper.page().keyboard().type("demo");
            helper.page()
                    .getByRole(AriaRole.LIST, new Page.GetByRoleOptions().setName("People found"))
                    .getByRole(AriaRole.LINK)
                    .first()
                    .waitFor();
            helper.page().keyboard().press("Enter");
            helper.text("to the desktop").waitFor();
            helper.page()
                    .getByText(Pattern.compile("Processor, of one core: \\d+ %"))
                    .first()
                    .waitFor();
            helper.picture("helpdesk-1-person");

            helper.button("Watch").click();
            helper.page().getByLabel("Why, for them to read").fill("You called");
            helper.button("Ask them").click();
            person.page()
                    .getByRole(AriaRole.ALERTDIALOG)
                    .getByText("You called")
                    .waitFor();
            person.picture("person-5-asked");
            person.button("Let them watch").click();
            drawn(helper);
            helper.picture("helpdesk-2-watching");
            person.text("is watching your desktop").waitFor();
            person.button("End it").click();
            helper.text("Watching has ended").waitFor();
            helper.button("Back to the person").click();

            helper.button("Send a message").click();
            helper.page().locator("#message-text").fill("Please save your work");
            helper.page().getByLabel("As a dialog").click();
            helper.dialog()
                    .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Send"))
                    .click();
            person.page()
                    .getByRole(AriaRole.ALERTDIALOG)
                    .getByText("Please save your work")
                    .waitFor();
            person.button("I have read it").click();

            helper.button("Log off").click();
            helper.dialog()
                    .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Log off"))
                    .click();
            helper.text("No live session").waitFor();
            // Each act has its line, where the helper sees it.
            for (String act : new String[] {"shadow", "session.message", "session.logoff"}) {
                helper.text(act).waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.VISIBLE));
            }
            helper.picture("helpdesk-3-done");
            person.text("You are logged off").waitFor();
        }
    }

    private static void makeHelper() throws IOException {
        try (Visitor admin = Visitor.at(browser, product.address(), 1440, 900)) {
            admin.signIn("/", "admin", product.password("admin"));
            admin.heading("My desktops").waitFor();
            var response = admin.context()
                    .request()
                    .post(
                            product.address() + "/api/v1/users",
                            RequestOptions.create()
                                    .setHeader("X-Oriel-Request", "1")
                                    .setHeader("Origin", product.address())
                                    .setData(Map.of("username", "helen", "password", HELPER, "role", "helpdesk")));
            assertThat(response.status()).as(response.text()).isEqualTo(201);
        }
    }

    private static void drawn(Visitor visitor) {
        new GuestScreen(visitor.page())
                .awaitPicture(
                        "the desktop is drawn",
                        BOOT,
                        picture -> picture.getWidth() >= 640
                                && GuestScreen.share(picture, 300, 300, 200, 200, WALLPAPER) > 0.95);
    }
}
