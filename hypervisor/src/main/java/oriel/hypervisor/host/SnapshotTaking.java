package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.RunningSave;
import oriel.hypervisor.machine.SavedMachine;

/**
 * Takes one snapshot: the disk's head is frozen, and the machine goes on writing to a new overlay on it. Under the
 * machine's lock.
 *
 * <p>Order: overlay made; memory copied while the guest runs; machine still; the rest of the memory written; disk changed over; <em>label written</em>, before the guest
 * writes its first byte to the overlay; machine goes on; memory durable; snapshot named. Killed before the label: the
 * old disk is the machine's, and nothing was written to the new. Killed after it: the machine has one more layer, and no
 * snapshot.
 */
final class SnapshotTaking {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotTaking.class);

    private final MachineFolder files;
    private final Snapshots snapshots;
    private final MachineFolder.Label before;
    private final MachineFolder.Label after;

    SnapshotTaking(MachineFolder files, Snapshots snapshots, MachineFolder.Label label) {
        this.files = files;
        this.snapshots = snapshots;
        this.before = label;
        this.after = label.with(label.layers().on(label.layers().head()));
    }

    void take(String name, @Nullable MachineRun run, boolean withMemory) throws IOException {
        Path partial = snapshots.begin(name);
        boolean taken = false;
        try {
            Files.deleteIfExists(files.disk(after));
            Optional<SavedMachine> saved =
                    run == null ? freezeDisk() : freezeMachine(run, withMemory, snapshots.saved(partial));
            if (saved.isPresent()) {
                saved.get().sync();
            }
            snapshots.commit(
                    new Snapshots.Entry(
                            name,
                            Instant.now(),
                            before.generation(),
                            before.layers().head(),
                            withMemory,
                            run != null && run.ready,
                            Optional.ofNullable(run).map(running -> running.spec),
                            saved.map(SavedMachine::usedBytes).orElse(0L)),
                    partial);
            taken = true;
        } finally {
            if (!taken) {
                clean(partial);
            }
        }
    }

    private Optional<SavedMachine> freezeDisk() throws IOException {
        DiskImages.createOverlay(files.disk(after), files.disk(before), DiskFormat.QCOW2);
        files.commit(after);
        return Optional.empty();
    }

    private Optional<SavedMachine> freezeMachine(MachineRun run, boolean withMemory, Path folder) throws IOException {
        DiskImages.createOverlay(files.disk(after), files.disk(before), DiskFormat.QCOW2, run.disk.size());
        try (RunningSave begun = withMemory ? run.machine.beginSave(folder) : null) {
            return Machine.join(run.machine.whenStill(still -> freezeStill(run, still, begun)));
        }
    }

    private Optional<SavedMachine> freezeStill(MachineRun run, Machine.Still still, @Nullable RunningSave begun)
            throws IOException {
        Optional<SavedMachine> saved = begun == null ? Optional.empty() : Optional.of(still.save(begun));
        run.disk.replace(() -> open(files.disk(after)), () -> open(files.disk(before)));
        try {
            files.commit(after);
        } catch (IOException e) {
            run.disk.replace(() -> open(files.disk(before)), () -> open(files.disk(after)));
            throw e;
        }
        return saved;
    }

    private static DiskImage open(Path disk) {
        return DiskImages.open(disk, Optional.of(DiskFormat.QCOW2), false);
    }

    /** After a failure that is already on its way to the caller. */
    private void clean(Path partial) {
        try {
            FileTree.delete(partial);
            Optional<MachineFolder.Label> label = files.label();
            if (label.isPresent()) {
                files.clean(label.get());
            }
        } catch (IOException e) {
            LOG.warn("what a failed snapshot left could not be deleted; the next start does: {}", e.getMessage());
        }
    }
}
