package oriel.displayd.viewer;

/** Why a display connection ended, with the WebSocket close code that tells the browser (RFC 6455 §7.4.2). */
public enum CloseReason {
    /** The viewer left. */
    CLIENT_LEFT(1000, "the viewer closed the connection"),
    /** The user's session is over: logged off, or its time is up. */
    SESSION_ENDED(4000, "the session has ended"),
    /** The machine was switched off or has gone. */
    MACHINE_STOPPED(4001, "the machine was stopped"),
    /** An administrator took the right away. */
    REVOKED(4002, "access was revoked"),
    /** The same user opened the display elsewhere. */
    REPLACED(4003, "the display was opened elsewhere"),
    /** This server stops; the display may be had again soon. */
    SERVER_SHUTDOWN(4004, "the display server is shutting down"),
    /** The client broke the protocol or a limit. */
    PROTOCOL_ERROR(4005, "the client sent something that is not allowed"),
    /** The client didn't finish the handshake. */
    HANDSHAKE_TIMEOUT(4006, "the client did not finish the handshake in time"),
    /** As many viewers as this server takes. */
    TOO_MANY_CONNECTIONS(4007, "the display server has no room for another viewer"),
    /** Our fault; the log knows more. */
    INTERNAL_ERROR(4008, "the display server failed"),
    /** The ticket is unknown, expired or used. */
    TICKET_REFUSED(4401, "the ticket is unknown, expired or was used before: ask for a new one"),
    /** The page that opened the display is not one of ours. */
    ORIGIN_REFUSED(4403, "this page's origin is not allowed to open displays");

    private final int code;
    private final String text;

    CloseReason(int code, String text) {
        this.code = code;
        this.text = text;
    }

    /** The WebSocket close code. */
    public int code() {
        return code;
    }

    /** For people. */
    public String text() {
        return text;
    }
}
