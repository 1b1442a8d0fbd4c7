package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.machine.SavedMachine;

/** Snapshots of a host's machines: see {@link HypervisorHost} for what each call promises. */
final class MachineSnapshots {
    private final MachinePower power;

    MachineSnapshots(MachinePower power) {
        this.power = power;
    }

    SnapshotInfo snapshot(MachineSlot slot, String snapshot, boolean withMemory) throws HostException {
        requireName(snapshot);
        synchronized (slot) {
            return HostWork.reporting("machine %s could not be snapshotted".formatted(slot.machineName), () -> {
                MachineFolder.Label label = slot.requireLabel();
                Snapshots snapshots = slot.files.snapshots();
                Optional<Snapshots.Entry> present = snapshots.find(snapshot);
                MachineRun run = slot.run;
                if (present.isEmpty()) {
                    if (run == null && withMemory) {
                        throw new HostException(
                                Reason.CONFLICT,
                                "machine %s is off, so it has no memory to keep: start it, or keep its disk only"
                                        .formatted(slot.machineName));
                    }
                    new SnapshotTaking(slot.files, snapshots, label).take(snapshot, run, withMemory);
                } else if (present.get().hasMemory() != withMemory) {
                    throw new HostException(
                            Reason.CONFLICT,
                            "machine %s has a snapshot %s already, %s memory: choose another name"
                                    .formatted(slot.machineName, snapshot, withMemory ? "without" : "with"));
                }
                return snapshots(slot, slot.requireLabel()).stream()
                        .filter(info -> info.name().equals(snapshot))
                        .findFirst()
                        .orElseThrow(() -> new IOException("snapshot " + snapshot + " is gone again"));
            });
        }
    }

    private static void requireName(String snapshot) {
        if (!MachineSpec.isName(snapshot)) {
            throw new IllegalArgumentException("\"" + snapshot + "\" is no snapshot name");
        }
    }

    List<SnapshotInfo> snapshots(MachineSlot slot) throws HostException {
        synchronized (slot) {
            return HostWork.reporting("the snapshots of machine %s can't be listed".formatted(slot.machineName), () -> {
                Optional<MachineFolder.Label> label = slot.files.label();
                return label.isEmpty() ? List.of() : snapshots(slot, label.get());
            });
        }
    }

    private static List<SnapshotInfo> snapshots(MachineSlot slot, MachineFolder.Label label) throws IOException {
        Map<Integer, Snapshots.Entry> byLayer = slot.files.snapshots().list().stream()
                .filter(entry -> entry.generation() == label.generation())
                .collect(
                        Collectors.toMap(Snapshots.Entry::layer, Function.identity(), (a, _) -> a, LinkedHashMap::new));
        DiskLayers layers = label.layers();
        Optional<Integer> current = layers.nearestBelow(layers.head(), byLayer.keySet());
        return byLayer.values().stream()
                .map(entry -> new SnapshotInfo(
                        entry.name(),
                        layers.nearestBelow(entry.layer(), byLayer.keySet())
                                .map(byLayer::get)
                                .map(Snapshots.Entry::name),
                        entry.taken(),
                        entry.bytes(),
                        entry.hasMemory(),
                        current.equals(Optional.of(entry.layer()))))
                .toList();
    }

    void restore(MachineSlot slot, String snapshot) throws HostException {
        synchronized (slot) {
            power.powering(slot, () -> {
                MachineFolder.Label label = slot.requireLabel();
                Snapshots snapshots = slot.files.snapshots();
                Snapshots.Entry entry = snapshots
                        .find(snapshot)
                        .filter(found -> found.generation() == label.generation())
                        .orElseThrow(() -> new HostException(
                                Reason.NOT_FOUND,
                                "machine %s has no snapshot %s".formatted(slot.machineName, snapshot)));
                // Read before anything is given up: a snapshot that can't be read must not cost the present state.
                Optional<SavedMachine> saved = entry.hasMemory()
                        ? Optional.of(SavedMachine.read(snapshots.saved(snapshots.folder(snapshot))))
                        : Optional.empty();
                MachineRun before = slot.run;
                MachinePower.halt(slot);
                MachineFolder.Label back = label.with(label.layers().on(entry.layer()));
                Path disk = slot.files.disk(back);
                Files.deleteIfExists(disk);
                DiskImages.createOverlay(disk, slot.files.disk(label.generation(), entry.layer()), DiskFormat.QCOW2);
                back = back.with(back.layers().prune(snapshots.layers()));
                slot.files.commit(back);
                slot.files.clean(back);
                if (saved.isPresent() && entry.run().isPresent()) {
                    RunSpec spec = entry.run().get();
                    power.powerOn(
                            slot, back, before == null ? spec : spec.under(before.spec), saved, entry.guestReady());
                }
            });
        }
    }

    void delete(MachineSlot slot, String snapshot) throws HostException {
        synchronized (slot) {
            HostWork.doing(
                    "snapshot %s of machine %s could not be deleted".formatted(snapshot, slot.machineName), () -> {
                        Optional<MachineFolder.Label> label = slot.files.label();
                        if (label.isPresent()) {
                            Snapshots snapshots = slot.files.snapshots();
                            snapshots.delete(snapshot);
                            MachineFolder.Label less =
                                    label.get().with(label.get().layers().prune(snapshots.layers()));
                            slot.files.commit(less);
                            slot.files.clean(less);
                        }
                    });
        }
        power.consolidateLater(slot);
    }
}
