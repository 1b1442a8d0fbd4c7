package oriel.broker.session;

/** Why a session is over. */
public enum EndReason {
    /** The user logged off, or shut the guest down. */
    LOGOFF,
    /** Somebody else logged the user off. */
    ADMIN_LOGOFF,
    /** The user was deleted. */
    USER_DELETED,
    /** The user may not use the pool any more. */
    ENTITLEMENT_REVOKED,
    /** The pool's longest time for a session is over. */
    TIME_LIMIT,
    /** Nobody came back within the pool's time for disconnected sessions. */
    DISCONNECTED_TOO_LONG,
    /** Nobody ever connected. */
    NEVER_CONNECTED,
    /** The machine is gone. */
    MACHINE_LOST,
    /** The machine's host has not been heard of for long. */
    HOST_LOST
}
