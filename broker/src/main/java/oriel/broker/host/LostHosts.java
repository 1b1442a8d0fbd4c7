package oriel.broker.host;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.audit.AuditEntry;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.machine.HostRegistration;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.machine.UnreachableHost;
import oriel.broker.session.DesktopSession;
import oriel.broker.session.EndReason;
import oriel.broker.session.Sessions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/**
 * Sessions on hosts that are not reached. One that never saw its desktop goes to another machine at once: nothing is lost.
 * The others wait, as the host may be working where only we don't hear of it. When it has been silent for long it is
 * lost, and they end, so that their users get other machines. A machine that somebody keeps is never given up here.
 */
public final class LostHosts {
    private static final Logger log = LoggerFactory.getLogger(LostHosts.class);

    private final Store store;
    private final Sessions sessions;
    private final HostRegistrations hosts;
    private final Signals signals;
    private final Clock clock;
    private final Duration lostAfter;
    private final Silence silence = new Silence();

    /** With its collaborators; {@code lostAfter} counts from when a host is found unreachable. */
    public LostHosts(
            Store store, Sessions sessions, HostRegistrations hosts, Signals signals, Clock clock, Duration lostAfter) {
        this.store = store;
        this.sessions = sessions;
        this.hosts = hosts;
        this.signals = signals;
        this.clock = clock;
        this.lostAfter = lostAfter;
    }

    /** Looks at every host that is not reached. */
    public synchronized void sweep() {
        hosts.look();
        Instant now = clock.instant();
        List<HostRegistration> silent = store.call(tx -> HostRegistrations.all(tx).stream()
                .filter(HostRegistration::gone)
                .filter(row -> !hosts.isOwn(row.host()))
                .toList());
        silence.only(silent.stream().map(HostRegistration::host).collect(Collectors.toSet()));
        for (HostRegistration row : silent) {
            boolean lost = silence.unheard(row.host(), row.seen(), now).compareTo(lostAfter) >= 0;
            for (UUID session : store.call(tx -> tx.list(
                    UUID.class,
                    "select sessionId from Machine where host = ?1 and sessionId is not null",
                    row.host()))) {
                store.run(tx -> look(tx, session, lost));
            }
        }
    }

    private void look(Tx tx, UUID id, boolean lost) {
        Optional<DesktopSession> live = tx.lock(DesktopSession.class, id).filter(DesktopSession::lives);
        if (live.isEmpty()) {
            return;
        }
        DesktopSession session = live.get();
        Machine machine = Machines.require(tx, session.machineName());
        Optional<UnreachableHost> gone = UnreachableHost.of(tx, machine);
        if (gone.isEmpty()) {
            return;
        }
        String why = "The host \"" + machine.host() + "\" is not reached.";
        if (sessions.moveUnseen(tx, machine, why)) {
            log.info("session {} goes to another machine: {} is not reached", id, machine.host());
        } else if (lost && machine.assignedTo() == null) {
            end(tx, session, machine);
        }
    }

    private void end(Tx tx, DesktopSession session, Machine machine) {
        log.warn("session {} of {} ends: host {} is lost", session.id(), session.username(), machine.host());
        // Whatever runs there yet is destroyed when the host comes back: nobody else may get it meanwhile.
        sessions.end(tx, session, EndReason.HOST_LOST, Lifecycle.DIRTY, AuditEntry.SYSTEM, "");
        signals.send(
                tx,
                new Signal.Message(
                        session.accountId(),
                        session.id(),
                        session.poolId(),
                        "Oriel",
                        "WARNING",
                        "The server that your desktop was on is lost, and your session with it. Connect again to get"
                                + " another machine.",
                        clock.instant()));
    }
}
