package oriel.it.display;

import java.io.IOException;
import java.nio.file.Path;
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
    private static final int WIDTH = 800;
    private static final int HEIGHT = 600;

    @BeforeAll
    static void findPrograms() {
        TigerVncViewer.assumeInstalled();
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

    /** Over TLS, the server known by its certificate and the person by a password. */
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
        screen.show(frames.getFirst());
        try (TigerVncViewer viewer = new TigerVncViewer(WIDTH, HEIGHT, home, environment, options)) {
            for (int i = 0; i < frames.size(); i++) {
                screen.show(frames.get(i));
                viewer.awaitPicture(how + ", frame " + i, frames.get(i));
            }
        }
    }
}
