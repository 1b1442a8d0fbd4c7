package oriel.displayd.rfb;

/** A client sent something the protocol, or our bounds on it, doesn't allow. The message says what; the connection ends. */
public final class RfbProtocolException extends Exception {
    private final String reason;

    /** @param message what was wrong, for the log and for the close reason */
    public RfbProtocolException(String message) {
        super(message);
        reason = message;
    }

    /** What was wrong. */
    public String reason() {
        return reason;
    }
}
