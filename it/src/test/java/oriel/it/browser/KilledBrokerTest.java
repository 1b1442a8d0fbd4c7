package oriel.it.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.WaitForSelectorState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import oriel.it.guest.GoldenImage;

/** The product is killed under an open page, and comes back under it. */
@Tag("slow")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class KilledBrokerTest {
    private static final Path TARGET = Path.of("target").toAbsolutePath();
    private static final String AWAY = "The server can’t be reached at the moment.";

    @Test
    void aKilledBrokerComesBackUnderAnOpenPage() throws Exception {
        assumeTrue(Chromium.path().isPresent(), "no Chromium: install Debian's package chromium");
        Path data = Files.createTempDirectory(TARGET, "killed");
        // The same port after the restart, as the page that is open knows no other.
        List<String> options = List.of(
                "--data-dir",
                data.toString(),
                "--images",
                GoldenImage.get().images().toString(),
                "--port",
                String.valueOf(freePort()),
                "--pool-size",
                "2",
                "--pool-warm",
                "0");
        Product product = Product.startWith(data, options);
        try (Playwright playwright = Chromium.playwright();
                Browser browser = Chromium.launch(playwright);
                Visitor visitor = Visitor.at(browser, product.address(), 1440, 900)) {
            visitor.signIn("/admin/machines", "admin", product.password("admin"));
            visitor.heading("Machines").waitFor();
            visitor.link("demo-1").waitFor();
            product.kill();
            visitor.text(AWAY).waitFor();
            assertThat(visitor.link("demo-1").isVisible())
                    .as("what was read stays on the page")
                    .isTrue();
            visitor.picture("killed-1-away");
            product = Product.startAgain(data, options);
            visitor.text(AWAY).waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.DETACHED));
            // The sign-in lives on: nobody has to type a password because the broker was replaced.
            visitor.link("Users").click();
            visitor.heading("Users").waitFor();
            visitor.text("Demo user").first().waitFor();
            visitor.picture("killed-2-back");
        } finally {
            product.close();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
