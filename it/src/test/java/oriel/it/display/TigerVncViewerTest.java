package oriel.it.display;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
        List<int[]> frames = FrameSequence.of(WIDTH, HEIGHT, 7);
        int number = XConnection.freeNumber();
        Process server = start(
                home, number, X_SERVER, ":" + number, "-screen", "0", WIDTH + "x" + HEIGHT + "x24", "-nolisten", "tcp");
        Process viewer = null;
        try (ServedScreen screen = new ServedScreen(WIDTH, HEIGHT, "")) {
            screen.show(frames.getFirst());
            await("the X server takes connections")
                    .atMost(PATIENCE)
                    .ignoreExceptions()
                    .until(() -> {
                        new XConnection(number).close();
                        return true;
                    });
            viewer = start(
                    home,
                    number,
                    VIEWER,
                    "-FullScreen",
                    "-RemoteResize=0",
                    "-AutoSelect=0",
                    "-PreferredEncoding=" + encoding,
                    "-ReconnectOnError=0",
                    "-AlertOnFatalError=0",
                    "127.0.0.1::" + screen.tcpPort());
            try (XConnection x = new XConnection(number)) {
                for (int i = 0; i < frames.size(); i++) {
                    String what = encoding + ", frame " + i;
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

    private static Process start(Path home, int display, Path program, String... arguments) throws IOException {
        ProcessBuilder builder = new ProcessBuilder();
        builder.command().add(program.toString());
        builder.command().addAll(List.of(arguments));
        builder.environment().put("DISPLAY", ":" + display);
        builder.environment().put("HOME", home.toString());
        builder.redirectErrorStream(true)
                .redirectOutput(home.resolve(program.getFileName() + ".log").toFile());
        return builder.start();
    }
}
