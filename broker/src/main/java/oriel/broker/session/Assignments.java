package oriel.broker.session;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.DisplayRight;
import oriel.broker.display.Tickets;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.pool.Pool;
import oriel.broker.pool.QueuePlace;
import oriel.broker.store.Tx;

/** Begins sessions on machines that were found for them, many in one transaction. */
final class Assignments {
    private final Machines machines;
    private final Sessions sessions;
    private final Tickets tickets;
    private final AuditTrail audit;
    private final Clock clock;

    Assignments(Machines machines, Sessions sessions, Tickets tickets, AuditTrail audit, Clock clock) {
        this.machines = machines;
        this.sessions = sessions;
        this.tickets = tickets;
        this.audit = audit;
        this.clock = clock;
    }

    /**
     * A machine for a user.
     *
     * @param machine locked
     * @param address where the user is; null if that is not known any more
     * @param asked when the user asked
     * @param caller the user, if it is their request that is served: they get a ticket
     */
    record Assignment(
            Machine machine,
            UUID userId,
            String username,
            @Nullable String address,
            Instant asked,
            @Nullable Caller caller) {
        static Assignment of(Machine machine, QueuePlace place) {
            return new Assignment(machine, place.accountId(), place.username(), place.address(), place.since(), null);
        }

        static Assignment of(Machine machine, Caller caller, Instant asked) {
            return new Assignment(machine, caller.userId(), caller.username(), caller.address(), asked, caller);
        }
    }

    /**
     * A session that has begun.
     *
     * @param ticket if its display can be opened at once, and somebody is there to open it
     */
    record Begun(DesktopSession session, Tickets.@Nullable Issued ticket) {}

    /** Begins a session for each, in the same order. */
    List<Begun> assign(Tx tx, Pool pool, List<Assignment> given) {
        if (given.isEmpty()) {
            return List.of();
        }
        Instant now = clock.instant();
        Map<UUID, Long> signInMillis =
                SignInTiming.before(tx, given.stream().map(Assignment::userId).toList(), now);
        List<DesktopSession> begun = new ArrayList<>();
        for (Assignment one : given) {
            Machine machine = one.machine();
            UUID id = UUID.randomUUID();
            machine.claimFor(id, one.userId(), now);
            if (pool.policy().dedicated()) {
                machine.assignTo(one.userId());
            }
            DesktopSession session =
                    new DesktopSession(id, one.userId(), one.username(), pool.id(), machine.name(), one.address(), now);
            session.asked(one.asked(), signInMillis.getOrDefault(one.userId(), 0L));
            if (machine.ready()) {
                session.becameReady(null, now);
            }
            begun.add(session);
            sessions.changed(tx, session);
        }
        tx.insertAll(begun);
        Set<String> busy =
                machines.saveAll(tx, given.stream().map(Assignment::machine).toList());
        sessions.freed(tx, pool.id());
        List<Begun> answers = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            Assignment one = given.get(i);
            DesktopSession session = begun.get(i);
            String address = one.address();
            audit.record(
                    tx,
                    new AuditEntry(
                            one.username(),
                            "session.assign",
                            session.machineName(),
                            Outcome.OK,
                            "session " + session.id(),
                            address == null ? "" : address));
            Caller caller = one.caller();
            boolean ready = one.machine().ready() && !busy.contains(session.machineName());
            answers.add(new Begun(session, ready && caller != null ? ticket(tx, caller, session) : null));
        }
        return answers;
    }

    /** The right of a session's user to open its display once. */
    Tickets.Issued ticket(Tx tx, Caller caller, DesktopSession session) {
        Tickets.Issued ticket = tickets.issue(
                tx, session.id(), caller.userId(), caller.signIn(), DisplayRight.CONTROL, caller.address());
        audit.record(tx, AuditEntry.by(caller, "session.ticket", session.machineName(), "session " + session.id()));
        return ticket;
    }

    /** The right of a session's user to open its display once, in a VNC viewer. */
    Tickets.Issued nativeTicket(Tx tx, Caller caller, DesktopSession session, DisplayRight right) {
        Tickets.Issued ticket = tickets.issueForNativeViewer(
                tx, session.id(), caller.userId(), caller.signIn(), right, caller.address());
        audit.record(
                tx,
                AuditEntry.by(
                        caller,
                        "session.ticket",
                        session.machineName(),
                        "session " + session.id() + ", for a VNC viewer, to " + right.wireName()));
        return ticket;
    }
}
