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
    DELETE,
    /** Keep its disk, and maybe its memory, as they are. */
    SNAPSHOT,
    /** Put it back to a snapshot. */
    RESTORE,
    /** Let a snapshot go. */
    DELETE_SNAPSHOT,
    /** Boot a golden image once and freeze it, for instant clones. */
    PREPARE,
    /** Build a version of a golden image from its recipe. */
    BUILD,
    /** Make a version of a golden image from a disk. */
    IMPORT,
    /** Make a machine on a golden image's version, to be worked in, and power it on. */
    EDIT,
    /** Make a version of a golden image from the machine in which it was edited. */
    SEAL,
    /** Throw such a machine away. */
    DISCARD;

    /** Whether a guest boots, which is what costs a host the most. */
    public boolean boots() {
        return this == START || this == RESTART || this == PREPARE || this == EDIT;
    }

    /** Whether it follows from a machine's state, and would be journalled again at once if it were called off. */
    public boolean steered() {
        return switch (this) {
            case PROVISION, START, REFRESH, RESTART, STOP, SHUTDOWN, DELETE, EDIT, DISCARD -> true;
            case SNAPSHOT, RESTORE, DELETE_SNAPSHOT, PREPARE, BUILD, IMPORT, SEAL -> false;
        };
    }
}
