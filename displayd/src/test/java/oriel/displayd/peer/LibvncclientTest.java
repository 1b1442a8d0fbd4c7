package oriel.displayd.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import oriel.displayd.gateway.RfbTcpServer;
import oriel.displayd.testing.Pictures;
import oriel.displayd.testing.SyntheticDisplay;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Right;
import oriel.displayd.viewer.ViewerListener;

/** LibVNCServer's client, an implementation nobody here wrote, sees exactly the display's pixels in every encoding. */
final class LibvncclientTest {
    private static final String INSTALL = "install gcc and libvncserver-dev to run the tests against libvncclient";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private static Path directory;

    @BeforeAll
    static void compile() throws IOException, InterruptedException {
        Path source = directory.resolve("probe.c");
        try (InputStream in = LibvncclientTest.class.getResourceAsStream("libvncclient_probe.c")) {
            Files.copy(in, source, StandardCopyOption.REPLACE_EXISTING);
        }
        try {
            Process compiler = new ProcessBuilder(
                            "cc", "-o", directory.resolve("probe").toString(), source.toString(), "-lvncclient")
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("cc.log").toFile())
                    .start();
            assumeTrue(compiler.waitFor() == 0, INSTALL);
        } catch (IOException e) {
            assumeTrue(false, INSTALL);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "raw, 0",
        "copyrect rre, 0",
        "copyrect hextile, 0",
        "zlib, 0",
        "copyrect zrle, 0",
        "copyrect tight, 0",
        "copyrect tight, 1"
    })
    void seesEveryPixel(String encodings, int jpeg) throws IOException, InterruptedException {
        SyntheticDisplay display = new SyntheticDisplay(640, 400);
        DisplayGrant grant = new DisplayGrant("s", display, Set.of(Right.VIEW), ClipboardPolicy.DENIED);
        try (DisplayHub hub = new DisplayHub(2, 2, ViewerListener.NONE);
                RfbTcpServer server =
                        new RfbTcpServer(hub, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), grant)) {
            Process probe = new ProcessBuilder(
                            directory.resolve("probe").toString(),
                            Integer.toString(server.port()),
                            encodings,
                            Integer.toString(jpeg))
                    .redirectError(directory.resolve("probe.log").toFile())
                    .start();
            try (BufferedReader output = probe.inputReader();
                    Writer input = probe.outputWriter()) {
                Random random = new Random(encodings.hashCode());
                for (Pictures.Kind kind : Pictures.Kind.values()) {
                    int[] picture = Pictures.paint(kind, 640, 300, random);
                    display.paint(0, 300, (to, w, h) -> System.arraycopy(picture, 0, to, 0, picture.length));
                    awaitSame(display, probe, input, output);
                    display.paint((to, w, h) -> System.arraycopy(to, 24 * w, to, 0, (h - 24) * w));
                    display.fill(random.nextInt(500), random.nextInt(300), 100, 37, random.nextInt(1 << 24));
                    awaitSame(display, probe, input, output);
                }
                display.resize(333, 222);
                int[] picture = Pictures.paint(Pictures.Kind.BOXES, 333, 222, random);
                display.paint((to, w, h) -> System.arraycopy(picture, 0, to, 0, picture.length));
                awaitSame(display, probe, input, output);
            } finally {
                probe.destroy();
                probe.waitFor();
            }
        }
    }

    private static void awaitSame(SyntheticDisplay display, Process probe, Writer input, BufferedReader output) {
        await().atMost(PATIENCE).until(() -> {
            assertThat(probe.isAlive()).as("the client is still connected").isTrue();
            int[] expected = display.snapshot();
            int[] seen = dump(input, output);
            return seen[0] == display.size().width()
                    && seen[1] == display.size().height()
                    && Arrays.equals(expected, 0, expected.length, seen, 2, seen.length);
        });
    }

    private static int[] dump(Writer input, BufferedReader output) {
        Path file = directory.resolve("picture");
        try {
            input.write(file + "\n");
            input.flush();
            assertThat(output.readLine()).isEqualTo("dumped");
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
            int[] values = new int[bytes.remaining() / 4];
            bytes.asIntBuffer().get(values);
            for (int i = 2; i < values.length; i++) {
                values[i] &= 0xFFFFFF; // its unused byte is whatever came next on the wire
            }
            return values;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
