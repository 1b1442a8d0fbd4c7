package oriel.broker.snapshot;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Right;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditTrail;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.operation.Journal;
import oriel.broker.operation.Journal.OperationView;
import oriel.broker.operation.Operation;
import oriel.broker.operation.OperationKind;
import oriel.broker.pool.Pool;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.pool.Pools;
import oriel.broker.problem.Check;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.snapshot.Snapshot.Kind;
import oriel.broker.snapshot.Snapshot.State;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.hypervisor.host.PowerState;

/** Snapshots of machines. Each act is journalled, and recorded in the audit trail. Thread-safe. */
public final class Snapshots {
    private final Store store;
    private final Journal journal;
    private final Roles roles;
    private final AuditTrail audit;
    private final Signals signals;
    private final Clock clock;

    /** With its collaborators. */
    public Snapshots(Store store, Journal journal, Roles roles, AuditTrail audit, Signals signals, Clock clock) {
        this.store = store;
        this.journal = journal;
        this.roles = roles;
        this.audit = audit;
        this.signals = signals;
        this.clock = clock;
    }

    /**
     * A snapshot to take.
     *
     * @param label for people
     * @param memory whether memory is kept too; yes, if absent, of a machine that runs
     */
    public record NewSnapshot(
            @Nullable String label, @Nullable Boolean memory) {
        /** Checks the fields. */
        public NewSnapshot {
            label = label == null ? "" : Check.text("label", label, 120);
        }
    }

    /** A machine's snapshots, oldest first. */
    public List<SnapshotView> list(String machine) {
        return store.call(tx -> {
            Set<UUID> pictured = Set.copyOf(tx.list(
                    UUID.class,
                    "select p.snapshotId from SnapshotPicture p, Snapshot s where s.id = p.snapshotId"
                            + " and s.machineName = ?1",
                    machine));
            return all(tx, machine).stream()
                    .map(snapshot -> view(snapshot, pictured.contains(snapshot.id())))
                    .toList();
        });
    }

    /**
     * What was on the screen when a snapshot was taken, as PNG. Who looks at somebody else's is recorded.
     *
     * @throws RefusedException {@link Reason#NOT_FOUND} if there is no picture: its machine was off
     */
    public byte[] picture(String machineName, UUID id, Caller caller) {
        return store.call(tx -> {
            byte[] png = tx.find(Snapshot.class, id)
                    .filter(snapshot -> snapshot.machineName().equals(machineName))
                    .flatMap(snapshot -> tx.find(SnapshotPicture.class, id))
                    .orElseThrow(() -> RefusedException.notFound("picture of snapshot " + id))
                    .png();
            tx.find(Machine.class, machineName)
                    .filter(machine ->
                            machine.userId() != null && !caller.userId().equals(machine.userId()))
                    .ifPresent(machine -> audit.record(
                            tx,
                            AuditEntry.by(caller, "snapshot.picture", machineName, id.toString())
                                    .about(userOf(tx, machine))));
            return png;
        });
    }

    static List<Snapshot> all(Tx tx, String machine) {
        return tx.list(Snapshot.class, "from Snapshot where machineName = ?1 order by created, id", machine);
    }

    /**
     * Takes a snapshot.
     *
     * @throws RefusedException {@link Reason#FORBIDDEN} if the pool does not let its users; {@link Reason#CONFLICT} while
     *     something else is done to the machine
     */
    public OperationView take(String machineName, NewSnapshot wanted, Caller caller) {
        boolean helper = mayAsHelper(machineName, Right.SNAPSHOT_WRITE, caller);
        return store.call(tx -> {
            Machine machine = Machines.require(tx, machineName);
            Pool pool = Pools.require(tx, machine.poolId());
            usersMay(pool, helper);
            String label = wanted.label() == null || wanted.label().isBlank() ? "Snapshot" : wanted.label();
            boolean memory = wanted.memory() == null ? machine.power() == PowerState.ON : wanted.memory();
            Operation operation =
                    take(tx, machine, label, helper ? Kind.HELPDESK : Kind.USER, caller.username(), memory);
            audit.record(
                    tx,
                    AuditEntry.by(caller, "snapshot.take", machineName, label).about(userOf(tx, machine)));
            return OperationView.of(operation);
        });
    }

    private Operation take(Tx tx, Machine machine, String label, Kind kind, String by, boolean memory) {
        free(tx, machine);
        if (memory && machine.power() != PowerState.ON) {
            throw new RefusedException(Reason.NOT_READY, "The machine is off: only its disk can be kept.");
        }
        Snapshot snapshot = new Snapshot(machine.name(), label, kind, by, memory, clock.instant());
        tx.insert(snapshot);
        changed(tx, machine);
        return open(tx, machine, OperationKind.SNAPSHOT, snapshot.id());
    }

    private Operation open(Tx tx, Machine machine, OperationKind kind, UUID snapshot) {
        Operation operation = new Operation(
                kind,
                machine.name(),
                machine.poolId(),
                machine.host(),
                machine.generation(),
                machine.imageVersion(),
                machine.sessionId() == null ? Operation.SOON : Operation.URGENT,
                clock.instant());
        operation.about(snapshot.toString());
        journal.open(tx, operation);
        return operation;
    }

    /**
     * Puts a machine back to a snapshot. Its present state is kept as a snapshot first, so that this can be undone.
     *
     * @throws RefusedException {@link Reason#FORBIDDEN}, {@link Reason#CONFLICT}, {@link Reason#NOT_FOUND}
     */
    public OperationView restore(String machineName, UUID id, Caller caller) {
        boolean helper = mayAsHelper(machineName, Right.SNAPSHOT_RESTORE, caller);
        return store.call(tx -> {
            Machine machine = Machines.require(tx, machineName);
            usersMay(Pools.require(tx, machine.poolId()), helper);
            Snapshot snapshot = require(tx, machineName, id);
            if (snapshot.state() != State.READY) {
                throw new RefusedException(Reason.CONFLICT, "The snapshot is " + snapshot.state() + ".");
            }
            free(tx, machine);
            Operation operation = open(tx, machine, OperationKind.RESTORE, id);
            audit.record(
                    tx,
                    AuditEntry.by(caller, "snapshot.restore", machineName, snapshot.label())
                            .about(userOf(tx, machine)));
            return OperationView.of(operation);
        });
    }

    /** Deletes a snapshot; those taken after it stay. Users delete their own ones. */
    public OperationView delete(String machineName, UUID id, Caller caller) {
        boolean helper = mayAsHelper(machineName, Right.SNAPSHOT_WRITE, caller);
        return store.call(tx -> {
            Machine machine = Machines.require(tx, machineName);
            usersMay(Pools.require(tx, machine.poolId()), helper);
            Snapshot snapshot = require(tx, machineName, id);
            if (!helper && !snapshot.takenBy().equals(caller.username())) {
                throw new RefusedException(Reason.FORBIDDEN, "This snapshot is not yours to delete.");
            }
            free(tx, machine);
            Operation operation = remove(tx, machine, snapshot);
            audit.record(
                    tx,
                    AuditEntry.by(caller, "snapshot.delete", machineName, snapshot.label())
                            .about(userOf(tx, machine)));
            return OperationView.of(operation);
        });
    }

    private Operation remove(Tx tx, Machine machine, Snapshot snapshot) {
        snapshot.become(State.DELETING, null);
        tx.update(snapshot);
        changed(tx, machine);
        return open(tx, machine, OperationKind.DELETE_SNAPSHOT, snapshot.id());
    }

    private boolean mayAsHelper(String machine, Right right, Caller caller) {
        return roles.ofMachine(machine)
                .filter(place -> caller.may(right, place))
                .isPresent();
    }

    private static void usersMay(Pool pool, boolean helper) {
        if (!helper && !Boolean.TRUE.equals(pool.snapshots().byUser())) {
            throw new RefusedException(Reason.FORBIDDEN, "Snapshots of this desktop are for the helpdesk. Ask there.");
        }
    }

    private static void free(Tx tx, Machine machine) {
        if (machine.generation() == 0 || machine.lifecycle() == Lifecycle.DELETING) {
            throw new RefusedException(Reason.CONFLICT, "The machine is " + machine.lifecycle() + ".");
        }
        Journal.openFor(tx, machine.name()).ifPresent(open -> {
            throw new RefusedException(
                    Reason.CONFLICT, "The machine is busy (" + open.kind() + "). Try again in a moment.");
        });
    }

    private static Snapshot require(Tx tx, String machine, UUID id) {
        return tx.lock(Snapshot.class, id)
                .filter(snapshot -> snapshot.machineName().equals(machine))
                .orElseThrow(() -> RefusedException.notFound("snapshot " + id));
    }

    private static String userOf(Tx tx, Machine machine) {
        UUID user = machine.userId() == null ? machine.assignedTo() : machine.userId();
        return user == null
                ? ""
                : tx.first(String.class, "select username from Account where id = ?1", user)
                        .orElse("");
    }

    private void changed(Tx tx, Machine machine) {
        String name = machine.name();
        String poolId = machine.poolId();
        signals.send(tx, new Signal.Changed(Signal.Kind.SNAPSHOT, name, poolId));
    }

    /** Takes what is due by the clock and by pools' rules, and lets go what is too old or too much. */
    public void housekeeping() {
        for (Pool pool : store.call(tx -> tx.list(Pool.class, "from Pool where deleting = false"))) {
            boolean baseline = pool.policy().dedicated()
                    || Boolean.TRUE.equals(pool.snapshots().byUser());
            boolean daily = pool.snapshots().daily() != null;
            boolean any = store.call(tx -> tx.count(
                            "select count(*) from Snapshot s where exists (select 1 from Machine m where m.name ="
                                    + " s.machineName and m.poolId = ?1)",
                            pool.id()))
                    > 0;
            if (baseline || daily || any) {
                List<String> names = store.call(tx -> tx.list(
                        String.class, "select name from Machine where poolId = ?1 and generation > 0", pool.id()));
                names.forEach(name -> store.run(tx -> look(tx, pool, name, baseline)));
            }
        }
    }

    private void look(Tx tx, Pool pool, String name, boolean baseline) {
        Optional<Machine> found = Machines.lock(tx, name);
        if (found.isEmpty()
                || found.get().lifecycle() == Lifecycle.DELETING
                || Journal.openFor(tx, name).isPresent()) {
            return;
        }
        Machine machine = found.get();
        List<Snapshot> snapshots = all(tx, name);
        boolean used = machine.sessionId() != null && machine.ready();
        if (baseline && used && snapshots.isEmpty()) {
            take(tx, machine, "Before first use", Kind.BASELINE, AuditEntry.SYSTEM, false);
        } else if (used && due(pool, snapshots)) {
            take(tx, machine, "Daily", Kind.SCHEDULED, AuditEntry.SYSTEM, false);
        } else {
            tooMany(pool.snapshots(), snapshots).ifPresent(snapshot -> {
                remove(tx, machine, snapshot);
                audit.record(
                        tx,
                        AuditEntry.bySystem("snapshot.retire", name, snapshot.label())
                                .about(userOf(tx, machine)));
            });
        }
    }

    private boolean due(Pool pool, List<Snapshot> snapshots) {
        LocalTime daily = pool.snapshots().daily();
        if (daily == null) {
            return false;
        }
        String zone = pool.schedule().zone();
        ZonedDateTime now = clock.instant().atZone(ZoneId.of(zone == null ? "UTC" : zone));
        ZonedDateTime time = now.with(daily);
        Instant last = (time.isAfter(now) ? time.minusDays(1) : time).toInstant();
        return snapshots.stream()
                .noneMatch(snapshot ->
                        snapshot.kind() == Kind.SCHEDULED && !snapshot.created().isBefore(last));
    }

    /** The oldest one that is not to be kept; the baseline always is. */
    private Optional<Snapshot> tooMany(PoolPolicy.SnapshotRules rules, List<Snapshot> snapshots) {
        int most = rules.most() == null ? Integer.MAX_VALUE : rules.most();
        Instant oldest = clock.instant().minus(Duration.ofDays(rules.days() == null ? 3650 : rules.days()));
        List<Snapshot> kept = snapshots.stream()
                .filter(snapshot -> snapshot.kind() != Kind.BASELINE && snapshot.state() != State.DELETING)
                .sorted(Comparator.comparing(Snapshot::created))
                .toList();
        return kept.stream()
                .filter(snapshot -> kept.size() > most || snapshot.created().isBefore(oldest))
                .findFirst();
    }

    private static SnapshotView view(Snapshot s, boolean pictured) {
        return new SnapshotView(
                s.id(),
                s.machineName(),
                s.name(),
                s.parent(),
                s.label(),
                s.kind(),
                s.state(),
                s.takenBy(),
                s.withMemory(),
                s.bytes(),
                s.current(),
                pictured,
                s.failure(),
                s.created());
    }

    /** A snapshot as the API shows it. */
    public record SnapshotView(
            UUID id,
            String machine,
            String name,
            @Nullable String parent,
            String label,
            Kind kind,
            State state,
            String takenBy,
            boolean memory,
            long bytes,
            boolean current,
            boolean picture,
            @Nullable String failure,
            Instant created) {}
}
