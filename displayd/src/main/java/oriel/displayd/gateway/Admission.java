package oriel.displayd.gateway;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.java_websocket.handshake.Handshakedata;
import oriel.displayd.viewer.CloseReason;

/** What comes of a WebSocket's opening request before its ticket is looked up. */
sealed interface Admission {
    /** The request may go on with this ticket, which has the right form and says nothing more yet. */
    record WithTicket(String ticket) implements Admission {}

    /**
     * The request is turned away, and no ticket was used up.
     *
     * @param detail printable ASCII, for the client and the log
     */
    record Refused(CloseReason reason, String detail) implements Admission {}

    /** A ticket among the sub-protocols offered: base64url, long enough to be none that was guessed. */
    Pattern TICKET = Pattern.compile("(?:^|[,\\s])oriel\\.ticket\\.([A-Za-z0-9_-]{16,512})(?=$|[,;\\s])");

    /** Longer details would not fit a close frame. */
    int MAX_DETAIL = 200;

    /**
     * Decides, in this order: path, origin, form of the ticket.
     *
     * @param path the resource asked for
     * @param request its header fields; a client wrote them
     * @param origins which pages may connect
     */
    static Admission of(String path, Handshakedata request, OriginPolicy origins) {
        if (!path.equals(DisplayGateway.PATH)) {
            return new Refused(CloseReason.PROTOCOL_ERROR, "displays are at " + DisplayGateway.PATH);
        }
        String origin = request.getFieldValue("Origin");
        String host = request.getFieldValue("Host");
        if (!origins.allows(origin, host, request.getFieldValue("X-Forwarded-Host"))) {
            return new Refused(CloseReason.ORIGIN_REFUSED, printable(origin));
        }
        Matcher ticket = TICKET.matcher(request.getFieldValue("Sec-WebSocket-Protocol"));
        if (!ticket.find()) {
            return new Refused(CloseReason.TICKET_REFUSED, "no ticket was offered");
        }
        return new WithTicket(ticket.group(1));
    }

    /** A client's text as it may be logged: printable ASCII, not too much of it. */
    static String printable(String text) {
        return text.substring(0, Math.min(text.length(), MAX_DETAIL)).replaceAll("[^ -~]", "?");
    }
}
