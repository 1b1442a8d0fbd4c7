package oriel.broker.operation;

/** What is to be done to a machine on its host. */
public enum OperationKind {
    /** Make its files. */
    PROVISION,
    /** Power it on. */
    START,
    /** Give it a new disk; it is off afterwards. */
    REFRESH,
    /** Boot it again with the disk it has. */
    RESTART,
    /** Power it off. */
    STOP,
    /** Ask its guest to shut down; power it off if that takes too long. */
    SHUTDOWN,
    /** Delete it. */
    DELETE;

    /** Whether a guest boots, which is what costs a host the most. */
    public boolean boots() {
        return this == START || this == RESTART;
    }
}
