package oriel.hypervisor.disk;

import org.jspecify.annotations.Nullable;

/** A disk image can't be opened, read or written; the message names the file and says what to do. */
public final class DiskException extends RuntimeException {
    private final boolean full;

    /** With a reason for people. */
    public DiskException(String message) {
        this(message, null, false);
    }

    /** With a reason for people and the cause. */
    public DiskException(String message, @Nullable Throwable cause) {
        this(message, cause, false);
    }

    private DiskException(String message, @Nullable Throwable cause, boolean full) {
        super(message, cause);
        this.full = full;
    }

    /** The host's file system, or a quota, has no space left for the image. */
    public static DiskException full(String message, @Nullable Throwable cause) {
        return new DiskException(message, cause, true);
    }

    /** Whether the host ran out of space, so that the same request can succeed once there is some. */
    public boolean full() {
        return full;
    }
}
