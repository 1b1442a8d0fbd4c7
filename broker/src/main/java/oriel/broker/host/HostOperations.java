package oriel.broker.host;

import oriel.broker.image.ImageOperations;
import oriel.broker.maintenance.MaintenanceOperations;
import oriel.broker.operation.Operation;
import oriel.broker.operation.OperationHandler;
import oriel.broker.operation.OperationKind;
import oriel.broker.snapshot.SnapshotOperations;
import oriel.broker.store.Tx;
import oriel.hypervisor.host.HostException;

/** Gives each operation to those who carry out its kind. */
final class HostOperations implements OperationHandler {
    private final MachineOperations machines;
    private final SnapshotOperations snapshots;
    private final ImageOperations images;
    private final Templates templates;
    private final MaintenanceOperations maintenances;

    HostOperations(
            MachineOperations machines,
            SnapshotOperations snapshots,
            ImageOperations images,
            Templates templates,
            MaintenanceOperations maintenances) {
        this.machines = machines;
        this.snapshots = snapshots;
        this.images = images;
        this.templates = templates;
        this.maintenances = maintenances;
    }

    private OperationHandler of(OperationKind kind) {
        return switch (kind) {
            case PROVISION, START, REFRESH, RESTART, STOP, SHUTDOWN, DELETE -> machines;
            case SNAPSHOT, RESTORE, DELETE_SNAPSHOT -> snapshots;
            case BUILD, IMPORT -> images;
            case PREPARE -> templates;
            case EDIT, SEAL, DISCARD -> maintenances;
        };
    }

    @Override
    public boolean mayBoot(Tx tx) {
        return machines.mayBoot(tx);
    }

    @Override
    public boolean begin(Tx tx, Operation operation) {
        return of(operation.kind()).begin(tx, operation);
    }

    @Override
    public void skipped(Tx tx, Operation operation) {
        of(operation.kind()).skipped(tx, operation);
    }

    @Override
    public void perform(Operation operation) throws HostException {
        of(operation.kind()).perform(operation);
    }

    @Override
    public void done(Tx tx, Operation operation) {
        of(operation.kind()).done(tx, operation);
    }

    @Override
    public void failed(Tx tx, Operation operation, HostException failure, boolean last) {
        of(operation.kind()).failed(tx, operation, failure, last);
    }

    @Override
    public void settled(Operation operation) {
        of(operation.kind()).settled(operation);
    }
}
