package oriel.broker.host;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.audit.AuditEntry;
import oriel.broker.machine.Agent;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.operation.Journal;
import oriel.broker.pool.Pool;
import oriel.broker.session.DesktopSession;
import oriel.broker.session.EndReason;
import oriel.broker.session.Sessions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.MachineStatus;
import oriel.hypervisor.host.PowerState;

/**
 * Brings the database in line with what a host says of a machine. Events only say which machine to look at: what counts
 * is the host's present answer, so that late, repeated and lost events do no harm. While an operation is open, the
 * operation answers for the machine, and it is looked at when the operation has ended.
 */
final class MachineObserver {
    private static final Logger log = LoggerFactory.getLogger(MachineObserver.class);
    private static final int ATTEMPTS = 5;

    private final Store store;
    private final HypervisorHost host;
    private final Machines machines;
    private final Sessions sessions;
    private final Journal journal;
    private final Clock clock;
    private final String owner;
    private final Duration bootTimeout;
    private final Consumer<String> poolChanged;

    MachineObserver(
            Store store,
            HypervisorHost host,
            Machines machines,
            Sessions sessions,
            Journal journal,
            Clock clock,
            String owner,
            Duration bootTimeout,
            Consumer<String> poolChanged) {
        this.store = store;
        this.host = host;
        this.machines = machines;
        this.sessions = sessions;
        this.journal = journal;
        this.clock = clock;
        this.owner = owner;
        this.bootTimeout = bootTimeout;
        this.poolChanged = poolChanged;
    }

    /**
     * Looks at a machine.
     *
     * @param hostRestarted machines that are off went off with their host, not by their guests' will
     */
    void observe(String name, boolean hostRestarted) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Optional<Machine> seen = store.call(tx -> tx.find(Machine.class, name));
            if (seen.isEmpty()) {
                return;
            }
            Optional<MachineStatus> status;
            try {
                status = host.find(name);
            } catch (HostException e) {
                log.warn("{} does not answer: {}", host.name(), e.getMessage());
                return;
            }
            // The answer is older than this transaction: it counts only if nobody changed the machine since we asked.
            if (store.call(tx -> apply(tx, seen.get(), status, hostRestarted))) {
                return;
            }
        }
        log.debug("{} changes all the time; it will be looked at again", name);
    }

    private boolean apply(Tx tx, Machine seen, Optional<MachineStatus> status, boolean hostRestarted) {
        Optional<Machine> locked = Machines.lock(tx, seen.name());
        if (locked.isEmpty() || Journal.openFor(tx, seen.name()).isPresent()) {
            return true;
        }
        Machine machine = locked.get();
        if (machine.version() != seen.version()) {
            return false;
        }
        Instant now = clock.instant();
        if (status.isEmpty()) {
            missing(tx, machine, now);
        } else if (!status.get().owner().equals(owner)) {
            foreign(tx, machine, now);
        } else if (status.get().generation() != machine.generation()) {
            otherDisk(tx, machine, status.get(), now);
        } else {
            switch (status.get().power()) {
                case ON -> on(tx, machine, status.get(), now);
                case OFF -> off(tx, machine, status.get(), hostRestarted, now);
                case STARTING, STOPPING, SUSPENDED, UNKNOWN -> {}
            }
        }
        return true;
    }

    private void missing(Tx tx, Machine machine, Instant now) {
        if (machine.generation() == 0) {
            steer(tx, machine);
            return;
        }
        lost(tx, machine, "The host " + host.name() + " does not have this machine any more.", now);
    }

    /** Nothing has changed: writes only if something is to be done that nobody has journalled. */
    private void steer(Tx tx, Machine machine) {
        if (machine.need() != Machine.Need.NOTHING) {
            machines.save(tx, machine);
        }
    }

    private void otherDisk(Tx tx, Machine machine, MachineStatus status, Instant now) {
        log.warn(
                "{} has disk {} on its host and {} in the database",
                machine.name(),
                status.generation(),
                machine.generation());
        machine.adopt(status.generation(), now);
        lost(tx, machine, "Its disk is not the one that the database knows.", now);
    }

    private void lost(Tx tx, Machine machine, String why, Instant now) {
        machine.off(why, now);
        if (machine.sessionId() != null) {
            tx.update(machine);
            endSession(tx, machine, EndReason.MACHINE_LOST, Lifecycle.MISSING, AuditEntry.SYSTEM);
        } else if (machine.lifecycle() != Lifecycle.DELETING && machine.lifecycle() != Lifecycle.MAINTENANCE) {
            // What a user keeps there is not to be thrown away by a machine.
            machine.become(machine.kept() ? Lifecycle.ERROR : Lifecycle.MISSING, why, now);
            machines.save(tx, machine);
        } else {
            machines.save(tx, machine);
        }
    }

    private void foreign(Tx tx, Machine machine, Instant now) {
        if (machine.lifecycle() != Lifecycle.ERROR && machine.sessionId() == null) {
            machine.become(
                    Lifecycle.ERROR,
                    "The host " + host.name() + " has a machine of this name that belongs to somebody else.",
                    now);
            machines.save(tx, machine);
        }
    }

    private void on(Tx tx, Machine machine, MachineStatus status, Instant now) {
        if (status.guestReady()) {
            if (!machine.ready()) {
                machine.guestReady(now);
                machines.save(tx, machine);
                if (machine.sessionId() != null) {
                    sessions.ready(tx, machine.sessionId());
                }
                tx.afterCommit(journal::wake);
                changed(tx, machine);
            }
            return;
        }
        if (machine.power() != PowerState.ON) {
            machine.powered(now);
            machines.save(tx, machine);
        }
        Instant poweredAt = machine.poweredAt();
        if (machine.agent() == Agent.WAITING
                && poweredAt != null
                && poweredAt.plus(bootTimeout).isBefore(now)) {
            String why = "The desktop did not appear within " + bootTimeout.toSeconds() + " seconds.";
            machine.unreachable(why, now);
            poolFailed(tx, machine, now);
            if (machine.sessionId() == null) {
                machine.release(machine.kept() ? Lifecycle.ERROR : Lifecycle.DIRTY, why, now);
                machines.save(tx, machine);
            } else if (!sessions.move(tx, machine, why)) {
                machines.save(tx, machine);
            }
            tx.afterCommit(journal::wake);
        }
    }

    private void off(Tx tx, Machine machine, MachineStatus status, boolean hostRestarted, Instant now) {
        if (machine.power() == PowerState.OFF) {
            steer(tx, machine);
            return;
        }
        Optional<String> failure = status.failure();
        machine.off(failure.orElse(null), now);
        if (failure.isPresent()) {
            poolFailed(tx, machine, now);
        }
        if (machine.sessionId() == null) {
            if (!machine.kept()
                    && (machine.lifecycle() == Lifecycle.BOOTING || machine.lifecycle() == Lifecycle.AVAILABLE)) {
                machine.release(Lifecycle.DIRTY, failure.orElse(null), now);
            }
            machines.save(tx, machine);
        } else if (failure.isPresent() || hostRestarted) {
            machines.save(tx, machine);
        } else {
            // The user has shut the guest down from within: that is how one logs off there.
            tx.update(machine);
            endSession(tx, machine, EndReason.LOGOFF, Lifecycle.LOGGING_OFF, AuditEntry.SYSTEM);
        }
        changed(tx, machine);
    }

    private void endSession(Tx tx, Machine machine, EndReason reason, Lifecycle becomes, String actor) {
        java.util.UUID session = machine.sessionId();
        if (session != null) {
            tx.lock(DesktopSession.class, session)
                    .ifPresent(found -> sessions.end(tx, found, reason, becomes, actor, ""));
        }
    }

    private static void poolFailed(Tx tx, Machine machine, Instant now) {
        tx.lock(Pool.class, machine.poolId()).ifPresent(pool -> {
            pool.failed(now);
            tx.update(pool);
        });
    }

    private void changed(Tx tx, Machine machine) {
        String poolId = machine.poolId();
        tx.afterCommit(() -> poolChanged.accept(poolId));
    }
}
