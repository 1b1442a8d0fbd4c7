package oriel.broker.session;

/** How far a session is. */
public enum SessionState {
    /** Has a machine; nobody has connected yet. */
    PENDING,
    /** Somebody looks at it. */
    CONNECTED,
    /** Runs; nobody looks at it. */
    DISCONNECTED,
    /** Over. */
    ENDED
}
