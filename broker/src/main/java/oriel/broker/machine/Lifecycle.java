package oriel.broker.machine;

/** Where a machine is in its life, from the pool's view. */
public enum Lifecycle {
    /** Wanted; has no files yet. */
    REQUESTED,
    /** Its files are being made. */
    CLONING,
    /** Clean and free; its guest starts. */
    BOOTING,
    /** Clean and free; on with a guest that is up, or off. */
    AVAILABLE,
    /** Somebody's; the desktop is not up yet. */
    ASSIGNED,
    /** Somebody's; the desktop is up. */
    IN_SESSION,
    /** Its session has ended; to be refreshed. */
    LOGGING_OFF,
    /** Gets a new disk. */
    REFRESHING,
    /** To be deleted. */
    DELETING,
    /** Gone. */
    DELETED,
    /** Out of service by an administrator. */
    MAINTENANCE,
    /** Goes out of service when its session ends. */
    DRAINING,
    /** Lost its session without a clean log-off, or misbehaves: nobody gets it before a refresh. */
    DIRTY,
    /** An operation on it has failed; see the machine's failure. */
    ERROR,
    /** Its host does not have it any more. */
    MISSING;

    /** Whether a machine in this state may be given to a user, provided that it is clean. */
    public boolean claimable() {
        return this == REQUESTED || this == CLONING || this == BOOTING || this == AVAILABLE;
    }
}
