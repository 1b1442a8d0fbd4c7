package oriel.broker.shadow;

/** How far a request to watch a session is. */
public enum ShadowState {
    /** The user has not answered yet. */
    ASKED,
    /** The user has agreed: the session may be watched. */
    GRANTED,
    /** The user has said no. */
    DENIED,
    /** The user has not answered in time. */
    EXPIRED,
    /** It is over: ended by one of both, by the end of the session, or because its time is up. */
    ENDED;

    /** Whether something can still come of it. */
    public boolean open() {
        return this == ASKED || this == GRANTED;
    }
}
