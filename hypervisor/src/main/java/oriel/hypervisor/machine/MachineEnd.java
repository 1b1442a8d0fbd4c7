package oriel.hypervisor.machine;

/**
 * How a machine's run ended.
 *
 * @param cause the kind
 * @param detail for people: what happened, and for a failure what to look at
 */
public record MachineEnd(Cause cause, String detail) {
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
