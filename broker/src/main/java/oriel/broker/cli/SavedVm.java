package oriel.broker.cli;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.machine.Machine;
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
    void snapshot(Machine machine, List<VmDisk> disks) throws IOException {
        save(machine, disks, false);
    }

    /**
     * Saves a machine and ends it.
     *
     * @throws IOException if it failed; the machine runs on
     */
    void snapshotAndEnd(Machine machine, List<VmDisk> disks) throws IOException {
        save(machine, disks, true);
    }

    private void save(Machine machine, List<VmDisk> disks, boolean end) throws IOException {
        Path partial = folder.resolveSibling(folder.getFileName() + ".partial");
        delete(partial);
        if (Files.exists(folder)) {
            throw new IOException(folder + " exists already: choose another folder, or delete it first");
        }
        Files.createDirectories(partial);
        List<Path> frozen = disks.stream().map(VmDisk::file).toList();
        List<DiskFormat> formats = disks.stream().map(VmDisk::format).toList();
        boolean saved = false;
        try {
            SavedMachine state = join(machine, still -> {
                SavedMachine written = still.save(partial.resolve(MACHINE));
                for (VmDisk disk : disks) {
                    disk.image().flush();
                }
                Files.move(partial, folder); // overlays are made in their place
                if (end) {
                    still.end();
                } else {
                    for (int i = 0; i < disks.size(); i++) {
                        disks.get(i).continueIn(folder.resolve("after-%d.qcow2".formatted(i)));
                    }
                }
                return written.movedTo(folder.resolve(MACHINE));
            });
            if (end) {
                stop(machine); // closes the disks: their last change
            }
            state.sync();
            writeDisks(frozen, formats);
            saved = true;
        } finally {
            if (!saved) {
                delete(partial);
            }
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

    private void writeDisks(List<Path> files, List<DiskFormat> formats) throws IOException {
        Properties properties = new Properties();
        properties.setProperty("disks", Integer.toString(files.size()));
        for (int i = 0; i < files.size(); i++) {
            Path file = files.get(i).toAbsolutePath();
            properties.setProperty("disk." + i, file.toString());
            properties.setProperty("format." + i, formats.get(i).label());
            properties.setProperty("unchanged." + i, stamp(file));
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
    List<VmDisk> openDisks(Path overlays) throws IOException {
        Properties properties = new Properties();
        try (Reader in = Files.newBufferedReader(folder.resolve(DISKS))) {
            properties.load(in);
        }
        List<VmDisk> disks = new ArrayList<>();
        boolean opened = false;
        try {
            int count = Integer.parseInt(properties.getProperty("disks", "0"));
            for (int i = 0; i < count; i++) {
                Path file = Path.of(properties.getProperty("disk." + i, ""));
                if (!stamp(file).equals(properties.getProperty("unchanged." + i))) {
                    throw new IOException(file + " has changed since " + folder
                            + " was made: memory and disk would no longer fit together; restore the file, or boot it");
                }
                DiskFormat format =
                        properties.getProperty("format." + i, "").equals("raw") ? DiskFormat.RAW : DiskFormat.QCOW2;
                Path overlay = overlays.resolve("disk-%d.qcow2".formatted(i));
                DiskImages.createOverlay(overlay, file, format);
                disks.add(VmDisk.open(overlay, Optional.of(DiskFormat.QCOW2)));
            }
            opened = true;
            return disks;
        } finally {
            if (!opened) {
                disks.forEach(disk -> disk.image().close());
            }
        }
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
