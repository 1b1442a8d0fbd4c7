package oriel.broker.session;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Screens;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.machine.Machines.MachineView;
import oriel.broker.pool.Pools;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.problem.Seen;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/** What administrators do to single machines. Thread-safe. */
public final class MachineCare {
    /** A console that shows thumbnails asks every few seconds: that is one look. */
    private static final Duration SAME_LOOK = Duration.ofMinutes(10);

    private final Store store;
    private final Machines machines;
    private final Sessions sessions;
    private final AuditTrail audit;
    private final Screens screens;
    private final Clock clock;
    private final Map<String, Instant> looks = new ConcurrentHashMap<>();

    /** With its collaborators. */
    public MachineCare(
            Store store, Machines machines, Sessions sessions, AuditTrail audit, Screens screens, Clock clock) {
        this.store = store;
        this.machines = machines;
        this.sessions = sessions;
        this.audit = audit;
        this.screens = screens;
        this.clock = clock;
    }

    /**
     * What is on a machine's screen. Looking at somebody else's is recorded, once in a while for the same eyes.
     *
     * @throws RefusedException {@link Reason#NOT_READY} if it has no screen now
     */
    public Screens.Picture screen(String name, int width, Caller caller) {
        Optional<UUID> owner = machines.owner(name);
        if (owner.isPresent() && !owner.get().equals(caller.userId()) && newLook(name, caller)) {
            store.run(tx -> audit.record(
                    tx,
                    AuditEntry.by(caller, "machine.screen", name, "")
                            .about(tx.first(String.class, "select username from Account where id = ?1", owner.get())
                                    .orElse(""))));
        }
        return screens.of(name, width)
                .orElseThrow(() -> new RefusedException(Reason.NOT_READY, "The machine has no screen just now."));
    }

    /** Whether this look is to be recorded. */
    private boolean newLook(String machine, Caller caller) {
        Instant now = clock.instant();
        looks.values().removeIf(at -> at.plus(SAME_LOOK).isBefore(now));
        return looks.putIfAbsent(caller.username() + " " + machine, now) == null;
    }

    /** A machine, locked, if it is as the caller has seen it. */
    private static Machine unchanged(Tx tx, String name, @Nullable String seen) {
        Machine machine = Machines.require(tx, name);
        Seen.check(seen, machine.etag(), "the machine");
        return machine;
    }

    /** Boots a machine again, with the disk it has. */
    public MachineView restart(String name, @Nullable String seen, Caller caller) {
        return store.call(tx -> {
            Machine machine = unchanged(tx, name, seen);
            if (machine.generation() == 0 || machine.lifecycle() == Lifecycle.MAINTENANCE) {
                throw new RefusedException(Reason.CONFLICT, "The machine is " + machine.lifecycle() + ".");
            }
            sessions.restart(tx, machine);
            audit.record(tx, AuditEntry.by(caller, "machine.restart", name, ""));
            return Machines.view(tx, machine);
        });
    }

    /**
     * Gives a machine a new disk.
     *
     * @throws RefusedException {@link Reason#MACHINE_IN_USE}
     */
    public MachineView refresh(String name, @Nullable String seen, Caller caller) {
        return store.call(tx -> {
            Machine machine = unchanged(tx, name, seen);
            if (machine.sessionId() != null) {
                throw new RefusedException(
                        Reason.MACHINE_IN_USE, "The machine has a session. Log the user off instead.");
            }
            if (machine.lifecycle() == Lifecycle.DELETING) {
                throw new RefusedException(Reason.CONFLICT, "The machine is being deleted.");
            }
            machine.release(Lifecycle.DIRTY, null, clock.instant());
            machines.redirect(tx, machine, "the machine is refreshed");
            audit.record(tx, AuditEntry.by(caller, "machine.refresh", name, ""));
            return Machines.view(tx, machine);
        });
    }

    /**
     * Gives a machine of a dedicated pool to a user for good, or to nobody; what the last one left goes.
     *
     * @param username to whom; null: to nobody
     * @throws RefusedException {@link Reason#MACHINE_IN_USE}; {@link Reason#CONFLICT} if the pool is not dedicated, or
     *     the user has a machine of it already
     */
    public MachineView assign(String name, @Nullable String username, @Nullable String seen, Caller caller) {
        return store.call(tx -> {
            Machine machine = unchanged(tx, name, seen);
            if (!Pools.require(tx, machine.poolId()).policy().dedicated()) {
                throw new RefusedException(Reason.CONFLICT, "The machine's pool is not a dedicated one.");
            }
            UUID user = username == null
                    ? null
                    : tx.first(UUID.class, "select id from Account where username = ?1", username)
                            .orElseThrow(() -> RefusedException.notFound("user \"" + username + "\""));
            if (Objects.equals(user, machine.assignedTo())) {
                return Machines.view(tx, machine);
            }
            if (machine.sessionId() != null) {
                throw new RefusedException(Reason.MACHINE_IN_USE, "The machine has a session. Log the user off first.");
            }
            if (user != null && Machines.ownOf(tx, machine.poolId(), user).isPresent()) {
                throw new RefusedException(
                        Reason.CONFLICT, "\"" + username + "\" has a machine of this pool. Take that away first.");
            }
            machine.assignTo(user);
            if (machine.tainted()) {
                machine.release(Lifecycle.DIRTY, null, clock.instant());
            }
            machines.redirect(tx, machine, "the machine is somebody else's");
            audit.record(
                    tx,
                    AuditEntry.by(caller, "machine.assign", name, username == null ? "to nobody" : "to " + username)
                            .about(username == null ? "" : username));
            return Machines.view(tx, machine);
        });
    }

    /** Takes the machines of a user who is gone; what was on them goes too. */
    public void leaveBehind(Tx tx, UUID userId) {
        for (String name : tx.list(String.class, "select name from Machine where assignedTo = ?1", userId)) {
            Machine machine = Machines.require(tx, name);
            machine.assignTo(null);
            if (machine.sessionId() == null) {
                machine.release(Lifecycle.DIRTY, null, clock.instant());
            }
            machines.redirect(tx, machine, "its user is gone");
        }
    }

    /** Takes a machine out of its pool, or gives it back after a refresh. */
    public MachineView maintenance(String name, boolean enabled, @Nullable String seen, Caller caller) {
        return store.call(tx -> {
            Machine machine = unchanged(tx, name, seen);
            Instant now = clock.instant();
            boolean out = machine.lifecycle() == Lifecycle.MAINTENANCE || machine.lifecycle() == Lifecycle.DRAINING;
            if (enabled == out) {
                return Machines.view(tx, machine);
            }
            if (enabled && machine.sessionId() != null) {
                machine.become(Lifecycle.DRAINING, null, now);
                machines.save(tx, machine);
            } else if (enabled) {
                machine.release(Lifecycle.MAINTENANCE, null, now);
                machines.redirect(tx, machine, "maintenance");
            } else if (machine.sessionId() != null) {
                machine.become(machine.ready() ? Lifecycle.IN_SESSION : Lifecycle.ASSIGNED, null, now);
                machines.save(tx, machine);
            } else if (machine.kept()) {
                machine.keep(now);
                machines.redirect(tx, machine, "maintenance is over");
            } else {
                // Whatever was done to it meanwhile must not reach a user.
                machine.release(Lifecycle.DIRTY, null, now);
                machines.redirect(tx, machine, "maintenance is over");
            }
            audit.record(tx, AuditEntry.by(caller, "machine.maintenance", name, enabled ? "on" : "off"));
            return Machines.view(tx, machine);
        });
    }
}
