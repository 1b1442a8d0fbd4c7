package oriel.hypervisor.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes the backing chain of a qcow2 overlay shorter while a machine reads and writes it: what the images between hold is
 * copied up, cluster by cluster, then the overlay's header names the base. Killed at any moment, the overlay shows what it
 * showed. The images between aren't changed, and are needed by this overlay no longer.
 */
public final class ChainConsolidation {
    private final Path path;
    private final Qcow2Image overlay;
    private final @Nullable DiskImage base;
    private final Optional<Path> basePath;
    private volatile boolean finished;

    /**
     * Yet to be done.
     *
     * @param path the overlay's file
     * @param disk the overlay, opened for writing, or the disk that has it as its image
     * @param basePath the file in its chain that is to be behind it; empty: none, everything is copied up
     * @throws DiskException if there is no such file in the chain, or the format can't tell
     */
    public ChainConsolidation(Path path, DiskImage disk, Optional<Path> basePath) {
        this.path = path;
        this.basePath = basePath;
        DiskImage image = disk instanceof ReplaceableDisk replaceable ? replaceable.image() : disk;
        if (!(image instanceof Qcow2Image qcow2)) {
            throw new DiskException(path + " is not a qcow2 image: it has no chain");
        }
        this.overlay = qcow2;
        this.base = basePath.isEmpty() ? null : find(qcow2, basePath.get());
        if (base instanceof RawImage && !(qcow2.backing() instanceof RawImage)) {
            throw new DiskException(
                    path + " lies on a qcow2 image: its header can't be made to name the raw " + basePath.get());
        }
    }

    private static DiskImage find(Qcow2Image overlay, Path wanted) {
        for (DiskImage at = overlay.backing(); at != null; at = at instanceof Qcow2Image next ? next.backing() : null) {
            if (same(Path.of(at.toString()), wanted)) {
                return at;
            }
        }
        throw new DiskException(wanted + " is not behind " + overlay);
    }

    private static boolean same(Path a, Path b) {
        try {
            return Files.isSameFile(a, b);
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether the base is behind the overlay already. */
    public boolean done() {
        return finished || overlay.backing() == base;
    }

    /**
     * Copies up. Takes long; nothing is locked between two clusters.
     *
     * @param goOn asked between two clusters; whoever stops may begin again later
     * @throws DiskException if the host fails, or the overlay was closed meanwhile
     */
    public void copy(BooleanSupplier goOn) {
        for (long at = 0; at < overlay.size() && goOn.getAsBoolean(); at += overlay.pullSize()) {
            overlay.pull(at, base);
        }
    }

    /**
     * Has the overlay lie on the base, durably. What {@link #copy} left is copied before, and readers and writers wait.
     *
     * @throws DiskException if the host fails; the overlay then lies where it lay
     */
    public void finish() {
        if (done()) {
            return;
        }
        DiskImage reopened = null;
        boolean taken = false;
        try {
            if (basePath.isPresent()) {
                DiskFormat format = base instanceof RawImage ? DiskFormat.RAW : DiskFormat.QCOW2;
                reopened = DiskImages.open(basePath.get(), Optional.of(format), true);
            }
            overlay.rebase(
                    base,
                    reopened,
                    basePath.map(to -> DiskImages.nameFor(path, to)).orElse(""));
            taken = true;
            finished = true;
        } finally {
            if (!taken && reopened != null) {
                reopened.close();
            }
        }
    }
}
