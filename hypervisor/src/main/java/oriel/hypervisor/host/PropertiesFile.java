package oriel.hypervisor.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.MalformedInputException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A small file of properties that is there as a whole, in its old or its new content, whatever happens. */
final class PropertiesFile {
    private final Path file;

    PropertiesFile(Path file) {
        this.file = file;
    }

    /**
     * Reads it.
     *
     * @param parse throws {@link IllegalArgumentException} for what makes no sense
     * @return empty if the file isn't there
     * @throws IOException if it is unreadable or damaged, with what to do
     */
    <T> Optional<T> read(Function<Properties, T> parse) throws IOException {
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(file)) {
            properties.load(in);
            return Optional.of(parse.apply(properties));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (MalformedInputException | IllegalArgumentException e) {
            throw damaged(String.valueOf(e.getMessage()), e);
        }
    }

    private IOException damaged(String how, @Nullable Exception cause) {
        return new IOException("%s is damaged (%s): restore it, or destroy the machine".formatted(file, how), cause);
    }

    /** Replaces it, durably. */
    void write(Properties properties) throws IOException {
        write(properties, true);
    }

    /** Replaces it: for a kill of this process it is there at once, for a power failure of the host after {@link #sync}. */
    void writeUnsynced(Properties properties) throws IOException {
        write(properties, false);
    }

    /** Makes what is there durable. */
    void sync() throws IOException {
        try (FileChannel written = FileChannel.open(file, StandardOpenOption.WRITE)) {
            written.force(true);
        }
    }

    /** Deletes what a process left that was killed while it wrote. Nobody else may be writing. */
    void clean() throws IOException {
        Files.deleteIfExists(partial());
    }

    private Path partial() {
        return file.resolveSibling(file.getFileName() + ".partial");
    }

    private void write(Properties properties, boolean durably) throws IOException {
        Path partial = partial();
        StringWriter text = new StringWriter();
        properties.store(text, null);
        try (FileChannel out = FileChannel.open(
                partial, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = UTF_8.encode(text.toString());
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            if (durably) {
                out.force(true); // else a power failure may leave the new name with no content
            }
        }
        try {
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** A property that must be there. */
    static String require(Properties properties, String key) {
        String value = properties.getProperty(key);
        if (value == null) {
            throw new IllegalArgumentException(key + " is missing");
        }
        return value;
    }

    /** A number that must be there. */
    static long number(Properties properties, String key) {
        String value = require(properties, key);
        if (!value.matches("[0-9]{1,18}")) {
            throw new IllegalArgumentException(key + " is no number");
        }
        return Long.parseLong(value);
    }
}
