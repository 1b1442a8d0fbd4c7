package oriel.broker.maintenance;

import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Cut;
import oriel.broker.display.DisplayRight;
import oriel.broker.display.LiveDisplays;
import oriel.broker.display.Tickets;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.image.ImageVersion;
import oriel.broker.image.Images;
import oriel.broker.image.VersionState;
import oriel.broker.operation.Journal;
import oriel.broker.operation.Journal.OperationView;
import oriel.broker.operation.Operation;
import oriel.broker.operation.OperationKind;
import oriel.broker.problem.Check;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/**
 * Editing golden images: opens a maintenance machine on a version's disk, shows it, seals it as a new version (a draft),
 * or throws it away. What happens on the host is journalled, see {@link MaintenanceOperations}. Thread-safe.
 */
public final class Maintenances {
    private static final int LEAST_MIB = 128;
    private static final int MOST_MIB = 65_536;
    private static final int MOST_VCPUS = 64;

    private final Store store;
    private final Journal journal;
    private final Images images;
    private final Tickets tickets;
    private final LiveDisplays displays;
    private final AuditTrail audit;
    private final Signals signals;
    private final Clock clock;
    private final String host;
    private final Hardware usual;

    /**
     * With its collaborators.
     *
     * @param host where maintenance machines run
     * @param usual what they have if nobody says otherwise
     */
    public Maintenances(
            Store store,
            Journal journal,
            Images images,
            Tickets tickets,
            LiveDisplays displays,
            AuditTrail audit,
            Signals signals,
            Clock clock,
            String host,
            Hardware usual) {
        this.store = store;
        this.journal = journal;
        this.images = images;
        this.tickets = tickets;
        this.displays = displays;
        this.audit = audit;
        this.signals = signals;
        this.clock = clock;
        this.host = host;
        this.usual = usual;
    }

    /**
     * What a maintenance machine has.
     *
     * @param memoryMib RAM
     * @param vcpus processors
     */
    public record Hardware(
            @Nullable Integer memoryMib, @Nullable Integer vcpus) {
        /** Checks the ranges. */
        public Hardware {
            if (memoryMib != null) {
                Check.within("memoryMib", memoryMib, LEAST_MIB, MOST_MIB);
            }
            if (vcpus != null) {
                Check.within("vcpus", vcpus, 1, MOST_VCPUS);
            }
        }
    }

    /**
     * What the new version is about.
     *
     * @param changelog for people
     */
    public record Seal(String changelog) {
        /** Checks the text. */
        public Seal {
            Check.text("changelog", changelog, 4000);
            if (changelog.isBlank()) {
                throw RefusedException.field("changelog", "says what was changed: it must not be empty");
            }
        }
    }

    /** The right to open the display once. */
    public record Shown(UUID session, MaintenanceView machine, Tickets.Issued ticket) {}

    /**
     * Opens a machine on a version's disk.
     *
     * @throws RefusedException {@link Reason#CONFLICT} while the image is edited already, or if the version has no disk
     */
    public OperationView edit(String image, int version, Hardware wanted, Caller caller) {
        return store.call(tx -> {
            Images.lock(tx, image);
            ImageVersion base = Images.version(tx, image, version);
            if (base.state() != VersionState.READY
                    && base.state() != VersionState.DEPRECATED
                    && base.state() != VersionState.DRAFT) {
                throw new RefusedException(
                        Reason.CONFLICT, "Version " + version + " is " + base.state() + ": it has no disk to edit.");
            }
            tx.find(MaintenanceMachine.class, image).ifPresent(other -> {
                throw new RefusedException(
                        Reason.CONFLICT,
                        other.openedBy() + " edits version " + other.baseVersion() + " of this image since "
                                + other.created() + ". Seal that machine or throw it away first.");
            });
            MaintenanceMachine machine = new MaintenanceMachine(
                    image,
                    version,
                    host,
                    pick(wanted.memoryMib(), usual.memoryMib(), 1024),
                    pick(wanted.vcpus(), usual.vcpus(), 1),
                    caller.username(),
                    clock.instant());
            tx.insert(machine);
            audit.record(tx, AuditEntry.by(caller, "image.edit", image + ":" + version, machine.name()));
            changed(tx, image);
            return OperationView.of(open(tx, machine, OperationKind.EDIT));
        });
    }

    private static int pick(@Nullable Integer wanted, @Nullable Integer usual, int otherwise) {
        return wanted != null ? wanted : usual != null ? usual : otherwise;
    }

    /** The image's maintenance machine. */
    public MaintenanceView get(String image) {
        return store.call(tx -> require(tx, image)).view();
    }

    /** The same, if there is one. */
    public static Optional<MaintenanceView> find(Tx tx, String image) {
        return tx.find(MaintenanceMachine.class, image).map(MaintenanceMachine::view);
    }

    /**
     * Powers it on again after its guest was shut down.
     *
     * @throws RefusedException {@link Reason#CONFLICT} if it is not off
     */
    public OperationView start(String image, Caller caller) {
        return store.call(tx -> {
            MaintenanceMachine machine = requireIdle(tx, image);
            if (machine.state() != MaintenanceState.OFF) {
                throw refused(machine);
            }
            machine.start(clock.instant());
            tx.update(machine);
            audit.record(tx, AuditEntry.by(caller, "image.edit.start", image, machine.name()));
            changed(tx, image);
            return OperationView.of(open(tx, machine, OperationKind.EDIT));
        });
    }

    /**
     * Makes it the next version: the guest's identity is removed, it is shut down, and its disk becomes a draft's.
     *
     * @throws RefusedException {@link Reason#CONFLICT} while it starts or ends
     */
    public OperationView seal(String image, Seal seal, Caller caller) {
        return store.call(tx -> {
            Images.lock(tx, image);
            MaintenanceMachine machine = requireIdle(tx, image);
            if (machine.state() != MaintenanceState.RUNNING && machine.state() != MaintenanceState.OFF) {
                throw refused(machine);
            }
            int number = images.begin(tx, image, seal.changelog());
            machine.seal(number, clock.instant());
            tx.update(machine);
            audit.record(
                    tx,
                    AuditEntry.by(
                            caller,
                            "image.seal",
                            image + ":" + number,
                            "from version " + machine.baseVersion() + ": " + seal.changelog()));
            changed(tx, image);
            return OperationView.of(open(tx, machine, OperationKind.SEAL));
        });
    }

    /**
     * Throws it away, with what was done in it.
     *
     * @throws RefusedException {@link Reason#CONFLICT} while it is sealed
     */
    public OperationView discard(String image, Caller caller) {
        return store.call(tx -> {
            MaintenanceMachine machine = require(tx, image);
            if (machine.state() == MaintenanceState.SEALING) {
                throw new RefusedException(
                        Reason.CONFLICT, "The machine is being sealed. Cancel that operation first, or wait for it.");
            }
            if (machine.state() == MaintenanceState.DISCARDING) {
                return OperationView.of(
                        Journal.openFor(tx, machine.name()).orElseGet(() -> open(tx, machine, OperationKind.DISCARD)));
            }
            machine.become(MaintenanceState.DISCARDING, null, clock.instant());
            tx.update(machine);
            cut(tx, machine, "the machine is thrown away");
            audit.record(
                    tx,
                    AuditEntry.by(caller, "image.edit.discard", image + ":" + machine.baseVersion(), machine.name()));
            changed(tx, image);
            // One that is being started is thrown away when that has ended: see MaintenanceOperations.steer.
            return OperationView.of(
                    journal.withdraw(tx, machine.name(), "the machine is thrown away")
                            ? open(tx, machine, OperationKind.DISCARD)
                            : Journal.openFor(tx, machine.name()).orElseThrow());
        });
    }

    /**
     * The right to see and control it.
     *
     * @throws RefusedException {@link Reason#NOT_READY} unless it runs
     */
    public Shown ticket(String image, Caller caller) {
        return store.call(tx -> {
            MaintenanceMachine machine = require(tx, image);
            if (machine.state() != MaintenanceState.RUNNING) {
                throw new RefusedException(
                        Reason.NOT_READY, "The maintenance machine is " + machine.state() + ", so it has no screen.");
            }
            Tickets.Issued ticket = tickets.issueForMaintenance(
                    tx,
                    machine.id(),
                    machine.imageName(),
                    caller.userId(),
                    caller.signIn(),
                    DisplayRight.CONTROL,
                    caller.address());
            return new Shown(machine.id(), machine.view(), ticket);
        });
    }

    /** Somebody looks at it. */
    public void opened(Tickets.Redeemed grant, String image) {
        displays.opened(grant);
        store.run(tx -> tx.find(MaintenanceMachine.class, image)
                .filter(machine ->
                        machine.id().equals(grant.sessionId()) && machine.state() == MaintenanceState.RUNNING)
                .ifPresentOrElse(
                        machine -> audit.record(
                                tx,
                                new AuditEntry(
                                        username(tx, grant.userId()),
                                        "image.edit.connect",
                                        image,
                                        Outcome.OK,
                                        machine.name(),
                                        grant.address())),
                        () -> signals.send(
                                tx, Signal.CutDisplays.ofSession(grant.sessionId(), Cut.SESSION_ENDED, ""))));
    }

    private static String username(Tx tx, UUID user) {
        return tx.first(String.class, "select username from Account where id = ?1", user)
                .orElse(user.toString());
    }

    /** Somebody looks no more. */
    public void closed(UUID connection) {
        displays.closed(connection);
    }

    private static RefusedException refused(MaintenanceMachine machine) {
        return new RefusedException(Reason.CONFLICT, "The maintenance machine is " + machine.state() + ".");
    }

    private static MaintenanceMachine require(Tx tx, String image) {
        return tx.lock(MaintenanceMachine.class, image)
                .orElseThrow(() -> RefusedException.notFound("maintenance machine of image \"" + image + "\""));
    }

    private static MaintenanceMachine requireIdle(Tx tx, String image) {
        MaintenanceMachine machine = require(tx, image);
        if (Journal.openFor(tx, machine.name()).isPresent()) {
            throw refused(machine);
        }
        return machine;
    }

    /** Journals what is to be done on its host. */
    Operation open(Tx tx, MaintenanceMachine machine, OperationKind kind) {
        Integer sealTo = machine.sealTo();
        Operation operation = Operation.ofMaintenance(
                kind,
                machine.name(),
                machine.imageName(),
                sealTo == null ? machine.baseVersion() : sealTo,
                machine.host(),
                clock.instant());
        journal.open(tx, operation);
        return operation;
    }

    void cut(Tx tx, MaintenanceMachine machine, String why) {
        Tickets.voidFor(tx, machine.id());
        signals.send(tx, Signal.CutDisplays.ofSession(machine.id(), Cut.SESSION_ENDED, why));
    }

    void changed(Tx tx, String image) {
        signals.send(tx, new Signal.Changed(Signal.Kind.IMAGE, image));
    }
}
