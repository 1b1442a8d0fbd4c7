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
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of one machine: {@code machine.properties} (owner and generation: written last and atomically, so it alone
 * decides which disk is the machine's), {@code disk-GENERATION.qcow2} and the serial log. Not thread-safe.
 */
final class MachineFolder {
    private static final String LABEL = "machine.properties";

    private final Path folder;

    /**
     * Who made the machine, and which disk it has.
     *
     * @param owner label
     * @param generation of the disk
     */
    record Label(String owner, long generation) {}

    MachineFolder(Path folder) {
        this.folder = folder;
    }

    String name() {
        return folder.getFileName().toString();
    }

    Path disk(long generation) {
        return folder.resolve("disk-" + generation + ".qcow2");
    }

    Path serialLog() {
        return folder.resolve("serial.log");
    }

    /** The label, or empty if the machine was never completely made. */
    Optional<Label> label() throws IOException {
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(folder.resolve(LABEL))) {
            properties.load(in);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (MalformedInputException | IllegalArgumentException e) {
            throw damaged(String.valueOf(e.getMessage()), e);
        }
        String owner = properties.getProperty("owner", "");
        String generation = properties.getProperty("generation", "");
        if (!MachineSpec.isName(owner) || !generation.matches("[0-9]{1,18}")) {
            throw damaged("owner or generation is missing", null);
        }
        return Optional.of(new Label(owner, Long.parseLong(generation)));
    }

    private IOException damaged(String how, @Nullable Exception cause) {
        return new IOException(
                "%s is damaged (%s): restore it, or destroy the machine".formatted(folder.resolve(LABEL), how), cause);
    }

    /** Whether a failure to write means that the disk is full: Java has no exception of its own for it. */
    static boolean isFull(IOException failure) {
        String message = String.valueOf(failure.getMessage());
        return message.contains("No space left") || message.contains("quota exceeded");
    }

    /** Makes the folder, if it isn't there. */
    void make() throws IOException {
        Files.createDirectories(folder);
    }

    /** Writes the label: from now on the machine has this disk, whatever happens. Then older disks are deleted. */
    void commit(Label label) throws IOException {
        Properties properties = new Properties();
        properties.setProperty("owner", label.owner());
        properties.setProperty("generation", Long.toString(label.generation()));
        Path partial = folder.resolve(LABEL + ".partial");
        StringWriter text = new StringWriter();
        properties.store(text, null);
        try (FileChannel out = FileChannel.open(
                partial, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = UTF_8.encode(text.toString());
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true); // else a power failure may leave the new name with no content
        }
        try {
            Files.move(partial, folder.resolve(LABEL), StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(partial, folder.resolve(LABEL), StandardCopyOption.REPLACE_EXISTING);
        }
        deleteDisksBut(disk(label.generation()));
    }

    private void deleteDisksBut(Path keep) throws IOException {
        for (Path file : files()) {
            String name = file.getFileName().toString();
            if (name.startsWith("disk-") && !file.equals(keep)) {
                Files.deleteIfExists(file);
            }
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> list = Files.list(folder)) {
            return list.toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    /** Deletes everything, the label first: an interrupted deletion leaves an unlabelled folder, which is rubbish. */
    void delete() throws IOException {
        Files.deleteIfExists(folder.resolve(LABEL));
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path file : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Whether this is what an interrupted creation or deletion left: no label, and no file but a machine's. */
    boolean isRubbish() throws IOException {
        if (!Files.isDirectory(folder) || Files.exists(folder.resolve(LABEL))) {
            return false;
        }
        return files().stream()
                .map(file -> file.getFileName().toString())
                .allMatch(name -> name.matches("disk-[0-9]+\\.qcow2.*|serial\\.log.*|machine\\.properties\\.partial"));
    }
}
