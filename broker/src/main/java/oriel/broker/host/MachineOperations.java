package oriel.broker.host;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import oriel.broker.audit.AuditEntry;
import oriel.broker.image.ImageVersion;
import oriel.broker.machine.Lifecycle;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.operation.Operation;
import oriel.broker.operation.OperationHandler;
import oriel.broker.operation.OperationKind;
import oriel.broker.operation.OperationState;
import oriel.broker.pool.Pool;
import oriel.broker.pool.PoolNetwork;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.session.DesktopSession;
import oriel.broker.session.EndReason;
import oriel.broker.session.Sessions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.hypervisor.host.Cloning;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.MachineSpec;
import oriel.hypervisor.host.NetworkSpec;
import oriel.hypervisor.host.PowerState;

/** Carries operations on machines out on a host. */
final class MachineOperations implements OperationHandler {
    /** After so many failed attempts a session that waits for its first desktop gets another machine. */
    private static final int ATTEMPTS_BEFORE_MOVE = 2;

    /** Station 1 of a segment is its services: machine 1 has station 2. */
    private static final int FIRST_STATION = 1;

    private static final Duration SHUTDOWN_TIME = Duration.ofSeconds(60);
    private static final Duration SHUTDOWN_LOOK = Duration.ofMillis(200);

    private final Store store;
    private final HypervisorHost host;
    private final Machines machines;
    private final Sessions sessions;
    private final MachineObserver observer;
    private final Templates templates;
    private final HostRegistrations hosts;
    private final Clock clock;
    private final String owner;
    private final int booting;
    private final Duration bootTimeout;
    private final Consumer<String> poolChanged;

    MachineOperations(
            Store store,
            HypervisorHost host,
            Machines machines,
            Sessions sessions,
            MachineObserver observer,
            Templates templates,
            HostRegistrations hosts,
            Clock clock,
            String owner,
            int booting,
            Duration bootTimeout,
            Consumer<String> poolChanged) {
        this.store = store;
        this.host = host;
        this.machines = machines;
        this.sessions = sessions;
        this.observer = observer;
        this.templates = templates;
        this.hosts = hosts;
        this.clock = clock;
        this.owner = owner;
        this.booting = booting;
        this.bootTimeout = bootTimeout;
        this.poolChanged = poolChanged;
    }

    @Override
    public boolean mayBoot(Tx tx) {
        // A guest that takes longer than it may no longer counts, nor does one that waits for its own turn here.
        return tx.count(
                        "select count(*) from Machine m where m.host = ?1 and m.power in (STARTING, ON)"
                                + " and m.agent = WAITING and m.poweredAt > ?2 and not exists"
                                + " (select 1 from Operation o where o.openKey = m.name and o.state = ?3)",
                        host.name(),
                        clock.instant().minus(bootTimeout),
                        OperationState.PENDING)
                < booting;
    }

    @Override
    public boolean begin(Tx tx, Operation operation) {
        Optional<Machine> found = Machines.lock(tx, operation.machineName());
        if (found.isEmpty()) {
            return operation.kind() == OperationKind.DELETE;
        }
        Machine machine = found.get();
        if (!machine.need().name().equals(operation.kind().name())) {
            return false;
        }
        Instant now = clock.instant();
        switch (operation.kind()) {
            case PROVISION, REFRESH -> {
                if (operation.attempt() == 1) {
                    // Later attempts stay with it: the first may have made the disk before its process died.
                    tx.find(Pool.class, machine.poolId()).ifPresent(pool -> {
                        operation.useImage(pool.versionFor(machine.canary()));
                        machine.forkFrom(templates
                                .ready(tx, pool, operation.imageVersion())
                                .orElse(null));
                    });
                    tx.update(operation);
                }
                if (operation.kind() == OperationKind.PROVISION) {
                    machine.cloning(now);
                }
            }
            case START, RESTART -> machine.powering(now);
            case STOP, SHUTDOWN, DELETE -> {}
            case SNAPSHOT, RESTORE, DELETE_SNAPSHOT, PREPARE, BUILD, IMPORT, EDIT, SEAL, DISCARD ->
                throw foreign(operation);
        }
        machines.save(tx, machine);
        return true;
    }

    private static IllegalArgumentException foreign(Operation operation) {
        return new IllegalArgumentException("not an operation on a machine alone: " + operation.kind());
    }

    @Override
    public void skipped(Tx tx, Operation operation) {
        Machines.lock(tx, operation.machineName()).ifPresent(machine -> machines.save(tx, machine));
    }

    @Override
    public void perform(Operation operation) throws HostException {
        String name = operation.machineName();
        switch (operation.kind()) {
            case PROVISION, REFRESH -> host.create(spec(operation));
            case START -> host.start(spec(operation));
            case RESTART -> {
                boolean on = host.find(name)
                        .filter(status -> status.power() == PowerState.ON)
                        .isPresent();
                if (on) {
                    host.reset(name);
                } else {
                    host.start(spec(operation));
                }
            }
            case SHUTDOWN -> shutDown(name);
            case STOP -> host.stop(name);
            case SNAPSHOT, RESTORE, DELETE_SNAPSHOT, PREPARE, BUILD, IMPORT, EDIT, SEAL, DISCARD ->
                throw foreign(operation);
            case DELETE -> {
                // Only what is ours: the name may have been taken by somebody else's machine.
                if (host.find(name)
                        .filter(status -> status.owner().equals(owner))
                        .isPresent()) {
                    host.destroy(name);
                }
            }
        }
    }

    /** A guest that doesn't answer the power button loses its power. */
    private void shutDown(String name) throws HostException {
        if (host.find(name).isEmpty()) {
            return;
        }
        host.powerButton(name);
        Instant end = clock.instant().plus(SHUTDOWN_TIME);
        while (clock.instant().isBefore(end)) {
            if (host.find(name)
                    .filter(status -> status.power() != PowerState.OFF)
                    .isEmpty()) {
                return;
            }
            try {
                Thread.sleep(SHUTDOWN_LOOK);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        host.stop(name);
    }

    private MachineSpec spec(Operation operation) throws HostException {
        record Parts(Pool pool, ImageVersion image, Optional<Machine> machine) {}
        Optional<Parts> parts = store.call(tx -> tx.find(Pool.class, operation.poolId())
                .flatMap(pool -> tx.first(
                                ImageVersion.class,
                                "from ImageVersion where imageName = ?1 and number = ?2",
                                pool.imageName(),
                                operation.imageVersion())
                        .map(image -> new Parts(pool, image, tx.find(Machine.class, operation.machineName())))));
        if (parts.isEmpty()) {
            throw new HostException(
                    HostException.Reason.IMAGE,
                    "The golden image of pool \"" + operation.poolId() + "\" is not registered.");
        }
        Pool pool = parts.get().pool();
        ImageVersion image = parts.get().image();
        return new MachineSpec(
                operation.machineName(),
                owner,
                operation.generation(),
                pool.memoryMib(),
                pool.vcpus(),
                image.disk(),
                image.boot(),
                pool.display(),
                parts.get()
                        .machine()
                        .map(Machine::template)
                        .map(Cloning::instant)
                        .orElseGet(() -> cloning(pool)),
                parts.get().machine().filter(_ -> pool.network().card()).map(machine -> network(pool, machine)),
                pool.resources().onHost());
    }

    private static NetworkSpec network(Pool pool, Machine machine) {
        PoolNetwork network = pool.network();
        return new NetworkSpec(
                pool.vlan(),
                machine.number() + FIRST_STATION,
                network.isolated(),
                network.onHost(),
                network.bytesPerSecond());
    }

    private static Cloning cloning(Pool pool) {
        PoolPolicy.CloneType type = pool.policy().cloneType();
        return type == PoolPolicy.CloneType.FULL ? Cloning.full() : Cloning.linked();
    }

    @Override
    public void done(Tx tx, Operation operation) {
        Optional<Machine> found = Machines.lock(tx, operation.machineName());
        if (found.isEmpty()) {
            return;
        }
        Machine machine = found.get();
        Instant now = clock.instant();
        switch (operation.kind()) {
            case PROVISION, REFRESH -> {
                machine.fresh(operation.generation(), operation.imageVersion(), now);
                // The host has deleted them with the disk they were of.
                tx.execute("delete from Snapshot where machineName = ?1", machine.name());
                if (machine.sessionId() != null) {
                    sessions.cloned(tx, machine.sessionId(), operation.created());
                }
            }
            case START, RESTART -> machine.powered(now);
            case STOP, SHUTDOWN -> machine.off(machine.failure(), now);
            case SNAPSHOT, RESTORE, DELETE_SNAPSHOT, PREPARE, BUILD, IMPORT, EDIT, SEAL, DISCARD ->
                throw foreign(operation);
            case DELETE -> {
                tx.execute("delete from Snapshot where machineName = ?1", machine.name());
                machines.gone(tx, machine);
                return;
            }
        }
        machines.save(tx, machine);
    }

    @Override
    public void failed(Tx tx, Operation operation, HostException failure, boolean last) {
        Optional<Machine> found = Machines.lock(tx, operation.machineName());
        if (found.isEmpty()) {
            return;
        }
        Machine machine = found.get();
        Instant now = clock.instant();
        String why = failure.getMessage() == null ? failure.reason().name() : failure.getMessage();
        why = why.length() <= 1900 ? why : why.substring(0, 1900);
        if (failure.reason() == HostException.Reason.CAPACITY) {
            hosts.full(tx);
        } else {
            tx.lock(Pool.class, machine.poolId()).ifPresent(pool -> {
                pool.failed(now);
                tx.update(pool);
            });
        }
        if (operation.kind().boots()) {
            machine.startFailed(why, now);
        } else {
            machine.note(why, now);
        }
        if (last) {
            givenUp(tx, operation, failure, machine, why, now);
        } else if (operation.attempt() < ATTEMPTS_BEFORE_MOVE || !sessions.move(tx, machine, why)) {
            machines.save(tx, machine);
        }
    }

    private void givenUp(Tx tx, Operation operation, HostException failure, Machine machine, String why, Instant now) {
        boolean diskLost = operation.kind().boots() && failure.reason() != HostException.Reason.IMAGE;
        if (machine.sessionId() == null) {
            // What a user keeps there is not to be thrown away by a machine.
            machine.release(diskLost && !machine.kept() ? Lifecycle.MISSING : Lifecycle.ERROR, why, now);
            machines.save(tx, machine);
        } else if (diskLost) {
            tx.update(machine);
            tx.lock(DesktopSession.class, machine.sessionId())
                    .ifPresent(session -> sessions.end(
                            tx, session, EndReason.MACHINE_LOST, Lifecycle.MISSING, AuditEntry.SYSTEM, ""));
        } else {
            machine.off(why, now);
            machines.save(tx, machine);
        }
    }

    @Override
    public void settled(Operation operation) {
        observer.observe(operation.machineName(), false);
        poolChanged.accept(operation.poolId());
    }
}
