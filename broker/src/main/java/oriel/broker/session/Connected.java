package oriel.broker.session;

import oriel.broker.display.Tickets;

/** What a connect has come to. */
public sealed interface Connected {
    /** The display can be opened. */
    record Ready(DesktopSession session, Tickets.Issued ticket) implements Connected {}

    /** Not yet. */
    record Pending(Desktop desktop) implements Connected {}
}
