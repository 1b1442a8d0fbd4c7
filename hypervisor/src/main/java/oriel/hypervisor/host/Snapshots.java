package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The snapshots of one machine: a folder each, with {@code snapshot.properties} and, if it has memory, the saved machine.
 * A folder gets its name when it is complete; what begins with a dot is being made or deleted. Not thread-safe.
 */
final class Snapshots {
    private static final String PROPERTIES = "snapshot.properties";

    private final Path folder;

    /**
     * One snapshot.
     *
     * @param generation of the disk that it is of
     * @param layer of the disk that it froze
     * @param hasMemory whether a saved machine lies beside it
     * @param run how the machine ran; memory and processors for a machine without memory are as they were last
     * @param bytes that memory and state take
     */
    record Entry(
            String name,
            Instant taken,
            long generation,
            int layer,
            boolean hasMemory,
            boolean guestReady,
            Optional<RunSpec> run,
            long bytes) {}

    Snapshots(Path folder) {
        this.folder = folder;
    }

    /** Where the snapshot is, once it is complete. */
    Path folder(String name) {
        return folder.resolve(name);
    }

    /** Where its saved machine is. */
    Path saved(Path snapshotFolder) {
        return snapshotFolder.resolve("machine");
    }

    /** An empty folder to make a snapshot in. */
    Path begin(String name) throws IOException {
        Path partial = folder.resolve("." + name + ".partial");
        FileTree.delete(partial);
        return Files.createDirectories(partial);
    }

    /** Gives a snapshot its name: from now on it is there, whatever happens. */
    void commit(Entry entry, Path partial) throws IOException {
        write(entry, partial);
        Files.move(partial, folder(entry.name()), StandardCopyOption.ATOMIC_MOVE);
        syncFolder();
    }

    private void syncFolder() throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static void write(Entry entry, Path to) throws IOException {
        Properties properties = new Properties();
        properties.setProperty("taken", entry.taken().toString());
        properties.setProperty("generation", Long.toString(entry.generation()));
        properties.setProperty("layer", Integer.toString(entry.layer()));
        properties.setProperty("has-memory", Boolean.toString(entry.hasMemory()));
        properties.setProperty("guest-ready", Boolean.toString(entry.guestReady()));
        properties.setProperty("bytes", Long.toString(entry.bytes()));
        entry.run().ifPresent(run -> run.write(properties));
        new PropertiesFile(to.resolve(PROPERTIES)).write(properties);
    }

    Optional<Entry> find(String name) throws IOException {
        if (!MachineSpec.isName(name)) {
            return Optional.empty();
        }
        return new PropertiesFile(folder(name).resolve(PROPERTIES)).read(properties -> parse(name, properties));
    }

    private static Entry parse(String name, Properties properties) {
        return new Entry(
                name,
                Instant.parse(PropertiesFile.require(properties, "taken")),
                PropertiesFile.number(properties, "generation"),
                (int) PropertiesFile.number(properties, "layer"),
                Boolean.parseBoolean(properties.getProperty("has-memory")),
                Boolean.parseBoolean(properties.getProperty("guest-ready")),
                properties.getProperty("kernel") == null ? Optional.empty() : Optional.of(RunSpec.read(properties)),
                PropertiesFile.number(properties, "bytes"));
    }

    /** All of them, parents before children: a layer has a higher number than what it lies on. */
    List<Entry> list() throws IOException {
        List<Entry> all = new ArrayList<>();
        for (Path path : FileTree.list(folder)) {
            find(path.getFileName().toString()).ifPresent(all::add);
        }
        all.sort(Comparator.comparingInt(Entry::layer));
        return all;
    }

    /** Disk layers that snapshots need. */
    Set<Integer> layers() throws IOException {
        return list().stream().map(Entry::layer).collect(Collectors.toSet());
    }

    /** Deletes one. The disk layer that it froze stays as long as another needs it. */
    void delete(String name) throws IOException {
        if (find(name).isEmpty()) {
            return;
        }
        Path deleted = folder.resolve("." + name + ".deleted");
        FileTree.delete(deleted);
        Files.move(folder(name), deleted, StandardCopyOption.ATOMIC_MOVE);
        FileTree.delete(deleted);
    }

    /** Deletes what interrupted work left, and the snapshots of other generations. */
    void clean(long generation) throws IOException {
        for (Path path : FileTree.list(folder)) {
            String name = path.getFileName().toString();
            boolean current = !name.startsWith(".")
                    && find(name)
                            .filter(entry -> entry.generation() == generation)
                            .isPresent();
            if (!current) {
                FileTree.delete(path);
            }
        }
    }
}
