package oriel.broker.session;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Cut;
import oriel.broker.display.DisplayPolicy;
import oriel.broker.display.DisplayRight;
import oriel.broker.display.LiveDisplays;
import oriel.broker.display.Tickets;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.identity.Callers;
import oriel.broker.pool.Pool;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.store.Store;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.displayd.viewer.PowerSwitch;

/** What follows from displays being opened and closed. Thread-safe. */
public final class SessionDisplays implements DisplayPolicy {
    private final Store store;
    private final Sessions sessions;
    private final Tickets tickets;
    private final LiveDisplays displays;
    private final AuditTrail audit;
    private final Signals signals;
    private final Callers callers;
    private final String broker;
    private final Clock clock;

    /**
     * With its collaborators.
     *
     * @param callers who is behind a connection
     * @param broker the name of the one that has the displays
     */
    public SessionDisplays(
            Store store,
            Sessions sessions,
            Tickets tickets,
            LiveDisplays displays,
            AuditTrail audit,
            Signals signals,
            Callers callers,
            String broker,
            Clock clock) {
        this.store = store;
        this.sessions = sessions;
        this.tickets = tickets;
        this.displays = displays;
        this.audit = audit;
        this.signals = signals;
        this.callers = callers;
        this.broker = broker;
        this.clock = clock;
    }

    /** Somebody looks at a session. */
    public void opened(Tickets.Redeemed grant) {
        displays.opened(grant);
        store.run(tx -> tx.lock(DesktopSession.class, grant.sessionId())
                .filter(DesktopSession::lives)
                .filter(session -> tx.count("select count(*) from SignIn where tokenHash = ?1", grant.signIn()) > 0)
                .ifPresentOrElse(
                        session -> {
                            session.connect(grant.address(), broker, clock.instant());
                            tx.update(session);
                            sessions.changed(tx, session);
                            audit.record(
                                    tx,
                                    new AuditEntry(
                                            session.username(),
                                            "session.connect",
                                            session.machineName(),
                                            Outcome.OK,
                                            "session " + session.id()
                                                    + (grant.nativeViewer() ? ", in a VNC viewer" : ""),
                                            grant.address()));
                        },
                        () -> signals.send(
                                tx, Signal.CutDisplays.ofSession(grant.sessionId(), Cut.SESSION_ENDED, ""))));
    }

    @Override
    public ClipboardPolicy clipboard(Tickets.Redeemed grant) {
        if (grant.shadow() != null || grant.right() == DisplayRight.VIEW) {
            return ClipboardPolicy.DENIED;
        }
        if (grant.image() != null) {
            return ClipboardPolicy.BOTH_WAYS;
        }
        PoolPolicy.Clipboard allowed =
                pool(grant).map(pool -> pool.policy().clipboard()).orElse(PoolPolicy.Clipboard.NONE);
        int most = ClipboardPolicy.BOTH_WAYS.maximumBytes();
        return switch (allowed) {
            case BOTH -> ClipboardPolicy.BOTH_WAYS;
            case TO_GUEST -> new ClipboardPolicy(true, false, most);
            case TO_CLIENT -> new ClipboardPolicy(false, true, most);
            case NONE -> ClipboardPolicy.DENIED;
        };
    }

    private Optional<Pool> pool(Tickets.Redeemed grant) {
        return store.call(tx -> tx.find(DesktopSession.class, grant.sessionId())
                .flatMap(session -> tx.find(Pool.class, session.poolId())));
    }

    /** Of who works in a session of their own, which they may restart and log off from the portal as well. */
    @Override
    public Optional<PowerSwitch> power(Tickets.Redeemed grant) {
        boolean own = grant.shadow() == null && grant.image() == null && grant.right() == DisplayRight.CONTROL;
        return own
                ? Optional.of(new SessionSwitch(
                        sessions, grant.sessionId(), () -> callers.bySignIn(grant.signIn(), grant.address())))
                : Optional.empty();
    }

    /** Says that the session is recorded: a VNC viewer shows nothing else of ours. */
    @Override
    public Optional<String> title(Tickets.Redeemed grant) {
        return pool(grant)
                .map(pool -> pool.policy().recording() == PoolPolicy.Recording.ALL
                        ? pool.displayName() + " (recorded)"
                        : pool.displayName());
    }

    @Override
    public boolean allowsNativeViewer(Tickets.Redeemed grant) {
        return pool(grant).filter(pool -> pool.policy().showsInNativeViewers()).isPresent();
    }

    /** Somebody sees the first picture. */
    public void firstFrame(UUID connection, Duration afterOpening) {
        Tickets.Redeemed grant = displays.get(connection);
        if (grant != null && grant.shadow() == null) {
            store.run(tx -> tx.lock(DesktopSession.class, grant.sessionId())
                    .filter(session -> session.sawFirstFrame(afterOpening))
                    .ifPresent(session -> {
                        tx.update(session);
                        sessions.changed(tx, Signal.Kind.SESSION, session);
                    }));
        }
    }

    /** Somebody does not look any more. */
    public void closed(UUID connection) {
        Tickets.Redeemed grant = displays.closed(connection);
        if (grant == null || displays.watched(grant.sessionId())) {
            return;
        }
        store.run(tx -> tx.lock(DesktopSession.class, grant.sessionId())
                .filter(session -> session.state() == SessionState.CONNECTED)
                .ifPresent(session -> {
                    session.disconnect(clock.instant());
                    tx.update(session);
                    sessions.unwatched(tx, session.id());
                    sessions.changed(tx, session);
                }));
    }

    /** After a start of this broker nobody looks at anything through it. */
    public void nobodyLooks() {
        store.run(tx -> {
            tickets.voidOwn(tx);
            for (DesktopSession session : tx.list(
                    DesktopSession.class,
                    "from DesktopSession where state = ?1 and (shownBy = ?2 or shownBy is null)",
                    SessionState.CONNECTED,
                    broker)) {
                session.disconnect(clock.instant());
                tx.update(session);
                sessions.unwatched(tx, session.id());
            }
        });
    }
}
