package oriel.it.display;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import oriel.displayd.gateway.RfbTlsServer;
import oriel.displayd.testing.TestCertificate;

/** TigerVNC's viewer, on an X screen without a monitor, shows every pixel that the machine shows. */
@Tag("browser")
final class TigerVncViewerTest {
    private static final Path X_SERVER = Path.of("/usr/bin/Xvfb");
    private static final Path VIEWER = Path.of("/usr/bin/xtigervncviewer");
    private static final int WIDTH = 800;
    private static final int HEIGHT = 600;
    /** On top of everything else the viewer shows a hint for some seconds after it started. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @BeforeAll
    static void findPrograms() {
        assumeTrue(Files.isExecutable(X_SERVER), "SKIPPED: Xvfb is not installed (Debian package xvfb)");
        assumeTrue(Files.isExecutable(VIEWER), "SKIPPED: xtigervncviewer is not installed (tigervnc-viewer)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Tight", "ZRLE", "Hextile", "Raw"})
    void everyPixelArrives(String encoding, @TempDir Path home) throws IOException {
        try (ServedScreen screen = new ServedScreen(WIDTH, HEIGHT, "")) {
            assertEveryPixelArrives(
                    encoding,
                    screen,
                    home,
                    Map.of(),
                    "-AutoSelect=0",
                    "-PreferredEncoding=" + encoding,
                    "127.0.0.1::" + screen.tcpPort());
        }
    }

    /** Over TLS, the server known by its certificate and the person by a ticket. */
    @Test
    void everyPixelArrivesOverTls(@TempDir Path home) throws IOException {
        String ticket = "native_0123456789ABCDEF";
        TestCertificate certificate = new TestCertificate(home);
        try (ServedScreen screen = new ServedScreen(WIDTH, HEIGHT, "");
                RfbTlsServer server = screen.serveTls(certificate.context(), ticket)) {
            assertEveryPixelArrives(
                    "over TLS",
                    screen,
                    home,
                    Map.of("VNC_USERNAME", "alice", "VNC_PASSWORD", ticket),
                    "-SecurityTypes=X509Plain",
                    "-X509CA=" + certificate.pem(),
                    "127.0.0.1::" + server.port());
        }
    }

    private static void assertEveryPixelArrives(
            String how, ServedScreen screen, Path home, Map<String, String> environment, String... options)
            throws IOException {
        List<int[]> frames = FrameSequence.of(WIDTH, HEIGHT, 7);
        int number = XConnection.freeNumber();
        List<String> xServer = List.of(
                X_SERVER.toString(), ":" + number, "-screen", "0", WIDTH + "x" + HEIGHT + "x24", "-nolisten", "tcp");
        Process server = start(home, number, Map.of(), xServer);
        Process viewer = null;
        try {
            screen.show(frames.getFirst());
            await("the X server takes connections")
                    .atMost(PATIENCE)
                    .ignoreExceptions()
                    .until(() -> {
                        new XConnection(number).close();
                        return true;
                    });
            List<String> command = new ArrayList<>(List.of(
                    VIEWER.toString(),
                    "-FullScreen",
                    "-RemoteResize=0",
                    "-ReconnectOnError=0",
                    "-AlertOnFatalError=0"));
            command.addAll(List.of(options));
            viewer = start(home, number, environment, command);
            try (XConnection x = new XConnection(number)) {
                for (int i = 0; i < frames.size(); i++) {
                    String what = how + ", frame " + i;
                    int[] frame = frames.get(i);
                    screen.show(frame);
                    await(what)
                            .atMost(PATIENCE)
                            .untilAsserted(() -> assertThat(Arrays.mismatch(x.picture(WIDTH, HEIGHT), frame))
                                    .as("%s: first pixel that differs", what)
                                    .isEqualTo(-1));
                }
            }
        } finally {
            if (viewer != null) {
                viewer.destroy();
            }
            server.destroy();
        }
    }

    private static Process start(Path home, int display, Map<String, String> environment, List<String> command)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("DISPLAY", ":" + display);
        builder.environment().put("HOME", home.toString());
        builder.environment().putAll(environment);
        Path log = home.resolve(Path.of(command.getFirst()).getFileName() + ".log");
        return builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    }
}
