package oriel.broker.session;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.machine.Agent;
import oriel.broker.machine.Machine;
import oriel.broker.machine.UnreachableHost;
import oriel.broker.operation.Journal;
import oriel.broker.operation.Operation;
import oriel.broker.operation.OperationKind;
import oriel.broker.operation.OperationState;
import oriel.broker.pool.Entitlements;
import oriel.broker.pool.Pool;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.pool.QueuePlace;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.Desktop.Action;
import oriel.broker.session.Desktop.Queue;
import oriel.broker.session.Desktop.Refusal;
import oriel.broker.session.Desktop.Stage;
import oriel.broker.session.Desktop.Stage.Progress;
import oriel.broker.session.Desktop.State;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.hypervisor.host.PowerState;

/** Desktops as their users see them. Thread-safe. */
public final class Desktops {
    private final Store store;
    private final Estimates estimates;
    private final Clock clock;
    private final boolean nativeViewers;

    /**
     * Over a database.
     *
     * @param nativeViewers whether there is a port for VNC viewers
     */
    public Desktops(Store store, Clock clock, boolean nativeViewers) {
        this.store = store;
        this.estimates = new Estimates(clock);
        this.clock = clock;
        this.nativeViewers = nativeViewers;
    }

    /** Every desktop that a user may use. */
    public List<Desktop> of(UUID userId, String username) {
        return store.call(tx -> Entitlements.poolsOf(tx, userId, username).stream()
                .map(pool -> of(tx, pool, userId))
                .toList());
    }

    /**
     * One desktop of a user.
     *
     * @throws RefusedException {@link Reason#NOT_FOUND} if it is not the user's
     */
    public Desktop of(UUID userId, String username, String poolId) {
        return store.call(tx -> tx.find(Pool.class, poolId)
                .filter(pool -> Entitlements.entitled(tx, userId, username, poolId))
                .map(pool -> of(tx, pool, userId))
                .orElseThrow(() -> RefusedException.notFound("desktop \"" + poolId + "\" for you")));
    }

    Desktop of(Tx tx, Pool pool, UUID userId) {
        Optional<DesktopSession> live = Sessions.live(tx, userId, pool.id());
        if (live.isPresent()) {
            return ofSession(tx, pool, live.get());
        }
        Optional<QueuePlace> place =
                tx.first(QueuePlace.class, "from QueuePlace where poolId = ?1 and accountId = ?2", pool.id(), userId);
        if (place.isPresent()) {
            return queued(tx, pool, place.get());
        }
        if (!pool.enabled()) {
            return plain(
                    pool,
                    State.UNAVAILABLE,
                    Action.NONE,
                    new Refusal(Reason.POOL_DISABLED, "This desktop is switched off for now."));
        }
        if (!pool.schedule().openAt(clock.instant())) {
            return plain(
                    pool,
                    State.UNAVAILABLE,
                    Action.NONE,
                    new Refusal(Reason.OUTSIDE_HOURS, "This desktop is closed now."));
        }
        if (pool.policy().dedicated()) {
            Optional<Machine> own =
                    tx.first(Machine.class, "from Machine where poolId = ?1 and assignedTo = ?2", pool.id(), userId);
            Optional<UnreachableHost> gone = own.flatMap(machine -> UnreachableHost.of(tx, machine));
            if (gone.isPresent()) {
                return plain(
                        pool,
                        State.UNAVAILABLE,
                        Action.NONE,
                        new Refusal(Reason.HOST_UNREACHABLE, gone.get().sentence(true)));
            }
            if (own.isPresent()) {
                boolean usable = own.get().claimableBy(userId);
                return plain(
                        pool,
                        usable ? State.NONE : State.UNAVAILABLE,
                        usable ? Action.CONNECT : Action.NONE,
                        usable ? null : new Refusal(Reason.MAINTENANCE, "Your desktop is out of service."));
            }
        }
        if (pool.size() == 0) {
            return plain(
                    pool,
                    State.UNAVAILABLE,
                    Action.NONE,
                    new Refusal(Reason.POOL_FULL, "This desktop has no machines."));
        }
        boolean free = tx.count("select count(*) from QueuePlace where poolId = ?1", pool.id()) == 0
                && tx.count(
                                "select count(*) from Machine where poolId = ?1 and sessionId is null and taintedBy is null and assignedTo is null"
                                        + " and failure is null and lifecycle in (REQUESTED, CLONING, BOOTING, AVAILABLE)"
                                        + " and host not in (select d.host from HostDrain d)"
                                        + " and host not in (select r.host from HostRegistration r where r.gone = true)",
                                pool.id())
                        > 0;
        return plain(pool, State.NONE, free ? Action.CONNECT : Action.QUEUE, null);
    }

    private Desktop plain(Pool pool, State state, Action action, @Nullable Refusal problem) {
        return new Desktop(
                pool.id(),
                pool.displayName(),
                description(pool),
                state,
                action,
                List.of(),
                null,
                null,
                null,
                null,
                problem,
                recorded(pool),
                fileDrop(pool),
                nativeViewers(pool),
                pool.created());
    }

    private static boolean recorded(Pool pool) {
        return pool.policy().recording() == PoolPolicy.Recording.ALL;
    }

    private static boolean fileDrop(Pool pool) {
        return pool.policy().fileDrop() == PoolPolicy.FileDrop.TO_GUEST;
    }

    private boolean nativeViewers(Pool pool) {
        return nativeViewers && pool.policy().showsInNativeViewers();
    }

    private static @Nullable String description(Pool pool) {
        return pool.description().isEmpty() ? null : pool.description();
    }

    private Desktop queued(Tx tx, Pool pool, QueuePlace place) {
        int position =
                (int) tx.count("select count(*) from QueuePlace where poolId = ?1 and id <= ?2", pool.id(), place.id());
        int length = (int) tx.count("select count(*) from QueuePlace where poolId = ?1", pool.id());
        Optional<Duration> estimate = estimates.turn(tx, pool.id(), position, pool.size());
        return new Desktop(
                pool.id(),
                pool.displayName(),
                description(pool),
                State.QUEUED,
                Action.WAIT,
                stages(Stage.Name.CLAIM, place.since(), false, false),
                null,
                null,
                null,
                new Queue(
                        position,
                        length,
                        place.since(),
                        estimate.map(Duration::toSeconds).orElse(null)),
                null,
                recorded(pool),
                fileDrop(pool),
                nativeViewers(pool),
                place.since());
    }

    private Desktop ofSession(Tx tx, Pool pool, DesktopSession session) {
        Machine machine = tx.find(Machine.class, session.machineName()).orElse(null);
        Optional<Operation> open = machine == null ? Optional.empty() : Journal.openFor(tx, machine.name());
        Refusal gone = machine == null
                ? null
                : UnreachableHost.of(tx, machine)
                        .map(host -> new Refusal(Reason.HOST_UNREACHABLE, host.sentence(machine.assignedTo() != null)))
                        .orElse(null);
        State state =
                gone != null ? State.UNAVAILABLE : machine == null ? State.STARTING : state(session, machine, open);
        boolean restart = session.ready() != null;
        List<Stage> stages = List.of();
        Long estimate = null;
        if (machine != null && (state == State.STARTING || state == State.RESTARTING)) {
            Instant since = machine.poweredAt() == null || !restart ? session.started() : machine.poweredAt();
            stages = stages(stage(machine, open), machine.changed(), restart, false);
            estimate = estimates
                    .start(tx, pool.id())
                    .map(expected -> estimates.left(expected, since).toSeconds())
                    .orElse(null);
        } else if (machine != null && state == State.FAILED && session.ready() == null) {
            stages = stages(stage(machine, open), machine.changed(), restart, true);
        }
        return new Desktop(
                pool.id(),
                pool.displayName(),
                description(pool),
                state,
                switch (state) {
                    case READY, CONNECTED, DISCONNECTED -> Action.RECONNECT;
                    case FAILED, UNAVAILABLE -> Action.NONE;
                    case NONE, QUEUED, STARTING, RESTARTING, LOGGING_OFF -> Action.WAIT;
                },
                stages,
                estimate,
                session.id(),
                session.machineName(),
                null,
                gone != null || machine == null ? gone : problem(machine, open),
                recorded(pool),
                fileDrop(pool),
                nativeViewers(pool),
                machine == null ? session.started() : machine.changed());
    }

    private static State state(DesktopSession session, Machine machine, Optional<Operation> open) {
        if (machine.ready() && open.isEmpty()) {
            return switch (session.state()) {
                case PENDING -> State.READY;
                case CONNECTED -> State.CONNECTED;
                case DISCONNECTED -> State.DISCONNECTED;
                case ENDED -> State.LOGGING_OFF;
            };
        }
        if (open.isEmpty() && machine.agent() == Agent.UNREACHABLE) {
            return State.FAILED;
        }
        if (open.isEmpty() && machine.power() == PowerState.OFF) {
            // Off without a failure: its host was restarted. Connecting powers it on.
            return machine.failure() == null ? State.DISCONNECTED : State.FAILED;
        }
        return session.ready() == null ? State.STARTING : State.RESTARTING;
    }

    private static Stage.Name stage(Machine machine, Optional<Operation> open) {
        OperationKind kind = open.map(Operation::kind).orElse(null);
        if (machine.generation() == 0 || kind == OperationKind.PROVISION) {
            return Stage.Name.CLONE;
        }
        boolean waits = open.isPresent() && open.get().state() == OperationState.PENDING;
        if (machine.power() == PowerState.OFF || waits) {
            return Stage.Name.START;
        }
        return machine.agent() == Agent.READY ? Stage.Name.READY : Stage.Name.BOOT;
    }

    private static @Nullable Refusal problem(Machine machine, Optional<Operation> open) {
        String failure = open.map(Operation::failure).orElse(null);
        if (failure == null || failure.isEmpty()) {
            failure = machine.ready() ? null : machine.failure();
        }
        if (failure == null) {
            return null;
        }
        String then = open.isPresent() ? " It will be tried again." : " Restart the desktop, or log off.";
        return new Refusal(Reason.NOT_READY, (failure.endsWith(".") ? failure : failure + ".") + then);
    }

    private static List<Stage> stages(Stage.Name active, Instant since, boolean restart, boolean failed) {
        List<Stage> stages = new ArrayList<>();
        for (Stage.Name name :
                restart ? EnumSet.range(Stage.Name.START, Stage.Name.READY) : EnumSet.allOf(Stage.Name.class)) {
            int order = name.compareTo(active);
            Progress progress = order < 0
                    ? Progress.DONE
                    : order > 0 ? Progress.PENDING : failed ? Progress.FAILED : Progress.ACTIVE;
            stages.add(new Stage(name, title(name), progress, order == 0 ? since : null));
        }
        return stages;
    }

    private static String title(Stage.Name name) {
        return switch (name) {
            case CLAIM -> "Finding a free machine";
            case CLONE -> "Preparing its disk";
            case START -> "Switching it on";
            case BOOT -> "Starting the desktop";
            case READY -> "Ready";
        };
    }
}
