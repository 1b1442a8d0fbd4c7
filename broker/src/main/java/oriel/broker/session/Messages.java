package oriel.broker.session;

import java.time.Clock;
import java.util.UUID;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditTrail;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.store.Store;

/** Messages of the helpdesk onto users' pages. Thread-safe. */
public final class Messages {
    private final Store store;
    private final AuditTrail audit;
    private final Signals signals;
    private final Clock clock;

    /** Over a database. */
    public Messages(Store store, AuditTrail audit, Signals signals, Clock clock) {
        this.store = store;
        this.audit = audit;
        this.signals = signals;
        this.clock = clock;
    }

    /**
     * Writes a message onto the pages of a session's user.
     *
     * @return how many of them are open at this broker
     */
    public int send(UUID sessionId, Message message, Caller caller) {
        return store.call(tx -> {
            DesktopSession session = Sessions.requireLive(tx, sessionId);
            Signal.Message signal = new Signal.Message(
                    session.accountId(),
                    sessionId,
                    session.poolId(),
                    caller.displayName(),
                    message.look().name(),
                    message.text(),
                    clock.instant());
            signals.send(tx, signal);
            audit.record(
                    tx,
                    AuditEntry.by(
                                    caller,
                                    "session.message",
                                    session.machineName(),
                                    message.look() + ": " + message.text())
                            .about(session.username()));
            return signals.wanted(signal);
        });
    }
}
