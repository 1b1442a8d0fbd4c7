package oriel.broker.snapshot;

import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import oriel.broker.audit.AuditEntry;
import oriel.broker.display.Screens;
import oriel.broker.machine.Machine;
import oriel.broker.machine.Machines;
import oriel.broker.operation.Operation;
import oriel.broker.operation.OperationHandler;
import oriel.broker.operation.OperationKind;
import oriel.broker.snapshot.Snapshot.Kind;
import oriel.broker.snapshot.Snapshot.State;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.PowerState;
import oriel.hypervisor.host.SnapshotInfo;

/** Carries operations on snapshots out on a host. */
public final class SnapshotOperations implements OperationHandler {
    private final Store store;
    private final HypervisorHost host;
    private final Machines machines;
    private final Clock clock;
    private final Screens screens;
    private final Consumer<String> observe;

    /**
     * With its collaborators.
     *
     * @param screens pictures of the host's machines
     * @param observe looks at a machine again
     */
    public SnapshotOperations(
            Store store,
            HypervisorHost host,
            Machines machines,
            Clock clock,
            Screens screens,
            Consumer<String> observe) {
        this.store = store;
        this.host = host;
        this.machines = machines;
        this.clock = clock;
        this.screens = screens;
        this.observe = observe;
    }

    @Override
    public boolean mayBoot(Tx tx) {
        return true;
    }

    @Override
    public boolean begin(Tx tx, Operation operation) {
        Optional<Machine> machine = Machines.lock(tx, operation.machineName());
        Optional<Snapshot> snapshot = snapshot(tx, operation);
        // Of another disk: that snapshot went with the disk.
        if (machine.isEmpty() || snapshot.isEmpty() || machine.get().generation() != operation.generation()) {
            return false;
        }
        if (operation.kind() == OperationKind.RESTORE && operation.attempt() == 1) {
            undo(tx, operation).ifPresentOrElse(ignored -> {}, () -> tx.insert(newUndo(machine.get(), snapshot.get())));
        }
        return true;
    }

    private Snapshot newUndo(Machine machine, Snapshot to) {
        return new Snapshot(
                machine.name(),
                "Before going back to \"" + cut(to.label()) + "\"",
                Kind.UNDO,
                AuditEntry.SYSTEM,
                machine.power() == PowerState.ON,
                clock.instant());
    }

    private static String cut(String label) {
        return label.length() <= 80 ? label : label.substring(0, 80);
    }

    /** The undo that a restore takes first: the one that is still to be taken. */
    private static Optional<Snapshot> undo(Tx tx, Operation operation) {
        return tx.first(
                Snapshot.class,
                "from Snapshot where machineName = ?1 and kind = ?2 and state = ?3 order by created desc",
                operation.machineName(),
                Kind.UNDO,
                State.PENDING);
    }

    private static Optional<Snapshot> snapshot(Tx tx, Operation operation) {
        String id = operation.argument();
        return id == null ? Optional.empty() : tx.lock(Snapshot.class, UUID.fromString(id));
    }

    @Override
    public void skipped(Tx tx, Operation operation) {
        snapshot(tx, operation)
                .filter(snapshot -> snapshot.state() != State.READY)
                .ifPresent(tx::delete);
        settleMachine(tx, operation);
    }

    @Override
    public void perform(Operation operation) throws HostException {
        Snapshot snapshot = store.call(tx -> snapshot(tx, operation))
                .orElseThrow(() -> new HostException(HostException.Reason.NOT_FOUND, "The snapshot is gone."));
        String machine = operation.machineName();
        switch (operation.kind()) {
            case SNAPSHOT -> {
                picture(snapshot);
                host.snapshot(machine, snapshot.name(), snapshot.withMemory());
            }
            case RESTORE -> {
                Optional<Snapshot> undo = store.call(tx -> undo(tx, operation));
                if (undo.isPresent()) {
                    boolean on = host.find(machine)
                            .filter(status -> status.power() == PowerState.ON)
                            .isPresent();
                    boolean taken = host.snapshots(machine).stream()
                            .anyMatch(info -> info.name().equals(undo.get().name()));
                    if (!taken) {
                        picture(undo.get());
                        host.snapshot(
                                machine, undo.get().name(), on && undo.get().withMemory());
                    }
                }
                host.restore(machine, snapshot.name());
            }
            case DELETE_SNAPSHOT -> host.deleteSnapshot(machine, snapshot.name());
            case PROVISION,
                    START,
                    REFRESH,
                    RESTART,
                    STOP,
                    SHUTDOWN,
                    DELETE,
                    PREPARE,
                    BUILD,
                    IMPORT,
                    EDIT,
                    SEAL,
                    DISCARD -> throw new IllegalArgumentException("not an operation on snapshots: " + operation.kind());
        }
    }

    /** Right before it is taken; a machine that is off has none. Of a repeated attempt the later one counts. */
    private void picture(Snapshot snapshot) {
        screens.of(snapshot.machineName(), SnapshotPicture.WIDTH)
                .ifPresent(picture -> store.run(tx -> {
                    tx.execute("delete from SnapshotPicture where snapshotId = ?1", snapshot.id());
                    if (tx.lock(Snapshot.class, snapshot.id()).isPresent()) {
                        tx.insert(new SnapshotPicture(snapshot.id(), picture.png()));
                    }
                }));
    }

    @Override
    public void done(Tx tx, Operation operation) {
        Map<String, SnapshotInfo> infos = new HashMap<>();
        try {
            host.snapshots(operation.machineName()).forEach(info -> infos.put(info.name(), info));
        } catch (HostException e) {
            throw new IllegalStateException("the host cannot list snapshots: " + e.getMessage(), e);
        }
        boolean memory = false;
        for (Snapshot snapshot : Snapshots.all(tx, operation.machineName())) {
            SnapshotInfo info = infos.get(snapshot.name());
            if (info == null) {
                if (snapshot.state() != State.FAILED) {
                    tx.delete(snapshot);
                }
            } else if (snapshot.follow(info)) {
                tx.update(snapshot);
            }
            memory |=
                    info != null && info.hasMemory() && snapshot.id().toString().equals(operation.argument());
        }
        if (operation.kind() == OperationKind.RESTORE) {
            restored(tx, operation, memory);
        }
        settleMachine(tx, operation);
    }

    private void restored(Tx tx, Operation operation, boolean runsOn) {
        Machines.lock(tx, operation.machineName()).ifPresent(machine -> {
            boolean wanted = machine.powerWanted() || machine.sessionId() != null;
            if (runsOn) {
                machine.powered(clock.instant());
                machine.guestReady(clock.instant());
            } else {
                machine.off(null, clock.instant());
                machine.wantPower(wanted, clock.instant());
            }
            tx.update(machine);
        });
    }

    @Override
    public void failed(Tx tx, Operation operation, HostException failure, boolean last) {
        if (!last) {
            return;
        }
        String why = failure.getMessage() == null ? failure.reason().name() : failure.getMessage();
        snapshot(tx, operation).ifPresent(snapshot -> {
            switch (operation.kind()) {
                case SNAPSHOT -> snapshot.become(State.FAILED, why);
                case DELETE_SNAPSHOT -> snapshot.become(State.READY, why);
                default -> snapshot.become(snapshot.state(), why);
            }
            tx.update(snapshot);
        });
        undo(tx, operation).ifPresent(tx::delete);
        settleMachine(tx, operation);
    }

    /** What was wanted of the machine meanwhile is done now. */
    private void settleMachine(Tx tx, Operation operation) {
        Machines.lock(tx, operation.machineName()).ifPresent(machine -> machines.save(tx, machine));
    }

    @Override
    public void settled(Operation operation) {
        observe.accept(operation.machineName());
    }

    /** Kinds of operations that this one carries out. */
    public static List<OperationKind> kinds() {
        return List.of(OperationKind.SNAPSHOT, OperationKind.RESTORE, OperationKind.DELETE_SNAPSHOT);
    }
}
