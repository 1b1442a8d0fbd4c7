package oriel.broker.session;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import oriel.broker.display.DisplayRight;
import oriel.broker.display.Tickets;

/** What a client needs to open a display, as the API shows it. */
public record ConnectReady(
        String state,
        String poolId,
        UUID sessionId,
        String machine,
        String ticket,
        Instant ticketExpires,
        String displayPath,
        List<String> subprotocols,
        List<DisplayRight> rights) {
    /** Copies the lists. */
    public ConnectReady {
        subprotocols = List.copyOf(subprotocols);
        rights = List.copyOf(rights);
    }

    static ConnectReady of(Connected.Ready ready) {
        DesktopSession session = ready.session();
        return of(session.poolId(), session.id(), session.machineName(), ready.ticket(), DisplayRight.CONTROL);
    }

    /** To see somebody's display, and not to touch it. */
    public static ConnectReady toWatch(String poolId, UUID sessionId, String machine, Tickets.Issued ticket) {
        return of(poolId, sessionId, machine, ticket, DisplayRight.VIEW);
    }

    /** To work in the maintenance machine of a golden image: no pool, and its id in place of a session's. */
    public static ConnectReady toMaintain(UUID id, String machine, Tickets.Issued ticket) {
        return of("", id, machine, ticket, DisplayRight.CONTROL);
    }

    private static ConnectReady of(
            String poolId, UUID sessionId, String machine, Tickets.Issued issued, DisplayRight right) {
        String ticket = issued.ticket();
        return new ConnectReady(
                "READY",
                poolId,
                sessionId,
                machine,
                ticket,
                issued.expires(),
                "/display",
                List.of("binary", "oriel.ticket." + ticket),
                List.of(right));
    }

    @Override
    public String toString() {
        return "ConnectReady[" + sessionId + "]";
    }
}
