package oriel.hypervisor.machine;

import java.util.OptionalInt;

/**
 * How a machine's run ended.
 *
 * @param cause the kind
 * @param detail for people: what happened, and for a failure what to look at
 * @param status what a test kernel ended its run with, if it did
 */
public record MachineEnd(Cause cause, String detail, OptionalInt status) {
    /** An end without a status. */
    public MachineEnd(Cause cause, String detail) {
        this(cause, detail, OptionalInt.empty());
    }

    /** Kinds of ends. */
    public enum Cause {
        /** The guest switched itself off. */
        POWER_OFF,
        /** {@link Machine#stop} pulled the plug. */
        STOPPED,
        /** The guest or a part of the machine broke beyond repair. */
        FAILED
    }
}
