package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The files of one machine: {@code machine.properties} (owner, generation, disk layers: written last and atomically, so
 * it alone decides which files are the machine's), {@code disk-GENERATION[-LAYER].qcow2}, {@code snapshots} and the
 * serial log. Not thread-safe.
 */
final class MachineFolder {
    private static final String LABEL = "machine.properties";

    private final Path folder;
    private final PropertiesFile labelFile;

    /**
     * Who made the machine, and which disk it has.
     *
     * @param owner label
     * @param generation of the disk
     * @param layers of the disk
     * @param template that an instant clone is forked from
     */
    record Label(String owner, long generation, DiskLayers layers, Optional<String> template) {
        Label with(DiskLayers newLayers) {
            return new Label(owner, generation, newLayers, template);
        }
    }

    MachineFolder(Path folder) {
        this.folder = folder;
        this.labelFile = new PropertiesFile(folder.resolve(LABEL));
    }

    String name() {
        return folder.getFileName().toString();
    }

    /** The file of a layer. */
    Path disk(long generation, int layer) {
        return folder.resolve("disk-" + generation + (layer == 0 ? "" : "-" + layer) + ".qcow2");
    }

    /** The file that the machine writes. */
    Path disk(Label label) {
        return disk(label.generation(), label.layers().head());
    }

    /** Where a disk is made before it is the machine's. */
    Path partialDisk() {
        return folder.resolve("disk-partial.qcow2");
    }

    Path serialLog() {
        return folder.resolve("serial.log");
    }

    Snapshots snapshots() {
        return new Snapshots(folder.resolve("snapshots"));
    }

    /** The label, or empty if the machine was never completely made. */
    Optional<Label> label() throws IOException {
        return labelFile.read(MachineFolder::parse);
    }

    private static Label parse(Properties properties) {
        String owner = properties.getProperty("owner", "");
        String generation = properties.getProperty("generation", "");
        if (!MachineSpec.isName(owner) || !generation.matches("[0-9]{1,18}")) {
            throw new IllegalArgumentException("owner or generation is missing");
        }
        DiskLayers layers = properties.getProperty("layers") == null
                ? DiskLayers.FIRST
                : DiskLayers.parse(
                        (int) PropertiesFile.number(properties, "head"), PropertiesFile.require(properties, "layers"));
        return new Label(
                owner, Long.parseLong(generation), layers, Optional.ofNullable(properties.getProperty("template")));
    }

    /** Makes the folder, if it isn't there. */
    void make() throws IOException {
        Files.createDirectories(folder);
    }

    /** Writes the label: from now on the machine has this disk, whatever happens. */
    void commit(Label label) throws IOException {
        labelFile.write(properties(label));
    }

    /**
     * The same, but a power failure of the host may lose or damage the label until {@link #syncLabel}: right for a machine
     * that has nothing of its own yet.
     */
    void commitUnsynced(Label label) throws IOException {
        labelFile.writeUnsynced(properties(label));
    }

    /** Makes the label durable. */
    void syncLabel() throws IOException {
        labelFile.sync();
    }

    private static Properties properties(Label label) {
        Properties properties = new Properties();
        properties.setProperty("owner", label.owner());
        properties.setProperty("generation", Long.toString(label.generation()));
        properties.setProperty("head", Integer.toString(label.layers().head()));
        properties.setProperty("layers", label.layers().text());
        label.template().ifPresent(name -> properties.setProperty("template", name));
        return properties;
    }

    /** Deletes what isn't the machine's: other generations' disks and snapshots, and what interrupted work left. */
    void clean(Label label) throws IOException {
        new PropertiesFile(folder.resolve(LABEL)).clean();
        snapshots().clean(label.generation());
        Set<Path> disks = label.layers().parents().keySet().stream()
                .map(layer -> disk(label.generation(), layer))
                .collect(Collectors.toSet());
        for (Path file : FileTree.list(folder)) {
            if (file.getFileName().toString().startsWith("disk-") && !disks.contains(file)) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Deletes everything, the label first: an interrupted deletion leaves an unlabelled folder, which is rubbish. */
    void delete() throws IOException {
        Files.deleteIfExists(folder.resolve(LABEL));
        FileTree.delete(folder);
    }

    /** Whether this is what an interrupted creation or deletion left: no label, and no file but a machine's. */
    boolean isRubbish() throws IOException {
        if (!Files.isDirectory(folder) || Files.exists(folder.resolve(LABEL))) {
            return false;
        }
        List<Path> files = FileTree.list(folder);
        return files.stream()
                .map(file -> file.getFileName().toString())
                .allMatch(name -> name.matches(
                        "disk-[0-9a-z-]+\\.qcow2.*|serial\\.log.*|machine\\.properties\\.partial|snapshots"));
    }
}
