package oriel.it.display;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import oriel.broker.Broker;
import oriel.broker.BrokerConfig;
import oriel.broker.access.Role;
import oriel.broker.audit.AuditEntry;
import oriel.broker.identity.Accounts;
import oriel.displayd.testing.SyntheticDisplay;
import oriel.it.bench.InstantHost;

/**
 * From the portal's API to a desktop in TigerVNC's viewer: its connection file, its user, its password and its certificate
 * are what the broker gave. The machine is pretended, its screen is real.
 */
@Tag("browser")
final class NativeViewerTest {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 480;
    private static final String PASSWORD = "correct horse battery";

    private final SyntheticDisplay screen = new SyntheticDisplay(WIDTH, HEIGHT);
    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    private Path home;

    private Broker broker;
    private URI server;
    private String cookie = "";

    @BeforeAll
    static void findPrograms() {
        TigerVncViewer.assumeInstalled();
    }

    @BeforeEach
    void start() throws Exception {
        Path image = Files.createDirectories(home.resolve("images/debian-desktop"));
        for (String file : List.of("disk.raw", "vmlinuz", "initrd.img", "image.properties")) {
            Files.writeString(image.resolve(file), "");
        }
        BrokerConfig config = BrokerConfig.defaults(home)
                .listeningOn("127.0.0.1", 0)
                .startingWith(new BrokerConfig.FirstPool("demo", "debian-desktop", 1, 1, 128, 1))
                .servingNativeViewers(
                        new BrokerConfig.NativeViewerPort(InetSocketAddress.createUnresolved("127.0.0.1", 0), null));
        broker = Broker.open(config, new InstantHost(machine -> Optional.of(screen)));
        broker.bootstrapPool();
        broker.startMachines();
        for (Role role : List.of(Role.ADMIN, Role.END_USER)) {
            broker.accounts()
                    .create(
                            new Accounts.NewUser(role.wireName(), null, role, List.of(), PASSWORD),
                            AuditEntry.SYSTEM,
                            "");
        }
        server = URI.create("http://127.0.0.1:" + broker.listen().getPort());
        signIn(Role.ADMIN);
        assertThat(send("PATCH", "/api/v1/pools/demo", "{\"policy\":{\"nativeViewers\":\"on\"}}"))
                .contains("\"nativeViewers\":\"on\"");
        signIn(Role.END_USER);
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    private void signIn(Role role) throws Exception {
        HttpResponse<String> answer = request(
                "POST",
                "/api/v1/login",
                "{\"username\":\"" + role.wireName() + "\",\"password\":\"" + PASSWORD + "\"}");
        cookie = answer.headers().firstValue("Set-Cookie").orElseThrow().replaceAll(";.*", "");
    }

    private String send(String method, String path, String body) throws Exception {
        return request(method, path, body).body();
    }

    private HttpResponse<String> request(String method, String path, String body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.resolve(path))
                .timeout(Duration.ofMinutes(1))
                .header("X-Oriel-Request", "1")
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (!cookie.isEmpty()) {
            request.header("Cookie", cookie);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String field(String json, String name) {
        Matcher found =
                Pattern.compile("\"" + name + "\":\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(json);
        assertThat(found.find()).as("%s in %s", name, json).isTrue();
        return found.group(1).replace("\\n", "\n");
    }

    private String connected() {
        return await().atMost(TigerVncViewer.PATIENCE)
                .until(() -> send("POST", "/api/v1/desktops/demo/connect", ""), json -> json.contains("\"READY\""));
    }

    @Test
    void aDesktopOpensInAStockViewerAndGoesWithItsSession() throws Exception {
        List<int[]> frames = FrameSequence.of(WIDTH, HEIGHT, 4);
        show(frames.getFirst());
        String session = "/api/v1/sessions/" + field(connected(), "sessionId");
        String access = send("POST", session + "/native-viewer", "{}");
        Path file = Files.writeString(home.resolve("demo.tigervnc"), field(access, "connectionFile"));
        Path certificate = Files.writeString(home.resolve("server.pem"), field(access, "certificate"));
        try (TigerVncViewer viewer = new TigerVncViewer(
                WIDTH,
                HEIGHT,
                home,
                Map.of("VNC_USERNAME", field(access, "username"), "VNC_PASSWORD", field(access, "password")),
                "-X509CA=" + certificate,
                file.toString())) {
            for (int i = 0; i < frames.size(); i++) {
                show(frames.get(i));
                viewer.awaitPicture("frame " + i, frames.get(i));
            }
            assertThat(send("GET", session, "")).contains("\"CONNECTED\"");
            send("POST", session + "/logoff", "");
            viewer.awaitEnd("the viewer goes with the session");
        }
    }

    @Test
    void aUsedPasswordLetsNobodyIn() throws Exception {
        show(FrameSequence.of(WIDTH, HEIGHT, 1).getFirst());
        String session = "/api/v1/sessions/" + field(connected(), "sessionId");
        String access = send("POST", session + "/native-viewer", "{}");
        assertThat(broker.tickets().redeemForNativeViewer("end-user", field(access, "password")))
                .isPresent();
        try (TigerVncViewer viewer = new TigerVncViewer(
                WIDTH,
                HEIGHT,
                home,
                Map.of("VNC_USERNAME", field(access, "username"), "VNC_PASSWORD", field(access, "password")),
                "-X509CA=" + Files.writeString(home.resolve("server.pem"), field(access, "certificate")),
                "-SecurityTypes=X509Plain",
                "127.0.0.1::" + broker.nativeViewers().orElseThrow().number())) {
            viewer.awaitEnd("the viewer is refused");
        }
        String said = Files.readString(home.resolve("xtigervncviewer.log")).replaceAll("\\s+", " ");
        assertThat(said).contains("one-time password is wrong");
    }

    private void show(int[] picture) {
        screen.paint((to, width, height) -> System.arraycopy(picture, 0, to, 0, to.length));
    }
}
