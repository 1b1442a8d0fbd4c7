package oriel.broker.cli;

import java.nio.file.Path;
import java.util.Optional;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.disk.ReplaceableDisk;

/** A disk of {@code oriel vm}: the file that it writes now. Changes of file are up to whoever keeps the machine still. */
final class VmDisk {
    private final ReplaceableDisk disk;
    private Path file;
    private Optional<DiskFormat> format;

    private VmDisk(Path file, Optional<DiskFormat> format) {
        this.file = file;
        this.format = format;
        this.disk = new ReplaceableDisk(DiskImages.open(file, format, false));
    }

    /** Opens a file; without a format, looks at what it is. */
    static VmDisk open(Path file, Optional<DiskFormat> format) {
        return new VmDisk(file, format);
    }

    DiskImage image() {
        return disk;
    }

    Path file() {
        return file;
    }

    /** The format as it was named, or as the file's beginning says. */
    DiskFormat format() {
        return format.orElseGet(() -> DiskImages.probe(file));
    }

    /** Leaves the file as it is, for ever, and goes on in a new overlay on it. */
    void continueIn(Path overlay) {
        Path frozen = file;
        DiskFormat frozenFormat = format();
        DiskImages.createOverlay(overlay, frozen, frozenFormat, disk.size());
        disk.replace(
                () -> DiskImages.open(overlay, Optional.of(DiskFormat.QCOW2), false),
                () -> DiskImages.open(frozen, Optional.of(frozenFormat), false));
        file = overlay;
        format = Optional.of(DiskFormat.QCOW2);
    }
}
