package oriel.broker.session;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Reach;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Cut;
import oriel.broker.display.DisplayRight;
import oriel.broker.display.LiveDisplays;
import oriel.broker.display.Tickets;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.identity.Account;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.pool.Entitlements;
import oriel.broker.pool.Pool;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.pool.Pools;
import oriel.broker.pool.QueuePlace;
import oriel.broker.problem.Check;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.store.Conditions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.hypervisor.host.PowerState;

/**
 * Gives users machines and takes them back. Thread-safe, in any number of brokers on one database.
 *
 * <p>Who gets which machine is decided by the database: a claim locks a free machine that nobody else has locked, and
 * unique keys keep a user from two sessions in a pool and a machine from two sessions, whatever this code does.
 */
public final class Sessions {
    /** A queue that is longer helps nobody. */
    private static final int LONGEST_QUEUE = 1000;

    private final Store store;
    private final Machines machines;
    private final Desktops desktops;
    private final Tickets tickets;
    private final LiveDisplays displays;
    private final AuditTrail audit;
    private final Signals signals;
    private final String broker;
    private final Clock clock;
    private volatile Consumer<String> poolChanged = poolId -> {};

    /** With its collaborators. */
    public Sessions(
            Store store,
            Machines machines,
            Desktops desktops,
            Tickets tickets,
            LiveDisplays displays,
            AuditTrail audit,
            Signals signals,
            String broker,
            Clock clock) {
        this.store = store;
        this.machines = machines;
        this.desktops = desktops;
        this.tickets = tickets;
        this.displays = displays;
        this.audit = audit;
        this.signals = signals;
        this.broker = broker;
        this.clock = clock;
    }

    /** Whom to tell that a pool has more or fewer free machines. */
    public void onPoolChanged(Consumer<String> poolChanged) {
        this.poolChanged = poolChanged;
    }

    /** What a connect has come to. */
    public sealed interface Connected {
        /** The display can be opened. */
        record Ready(DesktopSession session, Tickets.Issued ticket) implements Connected {}

        /** Not yet. */
        record Pending(Desktop desktop) implements Connected {}
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
        return store.call(tx -> live(tx, caller.userId(), poolId)
                .map(session -> resume(tx, caller, session))
                .orElseGet(() -> new Connected.Pending(desktops.of(tx, Pools.require(tx, poolId), caller.userId()))));
    }

    /** Whether the user stands in the queue now. */
    private boolean claimOrQueue(Tx tx, Caller caller, String poolId, Instant asked) {
        Pool pool = Pools.require(tx, poolId);
        if (live(tx, caller.userId(), poolId).isPresent()) {
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
            poolChanged(tx, poolId);
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
        changed(tx, session);
        audit.record(
                tx,
                new AuditEntry(
                        username,
                        "session.assign",
                        machine.name(),
                        Outcome.OK,
                        "session " + id,
                        address == null ? "" : address));
        String poolId = machine.poolId();
        tx.afterCommit(() -> poolChanged.accept(poolId));
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
                queueMoved(tx, poolId);
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
                && live(tx, place.accountId(), place.poolId()).isEmpty()
                && Entitlements.entitled(tx, place.accountId(), place.username(), place.poolId());
    }

    /** Gives a place in the queue up; nothing happens if there is none. */
    public void leaveQueue(Caller caller, String poolId) {
        store.run(tx -> leaveQueue(tx, caller.userId(), poolId));
    }

    private void leaveQueue(Tx tx, UUID userId, String poolId) {
        if (tx.execute("delete from QueuePlace where poolId = ?1 and accountId = ?2", poolId, userId) > 0) {
            tx.afterCommit(() -> signals.send(new Signal.Desktop(userId, poolId)));
            queueMoved(tx, poolId);
        }
    }

    private void queueMoved(Tx tx, String poolId) {
        List<UUID> waiting = tx.list(UUID.class, "select accountId from QueuePlace where poolId = ?1", poolId);
        tx.afterCommit(() -> waiting.forEach(user -> signals.send(new Signal.Desktop(user, poolId))));
        poolChanged(tx, poolId);
    }

    /**
     * A new ticket for a user's own live session.
     *
     * @throws RefusedException {@link Reason#NOT_READY}, {@link Reason#SESSION_ENDED}
     */
    public Connected.Ready ticket(Caller caller, UUID sessionId) {
        Optional<Connected.Ready> ready = store.call(tx -> {
            DesktopSession session = requireLive(tx, sessionId);
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

    /** Cuts the display; the session lives on. */
    public SessionView disconnect(UUID sessionId, Caller caller) {
        return store.call(tx -> {
            DesktopSession session = requireLive(tx, sessionId);
            Tickets.voidFor(tx, sessionId);
            tx.afterCommit(() -> displays.cutSession(sessionId, Cut.REVOKED, "disconnected by " + caller.username()));
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
        String poolId = session.poolId();
        UUID id = session.id();
        tx.afterCommit(() -> {
            displays.cutSession(id, Cut.SESSION_ENDED, "");
            poolChanged.accept(poolId);
        });
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
                    tx.afterCommit(() -> displays.cutSession(
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
        UUID id = from.sessionId();
        Optional<DesktopSession> session = id == null
                ? Optional.empty()
                : tx.lock(DesktopSession.class, id)
                        .filter(DesktopSession::lives)
                        .filter(s -> s.ready() == null)
                        // What a user keeps on a machine is not left behind for another one.
                        .filter(s -> from.generation() <= 1 || from.assignedTo() == null);
        Optional<Machine> to = session.isEmpty() ? Optional.empty() : Machines.claimable(tx, from.poolId());
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

    /** Somebody looks at a session. */
    public void displayOpened(Tickets.Redeemed grant) {
        displays.opened(grant);
        store.run(tx -> tx.lock(DesktopSession.class, grant.sessionId())
                .filter(DesktopSession::lives)
                .filter(session -> tx.count("select count(*) from SignIn where tokenHash = ?1", grant.signIn()) > 0)
                .ifPresentOrElse(
                        session -> {
                            session.connect(grant.address(), broker, clock.instant());
                            tx.update(session);
                            changed(tx, session);
                            audit.record(
                                    tx,
                                    new AuditEntry(
                                            session.username(),
                                            "session.connect",
                                            session.machineName(),
                                            Outcome.OK,
                                            "session " + session.id(),
                                            grant.address()));
                        },
                        () -> tx.afterCommit(() -> displays.cutSession(grant.sessionId(), Cut.SESSION_ENDED, ""))));
    }

    /** The disk of a session's machine is there. */
    public void cloned(Tx tx, UUID sessionId, Instant begun) {
        tx.lock(DesktopSession.class, sessionId).filter(DesktopSession::lives).ifPresent(session -> {
            session.cloned(begun, clock.instant());
            tx.update(session);
        });
    }

    /** Which way text may go on a connection, by its pool's policy. */
    public ClipboardPolicy clipboard(Tickets.Redeemed grant) {
        PoolPolicy.Clipboard allowed = store.call(tx -> tx.find(DesktopSession.class, grant.sessionId())
                .flatMap(session -> tx.find(Pool.class, session.poolId()))
                .map(pool -> pool.policy().clipboard())
                .orElse(PoolPolicy.Clipboard.NONE));
        int most = ClipboardPolicy.BOTH_WAYS.maximumBytes();
        return switch (allowed) {
            case BOTH -> ClipboardPolicy.BOTH_WAYS;
            case TO_GUEST -> new ClipboardPolicy(true, false, most);
            case TO_CLIENT -> new ClipboardPolicy(false, true, most);
            case NONE -> ClipboardPolicy.DENIED;
        };
    }

    /** Somebody sees the first picture. */
    public void firstFrame(UUID connection, Duration afterOpening) {
        Tickets.Redeemed grant = displays.get(connection);
        if (grant != null) {
            store.run(tx -> tx.lock(DesktopSession.class, grant.sessionId())
                    .filter(session -> session.sawFirstFrame(afterOpening))
                    .ifPresent(session -> {
                        tx.update(session);
                        changed(tx, Signal.Kind.SESSION, session);
                    }));
        }
    }

    /**
     * Writes a message onto the pages of a session's user.
     *
     * @return how many pages of this broker showed it
     */
    public int message(UUID sessionId, Message message, Caller caller) {
        DesktopSession session = store.call(tx -> {
            DesktopSession live = requireLive(tx, sessionId);
            audit.record(
                    tx,
                    AuditEntry.by(caller, "session.message", live.machineName(), message.look() + ": " + message.text())
                            .about(live.username()));
            return live;
        });
        return signals.send(new Signal.Message(
                session.accountId(),
                sessionId,
                session.poolId(),
                caller.displayName(),
                message.look().name(),
                message.text(),
                clock.instant()));
    }

    /**
     * A message for a user.
     *
     * @param text plain text
     * @param severity how it looks
     */
    public record Message(String text, @Nullable Severity severity) {
        /** How a message looks. */
        public enum Severity {
            /** For information. */
            INFO,
            /** Something will happen. */
            WARNING
        }

        /** Checks the fields. */
        public Message {
            if (Check.text("text", text, 1000).isBlank()) {
                throw RefusedException.field("text", "is empty");
            }
        }

        /** How it looks; for information unless said otherwise. */
        Severity look() {
            return severity == null ? Severity.INFO : severity;
        }
    }

    /** Somebody does not look any more. */
    public void displayClosed(UUID connection) {
        Tickets.Redeemed grant = displays.closed(connection);
        if (grant == null || displays.watched(grant.sessionId())) {
            return;
        }
        store.run(tx -> tx.lock(DesktopSession.class, grant.sessionId())
                .filter(session -> session.state() == SessionState.CONNECTED)
                .ifPresent(session -> {
                    session.disconnect(clock.instant());
                    tx.update(session);
                    changed(tx, session);
                }));
    }

    /** After a start of this broker nobody looks at anything through it. */
    public void nobodyLooks() {
        store.run(tx -> {
            tickets.voidOwn(tx);
            for (DesktopSession session : tx.list(
                    DesktopSession.class,
                    "from DesktopSession where state = ?1 and (shownBy = ?2 or shownBy is null)",
                    SessionState.CONNECTED,
                    broker)) {
                session.disconnect(clock.instant());
                tx.update(session);
            }
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

    /** Takes those out of the queues who are not signed in any more. */
    public void sweepQueues() {
        store.run(tx -> {
            for (QueuePlace place : tx.list(
                    QueuePlace.class,
                    "from QueuePlace q where not exists (select 1 from SignIn s where s.accountId = q.accountId)")) {
                leaveQueue(tx, place.accountId(), place.poolId());
            }
        });
    }

    /** Ends every session and queue place of a user. */
    public void endAll(Tx tx, UUID userId, EndReason reason, String actor) {
        for (DesktopSession session :
                tx.list(DesktopSession.class, "from DesktopSession where accountId = ?1 and state <> ENDED", userId)) {
            end(tx, session, reason, Lifecycle.LOGGING_OFF, actor, "");
        }
        for (QueuePlace place : tx.list(QueuePlace.class, "from QueuePlace where accountId = ?1", userId)) {
            leaveQueue(tx, userId, place.poolId());
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

    private static DesktopSession require(Tx tx, UUID id) {
        return tx.lock(DesktopSession.class, id).orElseThrow(() -> RefusedException.notFound("session " + id));
    }

    private static DesktopSession requireLive(Tx tx, UUID id) {
        DesktopSession session = require(tx, id);
        if (!session.lives()) {
            throw new RefusedException(Reason.SESSION_ENDED, "The session has ended. Connect again.");
        }
        return session;
    }

    private void changed(Tx tx, DesktopSession session) {
        UUID user = session.accountId();
        String poolId = session.poolId();
        tx.afterCommit(() -> signals.send(new Signal.Desktop(user, poolId)));
        changed(tx, Signal.Kind.SESSION, session);
    }

    private void changed(Tx tx, Signal.Kind kind, DesktopSession session) {
        String id = session.id().toString();
        String poolId = session.poolId();
        tx.afterCommit(() -> signals.send(new Signal.Changed(kind, id, poolId)));
    }

    private void poolChanged(Tx tx, String poolId) {
        tx.afterCommit(() -> signals.send(new Signal.Changed(Signal.Kind.POOL, poolId, poolId)));
    }

    /** A session as the API shows it. */
    public record SessionView(
            UUID id,
            String username,
            String poolId,
            String machine,
            SessionState state,
            Instant started,
            @Nullable Instant ready,
            @Nullable Instant connected,
            @Nullable Instant disconnected,
            @Nullable Instant ended,
            @Nullable EndReason endReason,
            @Nullable String clientAddress,
            @Nullable Logon logon) {
        static SessionView of(DesktopSession s) {
            return new SessionView(
                    s.id(),
                    s.username(),
                    s.poolId(),
                    s.machineName(),
                    s.state(),
                    s.started(),
                    s.ready(),
                    s.connected(),
                    s.disconnected(),
                    s.ended(),
                    s.endReason(),
                    s.clientAddress(),
                    s.logon());
        }
    }
}
