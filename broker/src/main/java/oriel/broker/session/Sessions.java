package oriel.broker.session;

import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Reach;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Cut;
import oriel.broker.display.Tickets;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.machine.UnreachableHost;
import oriel.broker.pool.Entitlements;
import oriel.broker.pool.Pool;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.pool.QueuePlace;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.store.Conditions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.hypervisor.host.PowerState;

/** Sessions from the moment that their user has a machine, to the end. Thread-safe, in any number of brokers on one database. */
public final class Sessions {
    private final Store store;
    private final Machines machines;
    private final Queues queues;
    private final AuditTrail audit;
    private final Signals signals;
    private final Clock clock;
    private volatile Consumer<String> poolChanged = poolId -> {};
    private volatile BiConsumer<Tx, UUID> unwatched = (tx, session) -> {};

    /** With its collaborators. */
    public Sessions(Store store, Machines machines, Queues queues, AuditTrail audit, Signals signals, Clock clock) {
        this.store = store;
        this.machines = machines;
        this.queues = queues;
        this.audit = audit;
        this.signals = signals;
        this.clock = clock;
    }

    /** Whom to tell that a pool has more or fewer free machines. */
    public void onPoolChanged(Consumer<String> poolChanged) {
        this.poolChanged = poolChanged;
    }

    /** Whom to tell that a session's user does not look at it any more. */
    public void onUnwatched(BiConsumer<Tx, UUID> unwatched) {
        this.unwatched = unwatched;
    }

    /** The session's user does not look at it any more. */
    void unwatched(Tx tx, UUID sessionId) {
        unwatched.accept(tx, sessionId);
    }

    /** A pool has more or fewer free machines. */
    void freed(Tx tx, String poolId) {
        tx.afterCommit(() -> poolChanged.accept(poolId));
    }

    /** Cuts the display; the session lives on. */
    public SessionView disconnect(UUID sessionId, Caller caller) {
        return store.call(tx -> {
            DesktopSession session = requireLive(tx, sessionId);
            Tickets.voidFor(tx, sessionId);
            signals.send(
                    tx, Signal.CutDisplays.ofSession(sessionId, Cut.REVOKED, "disconnected by " + caller.username()));
            audit.record(
                    tx,
                    AuditEntry.by(caller, "session.disconnect", session.machineName(), "session " + sessionId)
                            .about(session.username()));
            return SessionView.of(session);
        });
    }

    /** Ends a session; ended already: nothing happens. */
    public SessionView logOff(UUID sessionId, Caller caller) {
        return store.call(tx -> {
            DesktopSession session = require(tx, sessionId);
            if (session.lives()) {
                boolean own = session.accountId().equals(caller.userId());
                end(
                        tx,
                        session,
                        own ? EndReason.LOGOFF : EndReason.ADMIN_LOGOFF,
                        Lifecycle.LOGGING_OFF,
                        caller.username(),
                        caller.address());
            }
            return SessionView.of(session);
        });
    }

    /** Boots a session's machine again, with the disk it has. */
    public SessionView restart(UUID sessionId, Caller caller) {
        return store.call(tx -> {
            DesktopSession session = requireLive(tx, sessionId);
            restart(tx, Machines.require(tx, session.machineName()));
            audit.record(
                    tx,
                    AuditEntry.by(caller, "session.restart", session.machineName(), "session " + sessionId)
                            .about(session.username()));
            changed(tx, session);
            return SessionView.of(session);
        });
    }

    /** Boots a machine again. */
    public void restart(Tx tx, Machine machine) {
        UnreachableHost.requireReached(tx, machine);
        if (machine.power() == PowerState.OFF) {
            machine.wantPower(true, clock.instant());
        } else {
            machine.wantRestart(clock.instant());
        }
        machines.save(tx, machine);
    }

    /**
     * Ends a session as part of a transaction. The machine's refresh is journalled in the same transaction: there is no
     * moment at which a crash could leave it free and dirty.
     */
    public void end(
            Tx tx, DesktopSession session, EndReason reason, Lifecycle machineBecomes, String actor, String address) {
        Instant now = clock.instant();
        session.end(reason, now);
        tx.update(session);
        Tickets.voidFor(tx, session.id());
        Machines.lock(tx, session.machineName())
                .filter(machine -> session.id().equals(machine.sessionId()))
                .ifPresent(machine -> {
                    takeBack(tx, machine, machineBecomes, now);
                    machines.redirect(tx, machine, "session ended");
                });
        audit.record(
                tx,
                new AuditEntry(
                        actor,
                        "session.logoff",
                        session.machineName(),
                        Outcome.OK,
                        "session " + session.id() + " of " + session.username() + ": " + reason,
                        address,
                        session.username()));
        changed(tx, session);
        unwatched(tx, session.id());
        signals.send(tx, Signal.CutDisplays.ofSession(session.id(), Cut.SESSION_ENDED, ""));
        freed(tx, session.poolId());
    }

    private static void takeBack(Tx tx, Machine machine, Lifecycle becomes, Instant now) {
        boolean draining = machine.lifecycle() == Lifecycle.DRAINING;
        boolean loggedOff = becomes == Lifecycle.LOGGING_OFF;
        PoolPolicy.LogoffAction action = tx.find(Pool.class, machine.poolId())
                .map(pool -> pool.policy().logoffAction())
                .orElse(PoolPolicy.LogoffAction.REFRESH);
        if (loggedOff && !draining && machine.kept() && action == PoolPolicy.LogoffAction.KEEP) {
            machine.keep(now);
        } else if (loggedOff && !draining && action == PoolPolicy.LogoffAction.DELETE) {
            machine.release(Lifecycle.DELETING, null, now);
        } else {
            machine.release(draining ? Lifecycle.MAINTENANCE : becomes, loggedOff ? null : machine.failure(), now);
        }
    }

    /** Cuts the display of a session that nobody uses; the session lives on. */
    void disconnectIdle(UUID sessionId, int minutes) {
        store.run(tx -> tx.lock(DesktopSession.class, sessionId)
                .filter(session -> session.state() == SessionState.CONNECTED)
                .ifPresent(session -> {
                    Tickets.voidFor(tx, sessionId);
                    signals.send(
                            tx,
                            Signal.CutDisplays.ofSession(
                                    sessionId, Cut.REVOKED, "nobody has used it for " + minutes + " minutes"));
                    audit.record(
                            tx,
                            AuditEntry.bySystem(
                                            "session.idle", session.machineName(), "idle for " + minutes + " minutes")
                                    .about(session.username()));
                }));
    }

    /** Gives a session that never saw its desktop another machine: its own one does not work. */
    public boolean move(Tx tx, Machine from, String why) {
        return move(tx, from, why, session -> session.ready() == null);
    }

    /** Gives a session that nobody ever connected to another machine: its own one is out of reach, ready or not. */
    public boolean moveUnseen(Tx tx, Machine from, String why) {
        return move(tx, from, why, session -> session.state() == SessionState.PENDING);
    }

    private boolean move(Tx tx, Machine from, String why, Predicate<DesktopSession> movable) {
        UUID id = from.sessionId();
        Optional<DesktopSession> session = id == null
                ? Optional.empty()
                : tx.lock(DesktopSession.class, id)
                        .filter(DesktopSession::lives)
                        .filter(movable)
                        // What a user keeps on a machine is not left behind for another one.
                        .filter(s -> from.assignedTo() == null || neverUsed(tx, from, s));
        Optional<Machine> to =
                session.isEmpty() ? Optional.empty() : Machines.claimable(tx, from.poolId(), clock.instant());
        if (session.isEmpty() || to.isEmpty()) {
            return false;
        }
        Instant now = clock.instant();
        DesktopSession moving = session.get();
        Tickets.voidFor(tx, moving.id());
        from.release(Lifecycle.DIRTY, why, now);
        UUID assigned = from.assignedTo();
        from.assignTo(null);
        machines.redirect(tx, from, "given up");
        Machine other = to.get();
        other.assignTo(assigned);
        other.claimFor(moving.id(), moving.accountId(), now);
        moving.moveTo(other.name());
        if (other.ready()) {
            moving.becameReady(null, now);
        }
        tx.update(moving);
        machines.save(tx, other);
        changed(tx, moving);
        audit.record(
                tx,
                AuditEntry.bySystem(
                                "session.move",
                                other.name(),
                                "session " + moving.id() + " from " + from.name() + ": " + why)
                        .about(moving.username()));
        return true;
    }

    /** Whether nothing but a session that begins was ever on a machine. A log-off that keeps the disk leaves no other trace. */
    private static boolean neverUsed(Tx tx, Machine machine, DesktopSession begins) {
        return machine.generation() <= 1
                && tx.count(
                                "select count(*) from DesktopSession where machineName = ?1 and id <> ?2",
                                machine.name(),
                                begins.id())
                        == 0;
    }

    /** The desktop of a session is there. */
    public void ready(Tx tx, UUID sessionId) {
        tx.lock(DesktopSession.class, sessionId)
                .filter(DesktopSession::lives)
                .filter(session -> session.ready() == null)
                .ifPresent(session -> {
                    Instant poweredAt = Machines.lock(tx, session.machineName())
                            .map(Machine::poweredAt)
                            .orElse(null);
                    session.becameReady(poweredAt, clock.instant());
                    tx.update(session);
                    changed(tx, session);
                });
    }

    /** The disk of a session's machine is there. */
    public void cloned(Tx tx, UUID sessionId, Instant begun) {
        tx.lock(DesktopSession.class, sessionId).filter(DesktopSession::lives).ifPresent(session -> {
            session.cloned(begun, clock.instant());
            tx.update(session);
        });
    }

    /** Ends sessions that nobody has ever connected to. */
    public void endUnclaimed(Instant readyBefore) {
        List<UUID> unclaimed = store.call(tx -> tx.list(
                UUID.class,
                "select id from DesktopSession where state = ?1 and ready < ?2",
                SessionState.PENDING,
                readyBefore));
        for (UUID id : unclaimed) {
            store.run(tx -> tx.lock(DesktopSession.class, id)
                    .filter(session -> session.state() == SessionState.PENDING)
                    .ifPresent(session ->
                            end(tx, session, EndReason.NEVER_CONNECTED, Lifecycle.LOGGING_OFF, AuditEntry.SYSTEM, "")));
        }
    }

    /** Ends every session and queue place of a user. */
    public void endAll(Tx tx, UUID userId, EndReason reason, String actor) {
        for (DesktopSession session :
                tx.list(DesktopSession.class, "from DesktopSession where accountId = ?1 and state <> ENDED", userId)) {
            end(tx, session, reason, Lifecycle.LOGGING_OFF, actor, "");
        }
        for (QueuePlace place : tx.list(QueuePlace.class, "from QueuePlace where accountId = ?1", userId)) {
            queues.leave(tx, userId, place.poolId());
        }
    }

    /** Ends the sessions of those who may not use a pool any more. */
    public void endUnentitled(Tx tx, @Nullable String poolId, @Nullable UUID userId, String actor) {
        for (DesktopSession session : tx.list(DesktopSession.class, "from DesktopSession where state <> ENDED")) {
            if ((poolId == null || poolId.equals(session.poolId()))
                    && (userId == null || userId.equals(session.accountId()))
                    && !Entitlements.entitled(tx, session.accountId(), session.username(), session.poolId())) {
                end(tx, session, EndReason.ENTITLEMENT_REVOKED, Lifecycle.LOGGING_OFF, actor, "");
            }
        }
    }

    /** Whose session it is. */
    public Optional<UUID> owner(UUID sessionId) {
        return store.call(tx -> tx.find(DesktopSession.class, sessionId).map(DesktopSession::accountId));
    }

    /** One session. */
    public SessionView get(UUID sessionId) {
        return store.call(tx -> tx.find(DesktopSession.class, sessionId)
                .map(SessionView::of)
                .orElseThrow(() -> RefusedException.notFound("session " + sessionId)));
    }

    /** A page of sessions, newest first. */
    public List<SessionView> list(Instant before, UUID beforeId, int limit, Filter filter) {
        return store.call(tx -> {
            Conditions where = new Conditions()
                    .and("(started < ? or (started = ? and id < ?))", before, before, beforeId)
                    .when(filter.active(), "state <> ENDED")
                    .when(!filter.username().isEmpty(), "username = ?", filter.username())
                    .when(!filter.poolId().isEmpty(), "poolId = ?", filter.poolId())
                    .when(!filter.machine().isEmpty(), "machineName = ?", filter.machine());
            Roles.pools(tx, filter.reach()).ifPresent(pools -> where.and("poolId in ?", pools));
            return tx
                    .query(
                            DesktopSession.class,
                            "from DesktopSession where " + where.hql() + " order by started desc, id desc",
                            where.values())
                    .setMaxResults(limit)
                    .getResultList()
                    .stream()
                    .map(SessionView::of)
                    .toList();
        });
    }

    /**
     * Which sessions.
     *
     * @param active only those that have not ended
     * @param username of one user; empty: of all
     * @param poolId of one pool; empty: of all
     * @param machine on one machine; empty: on all
     * @param reach where the caller may see sessions
     */
    public record Filter(boolean active, String username, String poolId, String machine, Reach reach) {}

    static Optional<DesktopSession> live(Tx tx, UUID userId, String poolId) {
        return tx.first(
                DesktopSession.class,
                "from DesktopSession where liveUserKey = ?1",
                DesktopSession.userKey(userId, poolId));
    }

    static DesktopSession require(Tx tx, UUID id) {
        return tx.lock(DesktopSession.class, id).orElseThrow(() -> RefusedException.notFound("session " + id));
    }

    static DesktopSession requireLive(Tx tx, UUID id) {
        DesktopSession session = require(tx, id);
        if (!session.lives()) {
            throw new RefusedException(Reason.SESSION_ENDED, "The session has ended. Connect again.");
        }
        return session;
    }

    void changed(Tx tx, DesktopSession session) {
        signals.send(tx, new Signal.Desktop(session.accountId(), session.poolId()));
        changed(tx, Signal.Kind.SESSION, session);
    }

    void changed(Tx tx, Signal.Kind kind, DesktopSession session) {
        signals.send(tx, new Signal.Changed(kind, session.id().toString(), session.poolId()));
    }
}
