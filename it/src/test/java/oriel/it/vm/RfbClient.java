package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** A viewer that nobody here wrote: LibVNCServer's client library behind a small program, compiled when it is needed. */
final class RfbClient implements AutoCloseable {
    private static final String INSTALL = "install Debian's packages gcc and libvncserver-dev";

    private final Path folder;
    private final Process process;
    private final Writer commands;
    private final BufferedReader answers;

    private RfbClient(Path folder, Process process) {
        this.folder = folder;
        this.process = process;
        this.commands = process.outputWriter();
        this.answers = process.inputReader();
    }

    /** Makes the program in a folder; skips the test where there is no compiler or library. */
    static void compile(Path folder) throws IOException, InterruptedException {
        Path source = folder.resolve("rfb_client.c");
        try (InputStream in = RfbClient.class.getResourceAsStream("rfb_client.c")) {
            Files.copy(in, source, StandardCopyOption.REPLACE_EXISTING);
        }
        try {
            Process compiler = new ProcessBuilder(
                            "cc", "-o", folder.resolve("rfb_client").toString(), source.toString(), "-lvncclient")
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("cc.log").toFile())
                    .start();
            assumeTrue(compiler.waitFor() == 0, INSTALL);
        } catch (IOException e) {
            assumeTrue(false, INSTALL);
        }
    }

    static RfbClient connect(Path folder, int port) throws IOException {
        Process process = new ProcessBuilder(folder.resolve("rfb_client").toString(), Integer.toString(port))
                .redirectError(folder.resolve("rfb_client.log").toFile())
                .start();
        return new RfbClient(folder, process);
    }

    /** Types a line and Return, on a US keyboard. */
    void type(String text) throws IOException {
        command("type " + text);
    }

    /** Presses keys together, in order, and releases them. */
    void keys(String... names) throws IOException {
        command("keys " + String.join(" ", names));
    }

    /** What it shows. */
    BufferedImage picture() throws IOException {
        Path file = folder.resolve("picture");
        command("picture " + file);
        ByteBuffer values = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
        int width = values.getInt();
        int height = values.getInt();
        int[] pixels = new int[width * height];
        values.asIntBuffer().get(pixels);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, width, height, pixels, 0, width);
        return image;
    }

    /** Puts text into the server's clipboard: Latin-1, as the base protocol has it. */
    void copy(String text) throws IOException {
        command("copy " + text);
    }

    /** The text that came from the server's clipboard last; empty if none did. */
    String pasted() throws IOException {
        Path file = folder.resolve("pasted");
        command("pasted " + file);
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }

    /** Asks for another size of the screen. */
    void resize(int width, int height) throws IOException {
        command("size " + width + " " + height);
    }

    private void command(String line) throws IOException {
        commands.write(line + "\n");
        commands.flush();
        assertThat(answers.readLine()).as(line).isEqualTo("done");
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor();
    }
}
