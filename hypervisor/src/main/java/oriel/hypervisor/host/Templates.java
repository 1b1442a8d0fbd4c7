package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.machine.SavedMachine;

/**
 * The files of the templates of a host: a folder each, with {@code template.properties}, the frozen disk and the saved
 * machine. A folder gets its name when the template is sealed; what begins with a dot is being made or deleted.
 * Thread-safe as far as the file system is.
 */
final class Templates {
    private static final String PROPERTIES = "template.properties";

    private final Path folder;
    private final FileCache<Parent> parents = new FileCache<>(this::readParent);
    private final FileCache<SavedMachine> machines = new FileCache<>(state -> SavedMachine.read(parentOf(state)));

    /**
     * A sealed template, and what a clone must know of it.
     *
     * @param diskSize what its disk shows, in bytes
     */
    record Parent(Entry entry, long diskSize) {}

    /**
     * A sealed template.
     *
     * @param golden the disk that it was booted from
     * @param bytes that its files take
     */
    record Entry(String name, String owner, Path golden, RunSpec run, Instant sealed, long bytes) {
        TemplateStatus status() {
            return new TemplateStatus(name, owner, run.memoryMib(), run.vcpus(), Optional.of(sealed), bytes);
        }
    }

    Templates(Path folder) {
        this.folder = folder;
    }

    static Path disk(Path templateFolder) {
        return templateFolder.resolve("disk.qcow2");
    }

    static Path saved(Path templateFolder) {
        return templateFolder.resolve("machine");
    }

    static Path serialLog(Path templateFolder) {
        return templateFolder.resolve("serial.log");
    }

    Path folder(String name) {
        return folder.resolve(name);
    }

    /** An empty folder to prepare a template in; beside its final place, so that relative paths in it stay true. */
    Path begin(String name) throws IOException {
        Path partial = folder.resolve("." + name + ".partial");
        FileTree.delete(partial);
        return Files.createDirectories(partial);
    }

    /** Gives a template its name: from now on it is sealed, whatever happens. */
    void commit(Entry entry, Path partial) throws IOException {
        Properties properties = new Properties();
        properties.setProperty("owner", entry.owner());
        properties.setProperty("golden", entry.golden().toString());
        properties.setProperty("sealed", entry.sealed().toString());
        properties.setProperty("bytes", Long.toString(entry.bytes()));
        entry.run().write(properties);
        new PropertiesFile(partial.resolve(PROPERTIES)).write(properties);
        Files.move(partial, folder(entry.name()), StandardCopyOption.ATOMIC_MOVE);
    }

    /** A sealed template. */
    Optional<Entry> find(String name) throws IOException {
        if (!MachineSpec.isName(name)) {
            return Optional.empty();
        }
        return new PropertiesFile(folder(name).resolve(PROPERTIES)).read(properties -> parse(name, properties));
    }

    private static Entry parse(String name, Properties properties) {
        return new Entry(
                name,
                PropertiesFile.require(properties, "owner"),
                Path.of(PropertiesFile.require(properties, "golden")),
                RunSpec.read(properties),
                Instant.parse(PropertiesFile.require(properties, "sealed")),
                PropertiesFile.number(properties, "bytes"));
    }

    /** How a sealed template ran, for a clone of it. */
    RunSpec run(String name) throws IOException {
        return parents.get(folder(name).resolve(PROPERTIES)).entry().run();
    }

    /** A sealed template, for a clone. Read once, as a sealed template doesn't change. */
    Optional<Parent> parent(String name) throws IOException {
        Path properties = folder(name).resolve(PROPERTIES);
        return Files.exists(properties) ? Optional.of(parents.get(properties)) : Optional.empty();
    }

    private static Path parentOf(Path file) {
        return Objects.requireNonNull(file.getParent(), file + " is in no folder");
    }

    private Parent readParent(Path properties) throws IOException {
        String name = parentOf(properties).getFileName().toString();
        Entry entry = find(name).orElseThrow(() -> new NoSuchFileException(properties.toString()));
        try (DiskImage disk = DiskImages.open(disk(folder(name)), Optional.of(DiskFormat.QCOW2), true)) {
            return new Parent(entry, disk.size());
        }
    }

    /**
     * The machine that clones of a template go on from. Read once.
     *
     * @throws StateException if it is damaged or of a version that this build doesn't read
     */
    SavedMachine machine(String name) throws IOException {
        return machines.get(saved(folder(name)).resolve(SavedMachine.STATE));
    }

    List<Entry> list() throws IOException {
        List<Entry> all = new ArrayList<>();
        for (Path path : FileTree.list(folder)) {
            find(path.getFileName().toString()).ifPresent(all::add);
        }
        return all;
    }

    void delete(String name) throws IOException {
        Path deleted = folder.resolve("." + name + ".deleted");
        parents.forget(folder(name).resolve(PROPERTIES));
        machines.forget(saved(folder(name)).resolve(SavedMachine.STATE));
        FileTree.delete(deleted);
        if (Files.isDirectory(folder(name))) {
            Files.move(folder(name), deleted, StandardCopyOption.ATOMIC_MOVE);
        }
        FileTree.delete(deleted);
    }

    /** Deletes what interrupted work left. */
    void clean() throws IOException {
        for (Path path : FileTree.list(folder)) {
            if (path.getFileName().toString().startsWith(".")) {
                FileTree.delete(path);
            }
        }
    }
}
