package oriel.broker.maintenance;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditTrail;
import oriel.broker.image.ImageVersion;
import oriel.broker.image.Images;
import oriel.broker.image.VersionState;
import oriel.broker.operation.Journal;
import oriel.broker.operation.Operation;
import oriel.broker.operation.OperationHandler;
import oriel.broker.operation.OperationKind;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.MachineSpec;
import oriel.hypervisor.host.MachineStatus;
import oriel.hypervisor.host.PowerState;

/**
 * What is done to maintenance machines on a host. Every step can be repeated, so a process that dies at any moment is
 * followed by one that goes on: a guest whose end nobody noted is started again and loses its identity once more, and a
 * version whose files are not complete is copied anew.
 */
public final class MaintenanceOperations implements OperationHandler {
    private static final Logger log = LoggerFactory.getLogger(MaintenanceOperations.class);
    private static final DisplaySize SCREEN = new DisplaySize(1280, 720);

    private final Store store;
    private final HypervisorHost host;
    private final Journal journal;
    private final Images images;
    private final Maintenances maintenances;
    private final AuditTrail audit;
    private final Clock clock;
    private final String owner;
    private final GuestShutdown shutdown;

    /**
     * With its collaborators.
     *
     * @param owner label of our machines
     * @param patience how long a guest may take to boot
     */
    public MaintenanceOperations(
            Store store,
            HypervisorHost host,
            Journal journal,
            Images images,
            Maintenances maintenances,
            AuditTrail audit,
            Clock clock,
            String owner,
            Duration patience) {
        this.store = store;
        this.host = host;
        this.journal = journal;
        this.images = images;
        this.maintenances = maintenances;
        this.audit = audit;
        this.clock = clock;
        this.owner = owner;
        this.shutdown = new GuestShutdown(host, patience);
    }

    @Override
    public boolean mayBoot(Tx tx) {
        return true;
    }

    private static Optional<MaintenanceMachine> lock(Tx tx, Operation operation) {
        return tx.lock(MaintenanceMachine.class, operation.image())
                .filter(machine -> machine.name().equals(operation.machineName()));
    }

    @Override
    public boolean begin(Tx tx, Operation operation) {
        return lock(tx, operation)
                .filter(machine -> switch (operation.kind()) {
                    case EDIT -> machine.state() == MaintenanceState.STARTING;
                    case SEAL ->
                        machine.state() == MaintenanceState.SEALING
                                && Images.version(tx, operation.image(), operation.imageVersion())
                                                .state()
                                        != VersionState.ERROR;
                    case DISCARD -> machine.state() == MaintenanceState.DISCARDING;
                    default -> throw foreign(operation);
                })
                .isPresent();
    }

    private static IllegalArgumentException foreign(Operation operation) {
        return new IllegalArgumentException("not an operation on a maintenance machine: " + operation.kind());
    }

    @Override
    public void skipped(Tx tx, Operation operation) {
        lock(tx, operation).ifPresent(machine -> steer(tx, machine));
    }

    @Override
    public void perform(Operation operation) throws HostException {
        MaintenanceMachine machine = store.call(tx -> lock(tx, operation))
                .orElseThrow(
                        () -> new HostException(HostException.Reason.NOT_FOUND, "The maintenance machine is gone."));
        switch (operation.kind()) {
            case EDIT -> powerOn(machine);
            case SEAL -> seal(operation, machine);
            case DISCARD -> destroy(machine);
            default -> throw foreign(operation);
        }
    }

    private ImageVersion base(MaintenanceMachine machine) {
        return store.call(tx -> Images.version(tx, machine.imageName(), machine.baseVersion()));
    }

    private void powerOn(MaintenanceMachine machine) throws HostException {
        ImageVersion base = base(machine);
        MachineSpec spec = new MachineSpec(
                machine.name(),
                owner,
                MaintenanceMachine.GENERATION,
                machine.memoryMib(),
                machine.vcpus(),
                base.disk(),
                base.boot(),
                SCREEN);
        host.create(spec);
        host.start(spec);
    }

    /** Only what is ours: the name may have been taken by somebody else's machine. */
    private void destroy(MaintenanceMachine machine) throws HostException {
        if (host.find(machine.name())
                .filter(status -> status.owner().equals(owner))
                .isPresent()) {
            host.destroy(machine.name());
        }
    }

    private void seal(Operation operation, MaintenanceMachine machine) throws HostException {
        boolean made = store.call(tx -> Images.version(tx, operation.image(), operation.imageVersion()))
                        .state()
                != VersionState.BUILDING;
        if (!made) {
            if (!machine.identityGone()) {
                progress(operation, 5, "waiting for the guest's agent");
                store.run(tx -> lock(tx, operation).ifPresent(now -> {
                    now.runs();
                    tx.update(now);
                }));
                powerOn(machine);
                shutdown.withoutIdentity(machine.name(), (percent, text) -> progress(operation, percent, text));
                store.run(tx -> lock(tx, operation).ifPresent(now -> {
                    now.removedIdentity(clock.instant());
                    tx.update(now);
                }));
            }
            progress(operation, 50, "copying the disk");
            copy(operation, machine);
        }
        destroy(machine);
    }

    private void copy(Operation operation, MaintenanceMachine machine) throws HostException {
        try {
            images.assemble(operation.image(), operation.imageVersion(), workshop -> {
                host.exportDisk(machine.name(), workshop.resolve("disk.qcow2"));
                progress(operation, 90, "putting the version in place");
                describe(workshop, machine);
            });
        } catch (IOException e) {
            throw new HostException(HostException.Reason.FAILED, "Files could not be written: " + e.getMessage(), e);
        }
    }

    /** The new version boots as the one before it: by the same kernel, initial RAM disk and command line. */
    private void describe(Path workshop, MaintenanceMachine machine) throws IOException {
        Path base = base(machine).disk().toAbsolutePath().getParent();
        if (base == null) {
            throw new IOException("version " + machine.baseVersion() + " has no folder");
        }
        for (String file : List.of("vmlinuz", "initrd.img")) {
            Files.copy(base.resolve(file), workshop.resolve(file));
        }
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(base.resolve("image.properties"), StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        // No recipe makes this disk any more.
        properties.remove("recipe.sha256");
        properties.setProperty("edited.from", Integer.toString(machine.baseVersion()));
        try (Writer writer = Files.newBufferedWriter(workshop.resolve("image.properties"), StandardCharsets.UTF_8)) {
            properties.store(writer, null);
        }
        Files.writeString(
                workshop.resolve("build.log"),
                "Edited by " + machine.openedBy() + " in the maintenance machine " + machine.name() + ", on version "
                        + machine.baseVersion() + ", since " + machine.created() + ".\n");
    }

    private void progress(Operation operation, int percent, String text) throws HostException {
        if (!journal.progress(operation.id(), percent, text)) {
            throw new HostException(HostException.Reason.CONFLICT, "cancelled");
        }
    }

    @Override
    public void done(Tx tx, Operation operation) {
        lock(tx, operation).ifPresent(machine -> {
            switch (operation.kind()) {
                case EDIT -> {
                    if (machine.state() == MaintenanceState.STARTING) {
                        machine.become(MaintenanceState.RUNNING, null, clock.instant());
                        tx.update(machine);
                    } else {
                        steer(tx, machine);
                    }
                }
                case SEAL -> {
                    tx.delete(machine);
                    maintenances.cut(tx, machine, "the machine is sealed");
                    audit.record(
                            tx,
                            AuditEntry.bySystem(
                                    "image.sealed",
                                    operation.image() + ":" + operation.imageVersion(),
                                    machine.name()));
                }
                case DISCARD -> tx.delete(machine);
                default -> throw foreign(operation);
            }
            maintenances.changed(tx, operation.image());
        });
    }

    @Override
    public void failed(Tx tx, Operation operation, HostException failure, boolean last) {
        lock(tx, operation).ifPresent(machine -> {
            String why = failure.getMessage() == null ? failure.reason().name() : failure.getMessage();
            switch (operation.kind()) {
                case EDIT -> {
                    if (last && machine.state() == MaintenanceState.STARTING) {
                        machine.become(MaintenanceState.OFF, why, clock.instant());
                        tx.update(machine);
                    }
                }
                case SEAL -> {
                    if (last) {
                        unsealed(tx, machine, why);
                    }
                }
                default -> {}
            }
            maintenances.changed(tx, operation.image());
        });
    }

    /** It goes on being edited; the version that it was to become stays as a failure. */
    private void unsealed(Tx tx, MaintenanceMachine machine, String why) {
        Integer version = machine.sealTo();
        if (version != null && Images.version(tx, machine.imageName(), version).state() == VersionState.BUILDING) {
            images.notMade(tx, machine.imageName(), version, why);
        }
        machine.become(isOn(machine.name()) ? MaintenanceState.RUNNING : MaintenanceState.OFF, why, clock.instant());
        tx.update(machine);
        maintenances.changed(tx, machine.imageName());
    }

    private boolean isOn(String machine) {
        try {
            return host.find(machine)
                    .filter(status -> status.power() == PowerState.ON)
                    .isPresent();
        } catch (HostException e) {
            return false;
        }
    }

    @Override
    public void settled(Operation operation) {
        look(operation.machineName(), false);
    }

    /** What a state needs that nothing is journalled for. */
    private void steer(Tx tx, MaintenanceMachine machine) {
        if (Journal.openFor(tx, machine.name()).isPresent()) {
            return;
        }
        switch (machine.state()) {
            case STARTING -> maintenances.open(tx, machine, OperationKind.EDIT);
            case DISCARDING -> maintenances.open(tx, machine, OperationKind.DISCARD);
            // Its operation was called off before anybody had begun it.
            case SEALING -> unsealed(tx, machine, "cancelled");
            case RUNNING, OFF -> {}
        }
    }

    /**
     * Looks at every maintenance machine of the host.
     *
     * @param hostRestarted those that are off went off with their host, not by anybody's will: they are started again
     */
    public void lookAtAll(boolean hostRestarted) {
        store.call(tx -> tx.list(String.class, "select name from MaintenanceMachine where host = ?1", host.name()))
                .forEach(name -> look(name, hostRestarted));
    }

    /** Looks at one, if it is one. */
    public void look(String name, boolean hostRestarted) {
        Optional<MaintenanceMachine> seen =
                store.call(tx -> tx.first(MaintenanceMachine.class, "from MaintenanceMachine where name = ?1", name));
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
        store.run(tx -> tx.lock(MaintenanceMachine.class, seen.get().imageName())
                .filter(machine -> machine.version() == seen.get().version())
                .filter(machine -> Journal.openFor(tx, name).isEmpty())
                .ifPresent(machine -> {
                    follow(tx, machine, status, hostRestarted);
                    steer(tx, machine);
                }));
    }

    private void follow(Tx tx, MaintenanceMachine machine, Optional<MachineStatus> status, boolean hostRestarted) {
        boolean on = status.filter(found -> found.power() == PowerState.ON).isPresent();
        if (machine.state() == MaintenanceState.RUNNING && !on) {
            if (hostRestarted) {
                machine.start(clock.instant());
            } else {
                machine.become(
                        MaintenanceState.OFF,
                        status.map(MachineStatus::failure)
                                .orElse(Optional.of("Its host does not have it any more."))
                                .orElse(null),
                        clock.instant());
            }
        } else if (machine.state() == MaintenanceState.OFF && on) {
            machine.runs();
            machine.become(MaintenanceState.RUNNING, null, clock.instant());
        } else {
            return;
        }
        tx.update(machine);
        maintenances.changed(tx, machine.imageName());
    }

    /** Kinds of operations that this one carries out. */
    public static List<OperationKind> kinds() {
        return List.of(OperationKind.EDIT, OperationKind.SEAL, OperationKind.DISCARD);
    }
}
