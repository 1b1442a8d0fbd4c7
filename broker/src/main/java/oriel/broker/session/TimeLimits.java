package oriel.broker.session;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import oriel.broker.audit.AuditEntry;
import oriel.broker.display.Activity;
import oriel.broker.display.LiveDisplays;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.machine.Lifecycle;
import oriel.broker.pool.Pool;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.store.Store;

/** Ends sessions whose time is up, with a warning before; cuts displays that nobody uses. */
public final class TimeLimits {
    /** How long before the end of a session its user is told. */
    static final Duration WARNING = Duration.ofMinutes(5);

    private final Store store;
    private final Sessions sessions;
    private final LiveDisplays displays;
    private final Activity activity;
    private final Signals signals;
    private final Clock clock;

    /** With its collaborators. */
    public TimeLimits(
            Store store, Sessions sessions, LiveDisplays displays, Activity activity, Signals signals, Clock clock) {
        this.store = store;
        this.sessions = sessions;
        this.displays = displays;
        this.activity = activity;
        this.signals = signals;
        this.clock = clock;
    }

    /** Looks at every live session once. */
    public void enforce() {
        for (Pool pool : store.call(tx -> tx.list(Pool.class, "from Pool"))) {
            PoolPolicy.Limits limits = pool.limits();
            if (limits.idleMinutes() == null && limits.disconnectedMinutes() == null && limits.maxMinutes() == null) {
                continue;
            }
            List<DesktopSession> live = store.call(tx -> tx.list(
                    DesktopSession.class, "from DesktopSession where poolId = ?1 and state <> ENDED", pool.id()));
            live.forEach(session -> enforce(session, limits));
        }
    }

    private void enforce(DesktopSession session, PoolPolicy.Limits limits) {
        Instant now = clock.instant();
        if (over(session.started(), limits.maxMinutes(), now)) {
            end(session, EndReason.TIME_LIMIT);
        } else if (session.state() == SessionState.DISCONNECTED
                && over(session.disconnected(), limits.disconnectedMinutes(), now)) {
            end(session, EndReason.DISCONNECTED_TOO_LONG);
        } else if (session.state() == SessionState.CONNECTED
                // Another broker knows of the input on the displays that it has.
                && displays.watched(session.id())
                && over(lastUse(session), limits.idleMinutes(), now)) {
            sessions.disconnectIdle(session.id(), limits.idleMinutes() == null ? 0 : limits.idleMinutes());
        } else if (over(session.started().minus(WARNING), limits.maxMinutes(), now)) {
            warn(session, limits.maxMinutes() == null ? now : end(session.started(), limits.maxMinutes()), now);
        }
    }

    private @Nullable Instant lastUse(DesktopSession session) {
        Instant connected = session.connected();
        Instant input = activity.lastInput(session.machineName());
        return input == null || (connected != null && connected.isAfter(input)) ? connected : input;
    }

    private static Instant end(Instant since, int minutes) {
        return since.plus(Duration.ofMinutes(minutes));
    }

    private static boolean over(@Nullable Instant since, @Nullable Integer minutes, Instant now) {
        return since != null && minutes != null && !end(since, minutes).isAfter(now);
    }

    private void end(DesktopSession seen, EndReason reason) {
        store.run(tx -> tx.lock(DesktopSession.class, seen.id())
                .filter(DesktopSession::lives)
                // It may have been connected to meanwhile.
                .filter(session -> reason == EndReason.TIME_LIMIT || session.state() == seen.state())
                .ifPresent(session -> sessions.end(tx, session, reason, Lifecycle.LOGGING_OFF, AuditEntry.SYSTEM, "")));
    }

    private void warn(DesktopSession seen, Instant end, Instant now) {
        long minutes = Math.max(1, Duration.between(now, end).toMinutes());
        store.run(tx -> tx.lock(DesktopSession.class, seen.id())
                .filter(DesktopSession::lives)
                .filter(session -> session.warn(now))
                .ifPresent(session -> {
                    tx.update(session);
                    signals.send(
                            tx,
                            new Signal.Message(
                                    seen.accountId(),
                                    seen.id(),
                                    seen.poolId(),
                                    "Oriel",
                                    "WARNING",
                                    "Your session's time is up in " + minutes + (minutes == 1 ? " minute" : " minutes")
                                            + ". Save your work: the desktop is logged off then.",
                                    now));
                }));
    }
}
