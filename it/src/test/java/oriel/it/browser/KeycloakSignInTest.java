package oriel.it.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.RequestOptions;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** People of a real Keycloak sign in and out of the real product, in a real browser. */
@Tag("slow")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class KeycloakSignInTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Path TARGET = Path.of("target").toAbsolutePath();
    private static Keycloak keycloak;
    private static Product product;
    private static Playwright playwright;
    private static Browser browser;

    @BeforeAll
    static void start() throws Exception {
        Path home = Path.of(System.getProperty("oriel.keycloak", "none"));
        assumeTrue(Files.isDirectory(home), "no Keycloak: run with the Maven profile slow");
        assumeTrue(Chromium.path().isPresent(), "no Chromium: install Debian's package chromium");
        int port = freePort();
        URI oriel = URI.create("http://127.0.0.1:" + port);
        Path oriels = Path.of(System.getProperty("oriel.home", ".."));
        keycloak = Keycloak.start(home, oriels.resolve("config/keycloak/oriel-realm.json"), freePort(), oriel);
        Path data = Files.createTempDirectory(TARGET, "sign-in");
        Path secret = Files.writeString(data.resolve("oidc-secret"), Keycloak.SECRET + "\n");
        Path config =
                Files.writeString(data.resolve("oriel.conf"), """
                listen.port = %d
                listen.public-url = %s
                oidc.issuer = %s
                oidc.client-secret-file = %s
                oidc.label = Keycloak
                """.formatted(port, oriel, keycloak.issuer(), secret));
        // No pool is needed to sign in: nothing is built.
        product = Product.startWith(
                data, List.of("--data-dir", data.toString(), "--config", config.toString(), "--recipes", "/nowhere"));
        playwright = Chromium.playwright();
        browser = Chromium.launch(playwright);
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @AfterAll
    static void stop() throws InterruptedException {
        if (playwright != null) {
            playwright.close();
        }
        if (product != null) {
            product.close();
        }
        if (keycloak != null) {
            keycloak.close();
        }
    }

    @Test
    void rolesAndGroupsComeAlongAndSigningOutHereSignsOutThere() {
        try (BrowserContext context = browser.newContext()) {
            Page page = context.newPage();
            signIn(page, "ada");
            JsonNode me = me(page);
            assertThat(me.path("username").asString()).isEqualTo("ada");
            assertThat(me.path("displayName").asString()).isEqualTo("Ada Lovelace");
            assertThat(me.path("role").asString()).isEqualTo("admin");
            assertThat(me.path("groups").toString()).isEqualTo("[\"staff\"]");

            APIResponse out = page.request()
                    .post(
                            product.address() + "/api/v1/logout",
                            RequestOptions.create().setHeader("X-Oriel-Request", "1"));
            assertThat(out.status()).isEqualTo(200);
            page.navigate(JSON.readTree(out.text()).path("endSession").asString());
            page.waitForURL(product.address() + "/**");
            assertThat(page.request().get(product.address() + "/api/v1/me").status())
                    .isEqualTo(401);
            page.navigate(product.address() + "/api/v1/login/oidc");
            assertThat(page.locator("#password").isVisible())
                    .as("Keycloak asks again")
                    .isTrue();
        }
    }

    @Test
    void signingSomebodyOutThereSignsThemOutHereAtOnce() throws Exception {
        try (BrowserContext context = browser.newContext()) {
            Page page = context.newPage();
            signIn(page, "bob");
            assertThat(me(page).path("role").asString()).isEqualTo("end-user");
            keycloak.signOut("bob");
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(page.request()
                                    .get(product.address() + "/api/v1/me")
                                    .status())
                            .isEqualTo(401));
        }
    }

    @Test
    void aSignInBegunInAnotherBrowserIsRefused() {
        try (BrowserContext one = browser.newContext();
                BrowserContext other = browser.newContext()) {
            Page victim = one.newPage();
            Page attacker = other.newPage();
            attacker.navigate(product.address() + "/api/v1/login/oidc");
            attacker.locator("#username").fill("bob");
            attacker.locator("#password").fill(Keycloak.PASSWORD);
            List<String> back = new CopyOnWriteArrayList<>();
            attacker.onRequest(request -> {
                if (request.url().contains("/login/oidc/callback")) {
                    back.add(request.url());
                }
            });
            // Without it the attacker's own browser does not use the answer up either.
            other.clearCookies(new BrowserContext.ClearCookiesOptions().setName("oriel_oidc"));
            attacker.locator("#kc-login").click();
            attacker.waitForURL("**signInError**");
            victim.navigate(back.getFirst());
            assertThat(victim.url()).contains("signInError=NOT_SIGNED_IN");
            assertThat(victim.request().get(product.address() + "/api/v1/me").status())
                    .isEqualTo(401);
        }
    }

    private static void signIn(Page page, String user) {
        page.navigate(product.address() + "/api/v1/login/oidc?returnTo=/");
        page.locator("#username").fill(user);
        page.locator("#password").fill(Keycloak.PASSWORD);
        page.locator("#kc-login").click();
        page.waitForURL(product.address() + "/**");
    }

    private static JsonNode me(Page page) {
        APIResponse response = page.request().get(product.address() + "/api/v1/me");
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        return JSON.readTree(response.text());
    }
}
