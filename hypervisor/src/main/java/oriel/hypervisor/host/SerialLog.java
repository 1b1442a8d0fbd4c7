package oriel.hypervisor.host;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Consumer;
import oriel.hypervisor.device.serial.ByteSink;

/**
 * A guest's serial console on disk, bounded: at {@link #LIMIT} bytes the file becomes {@code serial.log.1} and a new one
 * begins. Complete lines are also handed to a listener. Confined to the machine's thread.
 */
final class SerialLog implements ByteSink, AutoCloseable {
    private static final int LIMIT = 4 << 20;

    /** A guest may never send a line end: no line is longer than this. */
    private static final int LONGEST_LINE = 1024;

    private final Path file;
    private final Consumer<String> lines;
    private final byte[] buffer = new byte[LONGEST_LINE];
    private int buffered;
    private OutputStream out;
    private long written;

    /** Begins a new file; the last run's is kept as {@code serial.log.1}. */
    SerialLog(Path file, Consumer<String> lines) throws IOException {
        this.file = file;
        this.lines = lines;
        this.out = begin();
    }

    private OutputStream begin() throws IOException {
        if (Files.exists(file)) {
            Files.move(file, file.resolveSibling(file.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
        }
        written = 0;
        return Files.newOutputStream(file);
    }

    @Override
    public void accept(int value) {
        buffer[buffered++] = (byte) value;
        if (value == '\n' || buffered == buffer.length) {
            flush();
        }
    }

    private void flush() {
        try {
            out.write(buffer, 0, buffered);
            written += buffered;
            lines.accept(new String(buffer, 0, buffered, StandardCharsets.UTF_8).strip());
            buffered = 0;
            if (written >= LIMIT) {
                out.close();
                out = begin();
            }
        } catch (IOException e) {
            buffered = 0; // a full disk must not stop the guest for want of a log line
        }
    }

    @Override
    public void close() {
        try {
            if (buffered > 0) {
                flush();
            }
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
