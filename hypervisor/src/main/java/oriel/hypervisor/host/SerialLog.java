package oriel.hypervisor.host;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.device.serial.ByteSink;

/**
 * A guest's serial console on disk, bounded: at {@link #LIMIT} bytes the file becomes {@code serial.log.1} and a new one
 * begins. Complete lines are also handed to a listener. Confined to the machine's thread.
 */
final class SerialLog implements ByteSink, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SerialLog.class);

    private static final int LIMIT = 4 << 20;

    /** A guest may never send a line end: no line is longer than this. */
    private static final int LONGEST_LINE = 1024;

    private final Path file;
    private final Consumer<String> lines;
    private final byte[] buffer = new byte[LONGEST_LINE];
    private int buffered;

    /** Null after a failure; the next line tries again. */
    private @Nullable OutputStream out;

    private long written;

    /**
     * Begins a new file; the last run's is kept as {@code serial.log.1}.
     *
     * @throws IOException if it can't be written
     */
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

    /** The listener hears a line whether it could be written or not: a machine gets ready on a full disk too. */
    private void flush() {
        lines.accept(new String(buffer, 0, buffered, StandardCharsets.UTF_8).strip());
        try {
            write();
        } catch (IOException e) {
            closeFile(); // a full disk must not stop the guest for want of a log line
        }
        buffered = 0;
    }

    private void write() throws IOException {
        OutputStream to = out;
        if (to == null) {
            to = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            out = to;
        }
        to.write(buffer, 0, buffered);
        written += buffered;
        if (written >= LIMIT) {
            closeFile();
            out = begin();
        }
    }

    private void closeFile() {
        OutputStream open = out;
        out = null;
        try {
            if (open != null) {
                open.close();
            }
        } catch (IOException e) {
            LOG.debug("{}: {}", file, e.getMessage());
        }
    }

    /** Writes what is left. Never fails: the end of a machine doesn't depend on its log. */
    @Override
    public void close() {
        if (buffered > 0) {
            flush();
        }
        closeFile();
    }
}
