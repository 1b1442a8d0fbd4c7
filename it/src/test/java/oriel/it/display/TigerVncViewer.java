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

/** TigerVNC's viewer over a whole X screen without a monitor. */
final class TigerVncViewer implements AutoCloseable {
    private static final Path X_SERVER = Path.of("/usr/bin/Xvfb");
    private static final Path VIEWER = Path.of("/usr/bin/xtigervncviewer");
    /** On top of everything else the viewer shows a hint for some seconds after it started. */
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final int width;
    private final int height;
    private final Process server;
    private final Process viewer;
    private final XConnection x;

    /** Skips a test, visibly, where the programs are missing. */
    static void assumeInstalled() {
        assumeTrue(Files.isExecutable(X_SERVER), "SKIPPED: Xvfb is not installed (Debian package xvfb)");
        assumeTrue(Files.isExecutable(VIEWER), "SKIPPED: xtigervncviewer is not installed (tigervnc-viewer)");
    }

    /**
     * Starts both.
     *
     * @param home where they leave what they leave
     * @param environment of the viewer, beyond what it needs
     * @param options of the viewer, the address last
     */
    TigerVncViewer(int width, int height, Path home, Map<String, String> environment, String... options)
            throws IOException {
        this.width = width;
        this.height = height;
        int number = XConnection.freeNumber();
        server = start(
                home,
                number,
                Map.of(),
                List.of(
                        X_SERVER.toString(),
                        ":" + number,
                        "-screen",
                        "0",
                        width + "x" + height + "x24",
                        "-noreset", // or it starts over, and drops who is just coming, when its only client goes
                        "-nolisten",
                        "tcp"));
        try {
            await("the X server takes connections")
                    .atMost(PATIENCE)
                    .ignoreExceptions()
                    .until(() -> {
                        new XConnection(number).close();
                        return true;
                    });
            x = new XConnection(number);
            List<String> command = new ArrayList<>(List.of(
                    VIEWER.toString(),
                    "-FullScreen",
                    "-RemoteResize=0",
                    "-ReconnectOnError=0",
                    "-AlertOnFatalError=0"));
            command.addAll(List.of(options));
            viewer = start(home, number, environment, command);
        } catch (IOException | RuntimeException e) {
            server.destroy();
            throw e;
        }
    }

    /** Waits until every pixel of the screen is as it should be. */
    void awaitPicture(String what, int[] picture) {
        await(what)
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(Arrays.mismatch(x.picture(width, height), picture))
                        .as("%s: first pixel that differs", what)
                        .isEqualTo(-1));
    }

    /** Waits until the viewer has ended by itself. */
    void awaitEnd(String why) {
        await(why).atMost(PATIENCE).until(() -> !viewer.isAlive());
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

    @Override
    public void close() throws IOException {
        viewer.destroy();
        try {
            x.close();
        } finally {
            server.destroy();
        }
    }
}
