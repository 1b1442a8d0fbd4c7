package oriel.hypervisor.disk;

import java.io.IOException;

/** Turns the host's errors on one image into {@link DiskException}s, and checks ranges. */
record DiskErrors(String image) {
    DiskException io(String action, IOException cause) {
        String reason = String.valueOf(cause.getMessage());
        if (reason.contains("No space left") || reason.contains("quota exceeded")) {
            return DiskException.full(
                    "the host has no space left for " + image + ": free some or enlarge the file system, then retry",
                    cause);
        }
        return new DiskException("can't " + action + " " + image + ": " + reason, cause);
    }

    DiskException corrupt(String what) {
        return new DiskException(image + " is corrupt: " + what + "; run 'qemu-img check " + image
                + "' and restore it from a copy if that finds errors");
    }

    DiskException unsupported(String what) {
        return new DiskException(image + " " + what);
    }

    void checkRange(long offset, long length, long size) {
        if (offset < 0 || length < 0 || offset > size - length) {
            throw new IllegalArgumentException(
                    "%d bytes at %d are outside %s of %d bytes".formatted(length, offset, image, size));
        }
    }

    void checkWritable(boolean readOnly) {
        if (readOnly) {
            throw new DiskException(image + " is open read-only: open it for writing, or write to an overlay of it");
        }
    }
}
