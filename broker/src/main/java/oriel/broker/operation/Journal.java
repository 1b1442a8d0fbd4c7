package oriel.broker.operation;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Reach;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.store.Conditions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/** The journal of operations. Thread-safe. */
public final class Journal {
    private final Store store;
    private final Signals signals;
    private final Clock clock;
    private volatile Runnable wake = () -> {};

    /** Over a database. */
    public Journal(Store store, Signals signals, Clock clock) {
        this.store = store;
        this.signals = signals;
        this.clock = clock;
    }

    /** Whom to wake when there is something to do. */
    public void onWork(Runnable wake) {
        this.wake = wake;
    }

    /** There may be something to do. */
    public void wake() {
        wake.run();
    }

    /** Writes an intent; workers hear of it after the commit. */
    public void open(Tx tx, Operation operation) {
        tx.insert(operation);
        changed(tx, operation);
        tx.afterCommit(wake);
    }

    /** The operation that a machine waits for, if any. */
    public static Optional<Operation> openFor(Tx tx, String machineName) {
        return tx.first(Operation.class, "from Operation where openKey = ?1", machineName);
    }

    /** Somebody waits for this machine now. */
    public void hurry(Tx tx, String machineName) {
        if (tx.execute(
                        "update versioned Operation set priority = ?1, nextAttempt = ?2"
                                + " where openKey = ?3 and state = ?4 and priority < ?1",
                        Operation.URGENT,
                        clock.instant(),
                        machineName,
                        OperationState.PENDING)
                > 0) {
            tx.afterCommit(wake);
        }
    }

    /**
     * An open operation that nobody has begun is not wanted any more.
     *
     * @return whether the machine has no open operation now
     */
    public boolean withdraw(Tx tx, String machineName, String why) {
        Optional<Operation> open = openFor(tx, machineName);
        if (open.isEmpty()) {
            return true;
        }
        Operation operation = open.get();
        if (operation.state() != OperationState.PENDING) {
            return false;
        }
        operation.end(OperationState.DONE, why, clock.instant());
        tx.update(operation);
        changed(tx, operation);
        return true;
    }

    /** No pause between attempts and no lease is longer: what lies further ahead was written before the clock went back. */
    private static final Duration FURTHEST_AHEAD = Duration.ofMinutes(6);

    /** The next operation that is due, locked and begun; empty if there is none. */
    Optional<Operation> begin(Tx tx, String host, String worker, Duration lease, boolean mayBoot) {
        Instant now = clock.instant();
        List<OperationKind> kinds = new ArrayList<>(List.of(OperationKind.values()));
        if (!mayBoot) {
            kinds.removeIf(OperationKind::boots);
        }
        return tx.claim(
                        Operation.class,
                        "from Operation where state = ?1 and host = ?2 and (nextAttempt <= ?3 or nextAttempt > ?4)"
                                + " and kind in ?5 order by priority desc, created",
                        OperationState.PENDING,
                        host,
                        now,
                        now.plus(FURTHEST_AHEAD),
                        kinds)
                .map(operation -> {
                    operation.begin(worker, now, now.plus(lease));
                    tx.update(operation);
                    changed(tx, operation);
                    return operation;
                });
    }

    /** When the next waiting operation becomes due, of those that were not due at a time. */
    Optional<Instant> nextDue(String host, Instant after) {
        return store.call(tx -> tx.first(
                Instant.class,
                "select nextAttempt from Operation where state = ?1 and host = ?2 and nextAttempt > ?3"
                        + " order by nextAttempt",
                OperationState.PENDING,
                host,
                after));
    }

    /** Renews the leases of operations that are being worked on. */
    void renew(List<UUID> running, String worker, Duration lease) {
        if (!running.isEmpty()) {
            store.run(tx -> tx.execute(
                    "update Operation set leaseUntil = ?1 where id in ?2 and leaseOwner = ?3",
                    clock.instant().plus(lease),
                    running,
                    worker));
        }
    }

    /**
     * The operation as it is, if the worker still holds it: another one takes over when a lease has run out.
     */
    Optional<Operation> held(Tx tx, UUID id, String worker) {
        return tx.lock(Operation.class, id)
                .filter(operation ->
                        operation.state() == OperationState.RUNNING && worker.equals(operation.leaseOwner()));
    }

    void end(Tx tx, Operation operation, OperationState state, @Nullable String failure) {
        operation.end(state, failure, clock.instant());
        tx.update(operation);
        changed(tx, operation);
        tx.afterCommit(wake);
    }

    void retryLater(Tx tx, Operation operation, Duration delay, String failure) {
        operation.backToQueue(clock.instant().plus(delay), failure);
        tx.update(operation);
        changed(tx, operation);
        tx.afterCommit(wake);
    }

    /**
     * Puts back what dead workers left.
     *
     * @param own a worker name whose leases are void: its process has just started
     */
    public int takeOver(@Nullable String own) {
        return store.call(tx -> {
            Instant now = clock.instant();
            List<Operation> orphans = tx.list(
                    Operation.class,
                    "from Operation where state = ?1 and (leaseUntil < ?2 or leaseUntil > ?3 or leaseOwner = ?4)",
                    OperationState.RUNNING,
                    now,
                    now.plus(FURTHEST_AHEAD),
                    own == null ? "" : own);
            for (Operation operation : orphans) {
                operation.backToQueue(now, "interrupted");
                tx.update(operation);
                changed(tx, operation);
            }
            tx.afterCommit(wake);
            return orphans.size();
        });
    }

    /** Deletes what ended before a time. */
    public void sweep(Instant before) {
        store.run(tx -> tx.execute("delete from Operation where openKey is null and finished < ?1", before));
    }

    /** A page of operations, newest first. */
    public List<OperationView> list(Instant before, UUID beforeId, int limit, Filter filter) {
        return store.call(tx -> {
            Conditions where = new Conditions()
                    .and("(created < ? or (created = ? and id < ?))", before, before, beforeId)
                    .when(filter.state() != null, "state = ?", filter.state())
                    .when(filter.kind() != null, "kind = ?", filter.kind())
                    .when(!filter.machine().isEmpty(), "machineName = ?", filter.machine())
                    .when(!filter.poolId().isEmpty(), "poolId = ?", filter.poolId());
            Roles.pools(tx, filter.reach()).ifPresent(pools -> where.and("poolId in ?", pools));
            return tx
                    .query(
                            Operation.class,
                            "from Operation where " + where.hql() + " order by created desc, id desc",
                            where.values())
                    .setMaxResults(limit)
                    .getResultList()
                    .stream()
                    .map(OperationView::of)
                    .toList();
        });
    }

    /**
     * Which operations.
     *
     * @param state in one state; null: in any
     * @param kind of one kind; null: of any
     * @param machine on one machine; empty: on any
     * @param poolId of one pool; empty: of any
     * @param reach where the caller may see operations
     */
    public record Filter(
            @Nullable OperationState state, @Nullable OperationKind kind, String machine, String poolId, Reach reach) {}

    /** Makes a waiting operation due now. */
    public OperationView retry(UUID id) {
        return store.call(tx -> {
            Operation operation =
                    tx.lock(Operation.class, id).orElseThrow(() -> RefusedException.notFound("operation " + id));
            if (operation.state() == OperationState.FAILED && !operation.kind().steered()) {
                operation.reopen(clock.instant());
            } else if (operation.state() != OperationState.PENDING) {
                throw new RefusedException(Reason.CONFLICT, "The operation is " + operation.state() + ".");
            }
            operation.backToQueue(clock.instant(), operation.failure() == null ? "" : operation.failure());
            tx.update(operation);
            tx.afterCommit(wake);
            return OperationView.of(operation);
        });
    }

    /**
     * Calls an operation off: at once if nobody has begun it, else as soon as it looks up from its work.
     *
     * @throws RefusedException {@link Reason#CONFLICT} if it has ended, or if it follows from its machine's state
     */
    public OperationView cancel(UUID id) {
        return store.call(tx -> {
            Operation operation =
                    tx.lock(Operation.class, id).orElseThrow(() -> RefusedException.notFound("operation " + id));
            if (operation.kind().steered()) {
                throw new RefusedException(
                        Reason.CONFLICT,
                        operation.imageName() == null
                                ? "The machine needs this. Take it out of service (maintenance) if it is not to happen."
                                : "Throw the maintenance machine away if it is not to run.");
            }
            switch (operation.state()) {
                case PENDING -> operation.end(OperationState.CANCELLED, "cancelled", clock.instant());
                case RUNNING -> operation.wantCancel();
                case DONE, FAILED, CANCELLED ->
                    throw new RefusedException(Reason.CONFLICT, "The operation is " + operation.state() + ".");
            }
            tx.update(operation);
            changed(tx, operation);
            return OperationView.of(operation);
        });
    }

    /**
     * Notes how far an operation is.
     *
     * @return false if it is to stop
     */
    public boolean progress(UUID id, int percent, String step) {
        return store.call(tx -> {
            String cut = step.length() <= 200 ? step : step.substring(0, 200);
            tx.execute("update Operation set progress = ?1, step = ?2 where id = ?3", percent, cut, id);
            Optional<Operation> operation = tx.find(Operation.class, id);
            operation.ifPresent(found -> changed(tx, found));
            return operation.filter(found -> !found.cancelWanted()).isPresent();
        });
    }

    /** One operation. */
    public OperationView get(UUID id) {
        return store.call(tx -> tx.find(Operation.class, id)
                .map(OperationView::of)
                .orElseThrow(() -> RefusedException.notFound("operation " + id)));
    }

    private void changed(Tx tx, Operation operation) {
        signals.send(
                tx, new Signal.Changed(Signal.Kind.OPERATION, operation.id().toString(), operation.poolId()));
    }

    /** An operation as the API shows it. */
    public record OperationView(
            UUID id,
            OperationKind kind,
            OperationState state,
            String machine,
            String poolId,
            @Nullable String image,
            @Nullable Integer imageVersion,
            int progress,
            @Nullable String step,
            int attempt,
            @Nullable Instant nextAttempt,
            @Nullable String failure,
            Instant created,
            @Nullable Instant finished) {
        /** As the API shows it. */
        public static OperationView of(Operation o) {
            return new OperationView(
                    o.id(),
                    o.kind(),
                    o.state(),
                    o.machineName(),
                    o.poolId(),
                    o.imageName(),
                    o.imageName() == null ? null : o.imageVersion(),
                    o.progress(),
                    o.step(),
                    o.attempt(),
                    o.state() == OperationState.PENDING ? o.nextAttempt() : null,
                    o.failure() == null || o.failure().isEmpty() ? null : o.failure(),
                    o.created(),
                    o.finished());
        }
    }
}
