package oriel.broker.session;

import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.DisplayRight;
import oriel.broker.display.Tickets;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.identity.Account;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.pool.Entitlements;
import oriel.broker.pool.Pool;
import oriel.broker.pool.Pools;
import oriel.broker.pool.QueuePlace;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/**
 * Gives users machines. Thread-safe, in any number of brokers on one database.
 *
 * <p>Who gets which machine is decided by the database: a claim locks a free machine that nobody else has locked, and
 * unique keys keep a user from two sessions in a pool and a machine from two sessions, whatever this code does.
 */
public final class Claims {
    /** A queue that is longer helps nobody. */
    private static final int LONGEST_QUEUE = 1000;

    private final Store store;
    private final Machines machines;
    private final Desktops desktops;
    private final Sessions sessions;
    private final Queues queues;
    private final Tickets tickets;
    private final AuditTrail audit;
    private final Signals signals;
    private final Clock clock;

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
        this.sessions = sessions;
        this.queues = queues;
        this.tickets = tickets;
        this.audit = audit;
        this.signals = signals;
        this.clock = clock;
    }

    /**
     * Connects a user to a desktop: the session there is, else a free machine, else a place in the queue.
     *
     * @throws RefusedException {@link Reason#NOT_FOUND}, {@link Reason#NOT_ENTITLED}, {@link Reason#POOL_DISABLED},
     *     {@link Reason#POOL_FULL}, {@link Reason#NOT_READY} if the machine has stopped with an error
     */
    public Connected connect(Caller caller, String poolId) {
        Instant asked = clock.instant();
        boolean queued = store.call(tx -> claimOrQueue(tx, caller, poolId, asked));
        if (queued) {
            // Under the pool's lock and in the queue's order: a machine may have become free meanwhile.
            handOut(poolId);
        }
        return store.call(tx -> Sessions.live(tx, caller.userId(), poolId)
                .map(session -> resume(tx, caller, session))
                .orElseGet(() -> new Connected.Pending(desktops.of(tx, Pools.require(tx, poolId), caller.userId()))));
    }

    /** Whether the user stands in the queue now. */
    private boolean claimOrQueue(Tx tx, Caller caller, String poolId, Instant asked) {
        Pool pool = Pools.require(tx, poolId);
        if (Sessions.live(tx, caller.userId(), poolId).isPresent()) {
            return false;
        }
        if (pool.deleting() || !Entitlements.entitled(tx, caller.userId(), caller.username(), poolId)) {
            throw new RefusedException(
                    Reason.NOT_ENTITLED, "You may not use the desktop \"" + poolId + "\". Ask your administrator.");
        }
        if (!pool.enabled()) {
            throw new RefusedException(
                    Reason.POOL_DISABLED, "The desktop \"" + pool.displayName() + "\" is switched off for now.");
        }
        if (!pool.schedule().openAt(clock.instant())) {
            throw new RefusedException(
                    Reason.OUTSIDE_HOURS,
                    "The desktop \"" + pool.displayName() + "\" is closed now. Sessions that run go on.");
        }
        Optional<Machine> own = own(tx, pool, caller.userId());
        long waiting = tx.count("select count(*) from QueuePlace where poolId = ?1", poolId);
        if (waiting == 0 || own.isPresent()) {
            Optional<Machine> free = own.isPresent() ? own : Machines.claimable(tx, poolId);
            if (free.isPresent()) {
                assign(tx, free.get(), caller.userId(), caller.username(), caller.address(), asked);
                return false;
            }
        }
        if (tx.count("select count(*) from QueuePlace where poolId = ?1 and accountId = ?2", poolId, caller.userId())
                == 0) {
            if (waiting >= LONGEST_QUEUE || pool.size() == 0) {
                throw new RefusedException(
                        Reason.POOL_FULL,
                        "The desktop \"" + pool.displayName() + "\" has no free machine. Try again later.");
            }
            tx.insert(new QueuePlace(poolId, caller.userId(), caller.username(), caller.address(), clock.instant()));
            signals.send(tx, new Signal.Changed(Signal.Kind.POOL, poolId, poolId));
            audit.record(tx, AuditEntry.by(caller, "session.queue", poolId, ""));
        }
        return true;
    }

    /**
     * The machine of a dedicated pool that is a user's already.
     *
     * @throws RefusedException {@link Reason#MAINTENANCE} if there is one that can't be had now
     */
    private static Optional<Machine> own(Tx tx, Pool pool, UUID userId) {
        Optional<Machine> own = pool.policy().dedicated() ? Machines.ownOf(tx, pool.id(), userId) : Optional.empty();
        if (own.isPresent() && !own.get().claimableBy(userId)) {
            Machine machine = own.get();
            String why = machine.failure() == null ? "" : " (" + machine.failure() + ")";
            throw new RefusedException(
                    Reason.MAINTENANCE,
                    "Your desktop " + machine.name() + " is out of service" + why + ". Ask the helpdesk.");
        }
        return own;
    }

    private void assign(Tx tx, Machine machine, UUID userId, String username, @Nullable String address, Instant asked) {
        Instant now = clock.instant();
        UUID id = UUID.randomUUID();
        machine.claimFor(id, userId, now);
        if (Pools.require(tx, machine.poolId()).policy().dedicated()) {
            machine.assignTo(userId);
        }
        DesktopSession session =
                new DesktopSession(id, userId, username, machine.poolId(), machine.name(), address, now);
        session.asked(asked, SignInTiming.before(tx, userId, now));
        if (machine.ready()) {
            session.becameReady(null, now);
        }
        tx.insert(session);
        machines.save(tx, machine);
        sessions.changed(tx, session);
        audit.record(
                tx,
                new AuditEntry(
                        username,
                        "session.assign",
                        machine.name(),
                        Outcome.OK,
                        "session " + id,
                        address == null ? "" : address));
        sessions.freed(tx, machine.poolId());
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
            case FAILED -> {
                Desktop.Refusal problem = desktop.problem();
                throw new RefusedException(
                        Reason.NOT_READY,
                        problem == null ? "The desktop has stopped. Restart it, or log off." : problem.detail());
            }
            case NONE, QUEUED, STARTING, RESTARTING, LOGGING_OFF, UNAVAILABLE -> new Connected.Pending(desktop);
        };
    }

    private Connected.Ready open(Tx tx, Caller caller, DesktopSession session) {
        Tickets.Issued ticket = tickets.issue(
                tx, session.id(), caller.userId(), caller.signIn(), DisplayRight.CONTROL, caller.address());
        audit.record(tx, AuditEntry.by(caller, "session.ticket", session.machineName(), "session " + session.id()));
        return new Connected.Ready(session, ticket);
    }

    /** Gives free machines to those who wait, in order. */
    public void handOut(String poolId) {
        store.run(tx -> {
            Optional<Pool> pool = tx.lock(Pool.class, poolId);
            if (pool.isEmpty() || !pool.get().enabled() || pool.get().deleting()) {
                return;
            }
            boolean moved = false;
            boolean free = true;
            for (QueuePlace place :
                    tx.list(QueuePlace.class, "from QueuePlace where poolId = ?1 order by id", poolId)) {
                if (mayHave(tx, place)) {
                    Optional<Machine> machine = free ? freeFor(tx, pool.get(), place) : Optional.empty();
                    free = machine.isPresent();
                    if (!free) {
                        continue;
                    }
                    assign(tx, machine.get(), place.accountId(), place.username(), place.address(), place.since());
                }
                tx.delete(place);
                moved = true;
            }
            if (moved) {
                queues.moved(tx, poolId);
            }
        });
    }

    private static Optional<Machine> freeFor(Tx tx, Pool pool, QueuePlace place) {
        Optional<Machine> own =
                pool.policy().dedicated() ? Machines.ownOf(tx, pool.id(), place.accountId()) : Optional.empty();
        return own.isPresent()
                ? own.filter(machine -> machine.claimableBy(place.accountId()))
                : Machines.claimable(tx, pool.id());
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
        Optional<Connected.Ready> ready = store.call(tx -> {
            DesktopSession session = Sessions.requireLive(tx, sessionId);
            if (!Entitlements.entitled(tx, caller.userId(), caller.username(), session.poolId())) {
                throw new RefusedException(Reason.NOT_ENTITLED, "You may not use this desktop any more.");
            }
            if (Machines.require(tx, session.machineName()).ready()) {
                return Optional.of(open(tx, caller, session));
            }
            // After a crash of the host a session's machine is off until its user wants it: now.
            resume(tx, caller, session);
            return Optional.empty();
        });
        return ready.orElseThrow(
                () -> new RefusedException(Reason.NOT_READY, "The desktop is starting. Ask again in a moment."));
    }
}
