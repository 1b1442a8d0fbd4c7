package oriel.hypervisor.host;

/** Whether a machine runs. */
public enum PowerState {
    /** Exists, does not run. */
    OFF,
    /** Powers on; the first instruction is still to come. */
    STARTING,
    /** Runs. */
    ON,
    /** Halted with its state kept in memory. */
    SUSPENDED,
    /** Powers off. */
    STOPPING,
    /** The host cannot tell (a remote one that does not answer). */
    UNKNOWN
}
