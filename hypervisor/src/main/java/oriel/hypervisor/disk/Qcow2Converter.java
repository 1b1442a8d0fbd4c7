package oriel.hypervisor.disk;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/** Copies a disk into a new qcow2 image without its zeroes, for golden images. */
public final class Qcow2Converter {
    private static final int CHUNK = 1 << 16;

    private Qcow2Converter() {}

    /**
     * Converts a raw file.
     *
     * @throws DiskException if it can't be read, or the target exists or can't be written
     */
    public static void convertRaw(Path raw, Path target) {
        try (DiskImage source = DiskImages.open(raw, Optional.of(DiskFormat.RAW), true)) {
            convert(source, target);
        }
    }

    /**
     * Copies what a disk shows, its backing chain included, into a standalone image.
     *
     * @throws DiskException if the source can't be read, or the target exists or can't be written
     */
    public static void convert(DiskImage source, Path target) {
        DiskImages.createQcow2(target, source.size());
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        try (DiskImage copy = DiskImages.open(target, Optional.of(DiskFormat.QCOW2), false)) {
            for (long at = 0; at < source.size(); at += CHUNK) {
                source.read(at, chunk.clear().limit((int) Math.min(CHUNK, source.size() - at)));
                if (!Zeroes.isZero(chunk.flip())) {
                    copy.write(at, chunk);
                }
            }
        }
    }
}
