package oriel.broker.cli;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.RunningSave;
import oriel.hypervisor.machine.SavedMachine;

/**
 * What {@code oriel vm --snapshot FOLDER} leaves: the saved machine, and {@code disks.properties}, which names the disks
 * as they were. They must not change from then on: their sizes and times are kept, and compared at a restore.
 */
final class SavedVm {
    private static final String DISKS = "disks.properties";
    private static final String MACHINE = "machine";

    private final Path folder;

    SavedVm(Path folder) {
        this.folder = folder;
    }

    /**
     * Saves a machine that runs on, its disks in new overlays in the folder.
     *
     * @throws IOException if it failed; the machine runs on as if nothing had been asked
     */
    void snapshot(Machine machine, VmDisks disks) throws IOException {
        save(machine, disks, false);
    }

    /**
     * Saves a machine and ends it.
     *
     * @throws IOException if it failed; the machine runs on
     */
    void snapshotAndEnd(Machine machine, VmDisks disks) throws IOException {
        save(machine, disks, true);
    }

    private void save(Machine machine, VmDisks disks, boolean end) throws IOException {
        Path partial = folder.resolveSibling(folder.getFileName() + ".partial");
        delete(partial);
        if (Files.exists(folder)) {
            throw new IOException(folder + " exists already: choose another folder, or delete it first");
        }
        Files.createDirectories(partial);
        Map<String, Frozen> frozen = new LinkedHashMap<>();
        disks.byName().forEach((name, disk) -> frozen.put(name, new Frozen(disk.file(), disk.format())));
        boolean saved = false;
        try (RunningSave begun = begin(machine, partial.resolve(MACHINE))) {
            SavedMachine state = join(machine, still -> {
                SavedMachine written = still.save(begun);
                disks.byName().values().forEach(disk -> disk.image().flush());
                Files.move(partial, folder); // overlays are made in their place
                if (end) {
                    still.end();
                } else {
                    disks.byName()
                            .forEach((name, disk) -> disk.continueIn(folder.resolve("after-%s.qcow2".formatted(name))));
                }
                return written.movedTo(folder.resolve(MACHINE));
            });
            if (end) {
                stop(machine); // closes the disks: their last change
            }
            state.sync();
            writeDisks(frozen);
            saved = true;
        } finally {
            if (!saved) {
                delete(partial);
            }
        }
    }

    private static RunningSave begin(Machine machine, Path folder) throws IOException {
        try {
            return machine.beginSave(folder);
        } catch (IllegalStateException e) {
            throw new IOException(e.getMessage(), e); // it has just ended
        }
    }

    private static SavedMachine join(Machine machine, Machine.StillWork<SavedMachine> work) throws IOException {
        try {
            return machine.whenStill(work).join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(String.valueOf(e.getCause()), e);
        }
    }

    private static void stop(Machine machine) throws IOException {
        try {
            machine.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the machine was saved", e);
        }
    }

    /** A disk as it was when the machine was saved. */
    private record Frozen(Path file, DiskFormat format) {}

    private void writeDisks(Map<String, Frozen> disks) throws IOException {
        Properties properties = new Properties();
        int virtio = disks.size() - (disks.containsKey(VmDisks.IDE) ? 1 : 0);
        properties.setProperty("disks", Integer.toString(virtio));
        for (Map.Entry<String, Frozen> disk : disks.entrySet()) {
            Path file = disk.getValue().file().toAbsolutePath();
            properties.setProperty("disk." + disk.getKey(), file.toString());
            properties.setProperty(
                    "format." + disk.getKey(), disk.getValue().format().label());
            properties.setProperty("unchanged." + disk.getKey(), stamp(file));
        }
        try (Writer out = Files.newBufferedWriter(folder.resolve(DISKS))) {
            properties.store(out, null);
        }
    }

    private static String stamp(Path file) throws IOException {
        return Files.size(file) + " " + Files.getLastModifiedTime(file).toInstant();
    }

    /** The machine without its disks. */
    SavedMachine machine() throws IOException {
        return SavedMachine.read(folder.resolve(MACHINE));
    }

    /**
     * Opens the disks, in overlays that take what a restored machine writes.
     *
     * @param overlays a folder for them
     * @throws IOException if a disk is gone, or isn't as it was
     */
    VmDisks openDisks(Path overlays) throws IOException {
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(folder.resolve(DISKS))) {
            properties.load(in);
        }
        try (VmDisks.Opening opening = new VmDisks.Opening()) {
            int count = Integer.parseInt(properties.getProperty("disks", "0"));
            for (int i = 0; i < count; i++) {
                opening.add(openDisk(Integer.toString(i), properties, overlays));
            }
            if (properties.getProperty("disk." + VmDisks.IDE) != null) {
                opening.addIde(openDisk(VmDisks.IDE, properties, overlays));
            }
            return opening.done();
        }
    }

    private VmDisk openDisk(String name, Properties properties, Path overlays) throws IOException {
        Path file = Path.of(properties.getProperty("disk." + name, ""));
        if (!stamp(file).equals(properties.getProperty("unchanged." + name))) {
            throw new IOException(file + " has changed since " + folder
                    + " was made: memory and disk would no longer fit together; restore the file, or boot it");
        }
        DiskFormat format =
                properties.getProperty("format." + name, "").equals("raw") ? DiskFormat.RAW : DiskFormat.QCOW2;
        Path overlay = overlays.resolve("disk-%s.qcow2".formatted(name));
        DiskImages.createOverlay(overlay, file, format);
        return VmDisk.open(overlay, Optional.of(DiskFormat.QCOW2));
    }

    /** Deletes a folder with all that is in it; nothing happens if it isn't there. */
    static void delete(Path tree) throws IOException {
        if (Files.exists(tree)) {
            try (Stream<Path> files = Files.walk(tree)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
