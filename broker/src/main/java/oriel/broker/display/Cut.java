package oriel.broker.display;

/** Why a display is cut from this side. */
public enum Cut {
    /** The session is over. */
    SESSION_ENDED,
    /** The right to see it is gone: signed out, disabled, disconnected by an administrator. */
    REVOKED,
    /** The same user has opened it elsewhere. */
    REPLACED
}
