package oriel.broker.machine;

import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Reach;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.operation.Journal;
import oriel.broker.operation.Operation;
import oriel.broker.operation.OperationKind;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.store.Conditions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.hypervisor.host.PowerState;

/** The machines in the database. Whoever changes one saves it here, which also journals what it needs next. */
public final class Machines {
    private final Store store;
    private final Journal journal;
    private final Signals signals;
    private final Clock clock;

    /** With its collaborators. */
    public Machines(Store store, Journal journal, Signals signals, Clock clock) {
        this.store = store;
        this.journal = journal;
        this.signals = signals;
        this.clock = clock;
    }

    /** A machine, locked until the end of the transaction. */
    public static Optional<Machine> lock(Tx tx, String name) {
        return tx.lock(Machine.class, name);
    }

    /** A free, clean machine of a pool that nobody else is about to take, locked; the quickest to be ready first. */
    public static Optional<Machine> claimable(Tx tx, String poolId, Instant now) {
        return claimable(tx, poolId, 1, now).stream().findFirst();
    }

    /** Several of them, so many at most. */
    public static List<Machine> claimable(Tx tx, String poolId, int most, Instant now) {
        return tx.claimSome(most, Machine.class, """
                from Machine where poolId = ?1 and sessionId is null and taintedBy is null and assignedTo is null
                  and failure is null
                  and lifecycle in (REQUESTED, CLONING, BOOTING, AVAILABLE)
                  and host not in (select d.host from HostDrain d)
                  and host not in (select r.host from HostRegistration r where r.gone = true)
                order by case when power = OFF and host in
                    (select r.host from HostRegistration r where r.fullUntil > ?2) then 6
                  when agent = READY then 0 when power = ON then 1 when power = STARTING then 2
                  when powerWanted = true then 3 when generation > 0 then 4 else 5 end, number
                """, poolId, now);
    }

    /** The machine of a dedicated pool that is a user's, locked. */
    public static Optional<Machine> ownOf(Tx tx, String poolId, UUID userId) {
        return tx.first(String.class, "select name from Machine where poolId = ?1 and assignedTo = ?2", poolId, userId)
                .flatMap(name -> lock(tx, name));
    }

    /** Writes a new machine. */
    public void insert(Tx tx, Machine machine) {
        tx.insert(machine);
        changed(tx, machine);
    }

    /** Writes a changed machine and journals the next thing to do, unless an operation is open. */
    public void save(Tx tx, Machine machine) {
        Optional<Operation> open = Journal.openFor(tx, machine.name());
        if (open.isEmpty()) {
            steer(tx, machine);
        } else if (machine.sessionId() != null) {
            journal.hurry(tx, machine.name());
        }
        tx.update(machine);
        changed(tx, machine);
    }

    /**
     * Writes several changed machines, as {@link #save} does.
     *
     * @return the names of those that have an open operation
     */
    public Set<String> saveAll(Tx tx, List<Machine> changed) {
        Set<String> open = new HashSet<>(tx.list(
                String.class,
                "select openKey from Operation where openKey in ?1",
                changed.stream().map(Machine::name).toList()));
        for (Machine machine : changed) {
            if (!open.contains(machine.name())) {
                steer(tx, machine);
            } else if (machine.sessionId() != null) {
                journal.hurry(tx, machine.name());
            }
            changed(tx, machine);
        }
        tx.updateAll(changed);
        return open;
    }

    /** Writes a changed machine whose pending operation, if any, is void. */
    public void redirect(Tx tx, Machine machine, String why) {
        journal.withdraw(tx, machine.name(), why);
        save(tx, machine);
    }

    private void steer(Tx tx, Machine machine) {
        Instant now = clock.instant();
        switch (machine.need()) {
            case NOTHING -> {}
            case PROVISION -> {
                open(tx, machine, OperationKind.PROVISION, 1, spareOr(machine, Operation.URGENT), now);
                machine.cloning(now);
            }
            case START ->
                open(tx, machine, OperationKind.START, machine.generation(), spareOr(machine, Operation.URGENT), now);
            case REFRESH -> {
                open(tx, machine, OperationKind.REFRESH, machine.generation() + 1, Operation.SOON, now);
                machine.become(Lifecycle.REFRESHING, machine.failure(), now);
            }
            case RESTART -> open(tx, machine, OperationKind.RESTART, machine.generation(), Operation.URGENT, now);
            case SHUTDOWN -> open(tx, machine, OperationKind.SHUTDOWN, machine.generation(), Operation.SPARE, now);
            case STOP -> open(tx, machine, OperationKind.STOP, machine.generation(), Operation.SOON, now);
            case DELETE -> open(tx, machine, OperationKind.DELETE, machine.generation(), Operation.SOON, now);
        }
    }

    private static int spareOr(Machine machine, int priority) {
        return machine.sessionId() == null ? Operation.SPARE : priority;
    }

    private void open(Tx tx, Machine machine, OperationKind kind, long generation, int priority, Instant now) {
        journal.open(
                tx,
                new Operation(
                        kind,
                        machine.name(),
                        machine.poolId(),
                        machine.host(),
                        generation,
                        machine.imageVersion(),
                        priority,
                        now));
    }

    /** Deletes the row of a machine that is gone. */
    public void gone(Tx tx, Machine machine) {
        tx.delete(machine);
        changed(tx, machine);
    }

    private void changed(Tx tx, Machine machine) {
        signals.send(tx, new Signal.Changed(Signal.Kind.MACHINE, machine.name(), machine.poolId()));
        UUID user = machine.userId();
        if (user != null) {
            signals.send(tx, new Signal.Desktop(user, machine.poolId()));
        }
    }

    /** A page of machines by name. */
    public List<MachineView> list(Filter filter, String after, int limit) {
        return store.call(tx -> {
            Conditions where = new Conditions()
                    .and("name > ?", after)
                    .when(!filter.poolId().isEmpty(), "poolId = ?", filter.poolId())
                    .when(filter.lifecycle() != null, "lifecycle = ?", filter.lifecycle())
                    .when(filter.power() != null, "power = ?", filter.power())
                    .when(!filter.part().isEmpty(), "name like ? escape '!'", Tx.contains(filter.part()));
            Roles.pools(tx, filter.reach()).ifPresent(pools -> where.and("poolId in ?", pools));
            List<Machine> machines = tx.query(
                            Machine.class, "from Machine where " + where.hql() + " order by name", where.values())
                    .setMaxResults(limit)
                    .getResultList();
            return views(tx, machines);
        });
    }

    /**
     * Which machines.
     *
     * @param poolId of one pool; empty: of all
     * @param lifecycle in one state; null: in any
     * @param power in one state; null: in any
     * @param part of the name; empty: any
     * @param reach where the caller may see machines
     */
    public record Filter(
            String poolId,
            @Nullable Lifecycle lifecycle,
            @Nullable PowerState power,
            String part,
            Reach reach) {}

    /** One machine. */
    public MachineView get(String name) {
        return store.call(tx -> view(tx, require(tx, name)));
    }

    /** Whose a machine is now. */
    public Optional<UUID> owner(String name) {
        return store.call(
                tx -> tx.first(UUID.class, "select userId from Machine where name = ?1 and userId is not null", name));
    }

    /** One machine, locked. */
    public static Machine require(Tx tx, String name) {
        return lock(tx, name).orElseThrow(() -> RefusedException.notFound("machine \"" + name + "\""));
    }

    /** A machine as the API shows it. */
    public static MachineView view(Tx tx, Machine machine) {
        return views(tx, List.of(machine)).getFirst();
    }

    private static List<MachineView> views(Tx tx, List<Machine> machines) {
        Map<UUID, String> users = new HashMap<>();
        List<UUID> ids = machines.stream()
                .flatMap(machine -> Stream.of(machine.userId(), machine.assignedTo()))
                .filter(Objects::nonNull)
                .distinct()
                .toList();
        if (!ids.isEmpty()) {
            tx.list(Object[].class, "select id, username from Account where id in ?1", ids)
                    .forEach(row -> users.put((UUID) row[0], (String) row[1]));
        }
        Map<String, String> images = new HashMap<>();
        List<String> pools = machines.stream().map(Machine::poolId).distinct().toList();
        if (!pools.isEmpty()) {
            tx.list(Object[].class, "select id, imageName from Pool where id in ?1", pools)
                    .forEach(row -> images.put((String) row[0], (String) row[1]));
        }
        return machines.stream()
                .map(machine -> view(
                        machine,
                        images.getOrDefault(machine.poolId(), ""),
                        machine.userId() == null ? null : users.get(machine.userId()),
                        machine.assignedTo() == null ? null : users.get(machine.assignedTo())))
                .toList();
    }

    private static MachineView view(
            Machine machine, String image, @Nullable String username, @Nullable String assignee) {
        return new MachineView(
                machine.name(),
                machine.poolId(),
                machine.host(),
                machine.lifecycle(),
                machine.power(),
                machine.agent(),
                image,
                machine.imageVersion(),
                username,
                assignee,
                machine.sessionId(),
                machine.generation(),
                machine.failure(),
                machine.changed(),
                machine.etag());
    }

    /** A machine as the API shows it. */
    public record MachineView(
            String name,
            String poolId,
            String host,
            Lifecycle lifecycle,
            PowerState power,
            Agent agent,
            String image,
            int imageVersion,
            @Nullable String username,
            @Nullable String assignedTo,
            @Nullable UUID sessionId,
            long generation,
            @Nullable String failure,
            Instant changed,
            String etag) {}
}
