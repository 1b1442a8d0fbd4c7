package oriel.broker.helpdesk;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import oriel.broker.access.Caller;
import oriel.broker.access.Reach;
import oriel.broker.access.Right;
import oriel.broker.audit.AuditRecord;
import oriel.broker.audit.AuditTrail;
import oriel.broker.identity.Accounts;
import oriel.broker.identity.Accounts.UserView;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.machine.Machines.MachineView;
import oriel.broker.operation.Operation;
import oriel.broker.pool.QueuePlace;
import oriel.broker.role.Roles;
import oriel.broker.session.SessionView;
import oriel.broker.session.Sessions;
import oriel.broker.store.Conditions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/** What is known of a person, in one answer. Thread-safe. */
public final class People {
    private static final int PAST_SESSIONS = 20;
    private static final int TROUBLES = 20;

    private final Store store;
    private final Accounts accounts;
    private final Sessions sessions;
    private final AuditTrail audit;

    /** With its collaborators. */
    public People(Store store, Accounts accounts, Sessions sessions, AuditTrail audit) {
        this.store = store;
        this.accounts = accounts;
        this.sessions = sessions;
        this.audit = audit;
    }

    /**
     * A person, as far as the caller may see: sessions and machines of other pools than the caller's are left out.
     *
     * @throws oriel.broker.problem.RefusedException if there is no such user
     */
    public PersonView person(String idOrName, Caller caller) {
        UserView user = accounts.get(idOrName);
        Reach reach = caller.reach(Right.SESSION_READ);
        List<SessionView> all = reach.empty()
                ? List.of()
                : sessions.list(
                        Instant.parse("9999-01-01T00:00:00Z"),
                        new java.util.UUID(0, 0),
                        PAST_SESSIONS,
                        new Sessions.Filter(false, user.username(), "", "", reach));
        List<SessionView> live =
                all.stream().filter(session -> session.ended() == null).toList();
        return store.call(tx -> new PersonView(
                user,
                live,
                all.stream().filter(session -> session.ended() != null).toList(),
                machines(tx, user, caller.reach(Right.MACHINE_READ)),
                waiting(tx, user, reach),
                troubles(tx, user, all, caller)));
    }

    private static List<MachineView> machines(Tx tx, UserView user, Reach reach) {
        Optional<Set<String>> pools = Roles.pools(tx, reach);
        return tx.list(Machine.class, "from Machine where userId = ?1 order by name", user.id()).stream()
                .filter(machine -> pools.isEmpty() || pools.get().contains(machine.poolId()))
                .map(machine -> Machines.view(tx, machine))
                .toList();
    }

    private static List<Waiting> waiting(Tx tx, UserView user, Reach reach) {
        Optional<Set<String>> pools = Roles.pools(tx, reach);
        return tx.list(QueuePlace.class, "from QueuePlace where accountId = ?1 order by id", user.id()).stream()
                .filter(place -> pools.isEmpty() || pools.get().contains(place.poolId()))
                .map(place -> new Waiting(
                        place.poolId(),
                        (int) tx.count(
                                "select count(*) from QueuePlace where poolId = ?1 and id <= ?2",
                                place.poolId(),
                                place.id()),
                        place.since()))
                .toList();
    }

    /** What went wrong for this person lately, newest first. */
    private List<Trouble> troubles(Tx tx, UserView user, List<SessionView> sessions, Caller caller) {
        List<Trouble> troubles = new ArrayList<>();
        for (SessionView session : sessions) {
            Conditions where = new Conditions()
                    .and("machineName = ? and failure is not null and failure <> ''", session.machine())
                    .and("created >= ?", session.started())
                    .when(session.ended() != null, "created <= ?", session.ended());
            for (Operation operation : tx.query(
                            Operation.class,
                            "from Operation where " + where.hql() + " order by created desc",
                            where.values())
                    .setMaxResults(TROUBLES)
                    .getResultList()) {
                troubles.add(new Trouble(
                        operation.created(),
                        Source.OPERATION,
                        session.machine(),
                        operation.kind() + ": " + operation.failure()));
            }
            if (session.ended() == null) {
                tx.find(Machine.class, session.machine())
                        .filter(machine -> machine.failure() != null)
                        .ifPresent(machine -> troubles.add(new Trouble(
                                machine.changed(), Source.MACHINE, machine.name(), String.valueOf(machine.failure()))));
            }
        }
        if (caller.may(Right.AUDIT_SUBJECT)) {
            refusals(user).forEach(troubles::add);
        }
        troubles.sort(Comparator.comparing(Trouble::time).reversed());
        return List.copyOf(troubles.subList(0, Math.min(TROUBLES, troubles.size())));
    }

    private List<Trouble> refusals(UserView user) {
        return audit
                .list(
                        new AuditTrail.Filter("", "", "", user.username(), AuditRecord.Outcome.REFUSED, null, null),
                        Long.MAX_VALUE,
                        TROUBLES)
                .stream()
                .map(record -> new Trouble(
                        record.time(),
                        Source.REFUSAL,
                        record.entry().target(),
                        record.entry().action() + ": " + record.entry().detail()))
                .toList();
    }

    /** Where a trouble was noticed. */
    public enum Source {
        /** A step on a host failed. */
        OPERATION,
        /** The machine says so of itself. */
        MACHINE,
        /** The broker refused something, as a sign-in. */
        REFUSAL
    }

    /**
     * Something that went wrong.
     *
     * @param time when
     * @param source where it was noticed
     * @param target machine, pool or user
     * @param text for people
     */
    public record Trouble(Instant time, Source source, String target, String text) {}

    /**
     * A place in a queue.
     *
     * @param poolId of which pool
     * @param position 1 is next
     * @param since when
     */
    public record Waiting(String poolId, int position, Instant since) {}

    /** A person as the helpdesk sees them. */
    public record PersonView(
            UserView user,
            List<SessionView> sessions,
            List<SessionView> past,
            List<MachineView> machines,
            List<Waiting> queues,
            List<Trouble> troubles) {
        /** Copies the lists. */
        public PersonView {
            sessions = List.copyOf(sessions);
            past = List.copyOf(past);
            machines = List.copyOf(machines);
            queues = List.copyOf(queues);
            troubles = List.copyOf(troubles);
        }
    }
}
