package oriel.hypervisor.cpu.emulated;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** The processor of this machine, as an oracle: a C program, compiled here, that runs single instructions. */
final class HostProcessor implements AutoCloseable {
    /** Offsets in a record; see host-processor.c. */
    static final int SIZE = 704, GPR = 512, FLAGS = 560, SIGNAL = 568, MEMORY = 576, LENGTH = 640, CODE = 641;

    static final int MEMORY_SIZE = 64;

    /** The general registers that records carry. */
    static final int[] REGISTERS = {0, 1, 2, 3, 8, 9};

    private final Process process;
    private final OutputStream output;
    private final InputStream input;

    private HostProcessor(Process process) {
        this.process = process;
        output = new BufferedOutputStream(process.getOutputStream(), 1 << 16);
        input = new BufferedInputStream(process.getInputStream(), 1 << 16);
    }

    /** Compiles and starts it; skips the test where there is no gcc or another architecture. */
    static HostProcessor start(Path directory) throws IOException, InterruptedException {
        Assumptions.assumeTrue(
                List.of("amd64", "x86_64").contains(System.getProperty("os.arch")),
                "needs an x86-64 host to compare with");
        Assumptions.assumeTrue(compilerWorks(), "needs gcc to compare with the host processor");
        Path source = directory.resolve("host-processor.c");
        try (InputStream in = HostProcessor.class.getResourceAsStream("host-processor.c")) {
            Files.write(source, in.readAllBytes());
        }
        Path program = directory.resolve("host-processor");
        Process compiler = new ProcessBuilder("gcc", "-O1", "-o", program.toString(), source.toString())
                .redirectErrorStream(true)
                .start();
        String messages = new String(compiler.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (compiler.waitFor() != 0) {
            throw new IOException("host-processor.c does not compile: " + messages);
        }
        return new HostProcessor(new ProcessBuilder(program.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    private static boolean compilerWorks() throws InterruptedException {
        try {
            Process version = new ProcessBuilder("gcc", "--version")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return version.waitFor(10, TimeUnit.SECONDS) && version.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    static ByteBuffer newBatch(int count) {
        return ByteBuffer.allocate(count * SIZE).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Executes the records of a batch. */
    ByteBuffer run(ByteBuffer batch, int count) throws IOException {
        byte[] message = new byte[4 + count * SIZE];
        ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).putInt(0, count).put(4, batch, 0, count * SIZE);
        output.write(message);
        output.flush();
        byte[] answer = input.readNBytes(count * SIZE);
        if (answer.length != count * SIZE) {
            throw new IOException("host-processor ended");
        }
        return ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN);
    }

    static ByteBuffer copy(ByteBuffer batch) {
        return ByteBuffer.allocate(batch.capacity())
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(0, batch, 0, batch.capacity());
    }

    @Override
    public void close() throws IOException {
        output.close();
        process.destroy();
    }
}
