package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.disk.Qcow2Converter;
import oriel.hypervisor.host.HostException.Reason;

/** Makes machines' files: the disk as its {@link Cloning} says, then the label that makes it the machine's. */
final class MachineMaking {
    private final Templates templates;

    MachineMaking(Templates templates) {
        this.templates = templates;
    }

    /** See {@link HypervisorHost#create}. */
    void create(MachineSlot slot, MachineSpec spec) throws HostException {
        synchronized (slot) {
            HostWork.doing("machine " + spec.name() + " could not be made", () -> {
                Optional<MachineFolder.Label> present = slot.files.label();
                if (present.isPresent()) {
                    MachineSlot.requireOwner(spec, present.get());
                    if (present.get().generation() > spec.generation()) {
                        throw new HostException(
                                Reason.CONFLICT,
                                "machine %s is there in generation %d, later than %d"
                                        .formatted(spec.name(), present.get().generation(), spec.generation()));
                    }
                    if (present.get().generation() == spec.generation()) {
                        return;
                    }
                }
                Optional<Templates.Parent> template = spec.cloning() instanceof Cloning.Instant(String from)
                        ? Optional.of(fittingTemplate(from, spec))
                        : Optional.empty();
                MachinePower.abandon(slot);
                slot.files.make();
                MachineFolder.Label label = new MachineFolder.Label(
                        spec.owner(),
                        spec.generation(),
                        DiskLayers.FIRST,
                        template.map(parent -> parent.entry().name()));
                makeDisk(slot.files, label, spec, template);
                if (template.isPresent()) {
                    slot.files.commitUnsynced(label); // until its guest flushes its disk, it can be made again as it is
                } else {
                    slot.files.commit(label);
                }
                slot.files.clean(label);
                slot.failure = Optional.empty();
            });
        }
    }

    private Templates.Parent fittingTemplate(String template, MachineSpec spec) throws IOException, HostException {
        Templates.Parent parent = templates
                .parent(template)
                .orElseThrow(() -> new HostException(
                        Reason.NOT_FOUND, "there is no sealed template " + template + ": prepare it first"));
        Templates.Entry entry = parent.entry();
        if (!entry.owner().equals(spec.owner())) {
            throw new HostException(Reason.CONFLICT, "template %s belongs to %s".formatted(template, entry.owner()));
        }
        if (entry.run().memoryMib() != spec.memoryMib() || entry.run().vcpus() != spec.vcpus()) {
            throw new HostException(
                    Reason.CONFLICT,
                    "template %s has %d MiB and %d processors, machine %s wants %d and %d: prepare another template"
                            .formatted(
                                    template,
                                    entry.run().memoryMib(),
                                    entry.run().vcpus(),
                                    spec.name(),
                                    spec.memoryMib(),
                                    spec.vcpus()));
        }
        return parent;
    }

    private void makeDisk(
            MachineFolder files, MachineFolder.Label label, MachineSpec spec, Optional<Templates.Parent> template)
            throws IOException {
        Path disk = files.disk(label);
        Files.deleteIfExists(disk);
        if (template.isPresent()) {
            Path below = Templates.disk(templates.folder(template.get().entry().name()));
            DiskImages.createOverlay(
                    disk, below, DiskFormat.QCOW2, template.get().diskSize(), DiskImages.Durability.WITH_FIRST_FLUSH);
        } else if (spec.cloning() instanceof Cloning.Full) {
            Path partial = files.partialDisk();
            Files.deleteIfExists(partial);
            try (DiskImage golden =
                    DiskImages.open(spec.goldenDisk(), Optional.of(formatOf(spec.goldenDisk())), true)) {
                Qcow2Converter.convert(golden, partial);
            }
            Files.move(partial, disk, StandardCopyOption.ATOMIC_MOVE);
        } else {
            DiskImages.createOverlay(disk, spec.goldenDisk(), formatOf(spec.goldenDisk()));
        }
    }

    /** See {@link HypervisorHost#exportDisk}. */
    void export(MachineSlot slot, Path target) throws HostException {
        synchronized (slot) {
            HostWork.doing("the disk of machine %s could not be copied".formatted(slot.machineName), () -> {
                MachineFolder.Label label = slot.requireLabel();
                if (slot.run != null) {
                    throw new HostException(
                            Reason.CONFLICT,
                            "machine %s runs: its disk can't be copied now".formatted(slot.machineName));
                }
                Files.deleteIfExists(target);
                try (DiskImage disk = DiskImages.open(slot.files.disk(label), Optional.of(DiskFormat.QCOW2), true)) {
                    Qcow2Converter.convert(disk, target);
                }
            });
        }
    }

    /** By name, never by content: what a guest wrote into a raw disk must not make it a qcow2. */
    static DiskFormat formatOf(Path golden) {
        return golden.toString().endsWith(".raw") ? DiskFormat.RAW : DiskFormat.QCOW2;
    }
}
