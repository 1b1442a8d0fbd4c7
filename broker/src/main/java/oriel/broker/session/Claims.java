package oriel.broker.session;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.DisplayRight;
import oriel.broker.display.Tickets;
import oriel.broker.event.Signals;
import oriel.broker.identity.Account;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.machine.UnreachableHost;
import oriel.broker.pool.Entitlements;
import oriel.broker.pool.Pool;
import oriel.broker.pool.Pools;
import oriel.broker.pool.QueuePlace;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.GroupCommit;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/**
 * Gives users machines. Thread-safe, in any number of brokers on one database.
 *
 * <p>Who gets which machine is decided by the database: a claim locks a free machine that nobody else has locked, and
 * unique keys keep a user from two sessions in a pool and a machine from two sessions, whatever this code does.
 */
public final class Claims {
    /** Wishes of one transaction. */
    private static final int ROUND = 64;

    private final Store store;
    private final Machines machines;
    private final Desktops desktops;
    private final Queues queues;
    private final AuditTrail audit;
    private final Signals signals;
    private final Clock clock;
    private final Assignments assignments;
    private final GroupCommit<ClaimRound.Wish, ClaimRound.Outcome> rounds = new GroupCommit<>(ROUND, this::serve);

    /** With its collaborators. */
    public Claims(
            Store store,
            Machines machines,
            Desktops desktops,
            Sessions sessions,
            Queues queues,
            Tickets tickets,
            AuditTrail audit,
            Signals signals,
            Clock clock) {
        this.store = store;
        this.machines = machines;
        this.desktops = desktops;
        this.queues = queues;
        this.audit = audit;
        this.signals = signals;
        this.clock = clock;
        this.assignments = new Assignments(machines, sessions, tickets, audit, clock);
    }

    /**
     * Connects a user to a desktop: the session there is, else a free machine, else a place in the queue.
     *
     * @throws RefusedException {@link Reason#NOT_FOUND}, {@link Reason#NOT_ENTITLED}, {@link Reason#POOL_DISABLED},
     *     {@link Reason#POOL_FULL}, {@link Reason#NOT_READY} if the machine has stopped with an error, {@link Reason#HOST_UNREACHABLE}
     */
    public Connected connect(Caller caller, String poolId) {
        ClaimRound.Outcome outcome = rounds.ask(new ClaimRound.Wish(caller, poolId, clock.instant()));
        if (outcome instanceof ClaimRound.Outcome.Given given && given.ticket() != null) {
            return new Connected.Ready(given.session(), given.ticket());
        }
        if (outcome instanceof ClaimRound.Outcome.Waits) {
            // Under the pool's lock and in the queue's order: a machine may have become free meanwhile.
            handOut(poolId);
        }
        return store.call(tx -> Sessions.live(tx, caller.userId(), poolId)
                .map(session -> resume(tx, caller, session))
                .orElseGet(() -> new Connected.Pending(desktops.of(tx, Pools.require(tx, poolId), caller.userId()))));
    }

    /** One transaction for the wishes of many. */
    private List<Supplier<ClaimRound.Outcome>> serve(List<ClaimRound.Wish> wishes) {
        return store.call(tx -> {
            Map<String, ClaimRound> byPool = new HashMap<>();
            wishes.forEach(wish -> byPool.computeIfAbsent(
                            wish.poolId(), id -> new ClaimRound(id, assignments, signals, audit, clock))
                    .add(wish));
            byPool.values().forEach(round -> round.decide(tx));
            return wishes.stream()
                    .map(wish ->
                            Objects.requireNonNull(byPool.get(wish.poolId())).answer(wish))
                    .toList();
        });
    }

    private Connected resume(Tx tx, Caller caller, DesktopSession session) {
        Machine machine = Machines.require(tx, session.machineName());
        Pool pool = Pools.require(tx, session.poolId());
        Desktop desktop = desktops.of(tx, pool, session.accountId());
        return switch (desktop.state()) {
            case READY, CONNECTED, DISCONNECTED -> {
                if (machine.ready()) {
                    yield open(tx, caller, session);
                }
                machine.wantPower(true, clock.instant());
                machines.save(tx, machine);
                yield new Connected.Pending(desktops.of(tx, pool, session.accountId()));
            }
            case UNAVAILABLE -> {
                UnreachableHost.requireReached(tx, machine);
                yield new Connected.Pending(desktop);
            }
            case FAILED -> {
                Desktop.Refusal problem = desktop.problem();
                throw new RefusedException(
                        Reason.NOT_READY,
                        problem == null ? "The desktop has stopped. Restart it, or log off." : problem.detail());
            }
            case NONE, QUEUED, STARTING, RESTARTING, LOGGING_OFF -> new Connected.Pending(desktop);
        };
    }

    private Connected.Ready open(Tx tx, Caller caller, DesktopSession session) {
        return new Connected.Ready(session, assignments.ticket(tx, caller, session));
    }

    /** Gives free machines to those who wait, in order. */
    public void handOut(String poolId) {
        // Most of the time nobody waits, and a look without a lock is enough.
        if (store.call(tx -> tx.count("select count(*) from QueuePlace where poolId = ?1", poolId)) == 0) {
            return;
        }
        store.run(tx -> {
            Optional<Pool> pool = tx.lock(Pool.class, poolId);
            if (pool.isEmpty() || !pool.get().enabled() || pool.get().deleting()) {
                return;
            }
            boolean moved = tx.execute(
                            "delete from QueuePlace q where q.poolId = ?1 and exists (select 1 from DesktopSession s"
                                    + " where s.accountId = q.accountId and s.poolId = ?1 and s.state <> ENDED)",
                            poolId)
                    > 0;
            moved |= pool.get().policy().dedicated() ? handOutOwn(tx, pool.get()) : handOutFree(tx, pool.get());
            if (moved) {
                queues.moved(tx, poolId);
            }
        });
    }

    private boolean handOutFree(Tx tx, Pool pool) {
        boolean moved = false;
        while (true) {
            List<QueuePlace> next = tx.query(
                            QueuePlace.class, "from QueuePlace where poolId = ?1 order by id", pool.id())
                    .setMaxResults(ROUND)
                    .getResultList();
            List<Machine> free =
                    next.isEmpty() ? List.of() : Machines.claimable(tx, pool.id(), next.size(), clock.instant());
            if (free.isEmpty()) {
                return moved;
            }
            List<Assignments.Assignment> given = new ArrayList<>();
            for (QueuePlace place : next) {
                boolean mayHave = mayHave(tx, place);
                if (mayHave && given.size() == free.size()) {
                    break;
                }
                if (mayHave) {
                    given.add(Assignments.Assignment.of(free.get(given.size()), place));
                }
                tx.delete(place);
                moved = true;
            }
            assignments.assign(tx, pool, given);
        }
    }

    private boolean handOutOwn(Tx tx, Pool pool) {
        boolean moved = false;
        for (QueuePlace place : tx.list(QueuePlace.class, "from QueuePlace where poolId = ?1 order by id", pool.id())) {
            if (mayHave(tx, place)) {
                Optional<Machine> own = Machines.ownOf(tx, pool.id(), place.accountId());
                Optional<Machine> machine = own.isPresent()
                        ? own.filter(found -> found.claimableBy(place.accountId())
                                && UnreachableHost.of(tx, found).isEmpty())
                        : Machines.claimable(tx, pool.id(), clock.instant());
                if (machine.isEmpty()) {
                    continue;
                }
                assignments.assign(tx, pool, List.of(Assignments.Assignment.of(machine.get(), place)));
            }
            tx.delete(place);
            moved = true;
        }
        return moved;
    }

    /** Whether a waiting user still wants and may have a machine: two clicks can leave a session and a place. */
    private static boolean mayHave(Tx tx, QueuePlace place) {
        return tx.find(Account.class, place.accountId())
                        .filter(Account::enabled)
                        .isPresent()
                && Sessions.live(tx, place.accountId(), place.poolId()).isEmpty()
                && Entitlements.entitled(tx, place.accountId(), place.username(), place.poolId());
    }

    /**
     * A new ticket for a user's own live session.
     *
     * @throws RefusedException {@link Reason#NOT_READY}, {@link Reason#SESSION_ENDED}
     */
    public Connected.Ready ticket(Caller caller, UUID sessionId) {
        return whenReady(caller, sessionId, this::open);
    }

    /**
     * A one-time password for a VNC viewer that is to show a user's own live session.
     *
     * @throws RefusedException {@link Reason#NOT_READY}, {@link Reason#SESSION_ENDED}; {@link Reason#FORBIDDEN} by the
     *     pool's policy
     */
    public Connected.Ready nativeTicket(Caller caller, UUID sessionId, DisplayRight right) {
        return whenReady(caller, sessionId, (tx, user, session) -> {
            if (!Pools.require(tx, session.poolId()).policy().showsInNativeViewers()) {
                throw new RefusedException(
                        Reason.FORBIDDEN,
                        "Desktops of this pool are not shown in VNC viewers. Open it in the browser.");
            }
            return new Connected.Ready(session, assignments.nativeTicket(tx, user, session, right));
        });
    }

    /** Opens a session whose machine is ready. */
    @FunctionalInterface
    private interface Opening {
        Connected.Ready open(Tx tx, Caller caller, DesktopSession session);
    }

    private Connected.Ready whenReady(Caller caller, UUID sessionId, Opening opening) {
        Optional<Connected.Ready> ready = store.call(tx -> {
            DesktopSession session = Sessions.requireLive(tx, sessionId);
            if (!Entitlements.entitled(tx, caller.userId(), caller.username(), session.poolId())) {
                throw new RefusedException(Reason.NOT_ENTITLED, "You may not use this desktop any more.");
            }
            Machine machine = Machines.require(tx, session.machineName());
            UnreachableHost.requireReached(tx, machine);
            if (machine.ready()) {
                return Optional.of(opening.open(tx, caller, session));
            }
            // After a crash of the host a session's machine is off until its user wants it: now.
            resume(tx, caller, session);
            return Optional.empty();
        });
        return ready.orElseThrow(
                () -> new RefusedException(Reason.NOT_READY, "The desktop is starting. Ask again in a moment."));
    }
}
