package oriel.hypervisor.firmware;

import org.jspecify.annotations.Nullable;

/** A machine that can't be started as asked; the message says why and what to do. */
public final class FirmwareException extends RuntimeException {
    /** With a reason. */
    public FirmwareException(String message) {
        super(message);
    }

    /** With a reason and a cause. */
    public FirmwareException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
