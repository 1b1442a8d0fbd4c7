package oriel.broker.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Reach;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.operation.Journal;
import oriel.broker.operation.Journal.OperationView;
import oriel.broker.operation.Operation;
import oriel.broker.operation.OperationKind;
import oriel.broker.problem.Check;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.problem.Seen;
import oriel.broker.store.Conditions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.broker.web.Json;
import oriel.hypervisor.host.HostException;

/** Golden images and their versions. Thread-safe. */
public final class Images {
    static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,39}");

    private final Store store;
    private final AuditTrail audit;
    private final Signals signals;
    private final Clock clock;
    private final Journal journal;
    private final Path root;
    private final ImageFiles files;
    private final String host;
    private final boolean emulated;
    private final BiFunction<Tx, String, Optional<?>> maintenance;
    private final Json json = new Json();

    /**
     * With its collaborators.
     *
     * @param root directory below which image directories must be
     * @param host whose workers build and import
     * @param emulated whether machines run on an emulated processor
     * @param maintenance the machine in which an image is edited, as it is shown
     */
    public Images(
            Store store,
            Journal journal,
            AuditTrail audit,
            Signals signals,
            Clock clock,
            Path root,
            String host,
            boolean emulated,
            BiFunction<Tx, String, Optional<?>> maintenance) {
        this.journal = journal;
        this.host = host;
        this.store = store;
        this.audit = audit;
        this.signals = signals;
        this.clock = clock;
        this.root = root.toAbsolutePath().normalize();
        this.files = new ImageFiles(this.root);
        this.emulated = emulated;
        this.maintenance = maintenance;
    }

    /**
     * A directory to register.
     *
     * @param name of the image
     * @param displayName for people; the directory's title if absent
     * @param directory below the image root
     * @param changelog for people
     */
    public record Registration(
            String name,
            @Nullable String displayName,
            String directory,
            @Nullable String changelog) {
        /** Checks the fields. */
        public Registration {
            Check.matching("name", name, NAME);
            Check.text("directory", directory, 1024);
            if (displayName != null) {
                Check.text("displayName", displayName, 120);
            }
            if (changelog != null) {
                Check.text("changelog", changelog, 4000);
            }
        }
    }

    /**
     * Registers a built directory as a new version, which is READY at once. The same files as the newest version's are
     * that version: nothing happens then.
     *
     * @throws RefusedException {@link Reason#IMAGE_NOT_READY}
     */
    public ImageView register(Registration registration, String actor, String address) {
        Path path = root.resolve(registration.directory()).normalize();
        if (!path.startsWith(root)) {
            throw RefusedException.field("directory", "must be below " + root);
        }
        ImageDirectory directory = ImageDirectory.read(path, emulated);
        String displayName = registration.displayName() == null ? directory.title() : registration.displayName();
        Optional<Integer> number = store.call(tx -> {
            ensure(tx, registration.name(), displayName);
            Optional<ImageVersion> newest = newest(tx, registration.name());
            if (newest.isPresent()
                    && newest.get().state() == VersionState.READY
                    && newest.get().isOf(directory)) {
                return Optional.empty();
            }
            leaveReplaced(tx, registration.name(), directory);
            return Optional.of(newVersion(tx, registration.name(), registration.changelog()));
        });
        number.ifPresent(version -> take(registration.name(), version, path, directory));
        return store.call(tx -> {
            number.ifPresent(version -> {
                ImageVersion made = version(tx, registration.name(), version);
                made.publish(null);
                tx.update(made);
                audit.record(
                        tx,
                        new AuditEntry(
                                actor,
                                "image.register",
                                registration.name() + ":" + version,
                                Outcome.OK,
                                path.toString(),
                                address));
                changed(tx, registration.name());
            });
            return view(tx, require(tx, registration.name()));
        });
    }

    /** Versions whose files were in this place, from before versions had folders of their own, are gone. */
    private static void leaveReplaced(Tx tx, String name, ImageDirectory directory) {
        for (ImageVersion replaced : tx.list(ImageVersion.class, "from ImageVersion where imageName = ?1", name)) {
            if (replaced.isAt(directory) && !replaced.isOf(directory) && replaced.state() != VersionState.DELETED) {
                replaced.gone();
                tx.update(replaced);
            }
        }
    }

    private void take(String name, int version, Path from, ImageDirectory directory) {
        try {
            Path workshop = files.workshop(name, version);
            ImageFiles.take(from, workshop);
            Path folder = files.publish(workshop, name, version);
            ImageDirectory own = ImageDirectory.read(folder, emulated);
            store.run(tx -> made(tx, name, version, own, directory.fingerprint()));
        } catch (IOException e) {
            store.run(tx -> notMade(tx, name, version, "Its files could not be taken over: " + e.getMessage()));
            throw new RefusedException(
                    Reason.HOST_CAPACITY, "The image's files could not be taken over: " + e.getMessage());
        }
    }

    private void ensure(Tx tx, String name, String displayName) {
        if (tx.lock(Image.class, name).isEmpty()) {
            tx.insert(new Image(name, displayName, clock.instant()));
        }
    }

    /**
     * A new version that is being made, see {@link #assemble}.
     *
     * @return its number
     */
    public int begin(Tx tx, String name, @Nullable String changelog) {
        return newVersion(tx, name, changelog);
    }

    /** Puts the files of a version into a folder. */
    @FunctionalInterface
    public interface Assembly {
        /** Makes them there; the folder is empty. */
        void into(Path workshop) throws IOException, HostException;
    }

    /**
     * Makes the files of a version that was begun; it is a draft then. Repeated after a crash, it begins anew: files are
     * in place only when they are complete.
     *
     * @throws HostException {@code IMAGE} if what was made is no image
     */
    public void assemble(String name, int number, Assembly assembly) throws IOException, HostException {
        Path workshop = files.workshop(name, number);
        assembly.into(workshop);
        Path folder = files.publish(workshop, name, number);
        try {
            ImageDirectory directory = ImageDirectory.read(folder, emulated);
            store.run(tx -> made(tx, name, number, directory));
        } catch (RefusedException e) {
            throw new HostException(HostException.Reason.IMAGE, String.valueOf(e.getMessage()), e);
        }
    }

    /** Keeps everybody else from changing an image's versions until the transaction ends. */
    public static void lock(Tx tx, String name) {
        if (tx.lock(Image.class, name).isEmpty()) {
            throw RefusedException.notFound("image \"" + name + "\"");
        }
    }

    private int newVersion(Tx tx, String name, @Nullable String changelog) {
        int number = newest(tx, name).map(ImageVersion::number).orElse(0) + 1;
        tx.insert(new ImageVersion(name, number, changelog == null ? "" : changelog, clock.instant()));
        changed(tx, name);
        return number;
    }

    /** The files of a version are in place. */
    void made(Tx tx, String name, int number, ImageDirectory directory) {
        made(tx, name, number, directory, directory.fingerprint());
    }

    private void made(Tx tx, String name, int number, ImageDirectory directory, String fingerprint) {
        ImageVersion version = version(tx, name, number);
        version.made(directory, files.folder(name, number), fingerprint);
        tx.update(version);
        changed(tx, name);
    }

    /** A version could not be made. */
    public void notMade(Tx tx, String name, int number, String why) {
        ImageVersion version = version(tx, name, number);
        version.notMade(why);
        tx.update(version);
        changed(tx, name);
    }

    boolean emulated() {
        return emulated;
    }

    /**
     * A disk to import.
     *
     * @param disk file in the folder {@code import} of the image directory
     * @param kernel file there; the newest version's if absent
     * @param initrd file there; the newest version's if absent
     * @param commandLine of the kernel; the newest version's if absent
     */
    public record Source(
            String disk,
            @Nullable String kernel,
            @Nullable String initrd,
            @Nullable String commandLine) {
        /** Checks the names. */
        public Source {
            Check.text("disk", disk, 200);
            if (commandLine != null) {
                Check.text("commandLine", commandLine, 2000);
            }
            if ((kernel == null) != (initrd == null)) {
                throw RefusedException.field("kernel", "and initrd belong together: give both, or neither");
            }
        }
    }

    /**
     * A version to make.
     *
     * @param recipe to build from; the image's name if absent
     * @param changelog for people
     */
    public record Build(@Nullable String recipe, @Nullable String changelog) {
        /** Checks the fields. */
        public Build {
            if (recipe != null) {
                Check.matching("recipe", recipe, NAME);
            }
            if (changelog != null) {
                Check.text("changelog", changelog, 4000);
            }
        }
    }

    /** Begins to build a new version of a new or existing image, as a draft. */
    public OperationView build(String name, Build wanted, Caller caller) {
        return make(name, OperationKind.BUILD, wanted.recipe(), wanted.changelog(), caller);
    }

    /** Begins to make a new version of a new or existing image from a disk, as a draft. */
    public OperationView load(String name, Source source, Caller caller) {
        return make(name, OperationKind.IMPORT, json.text(source), null, caller);
    }

    private OperationView make(
            String name, OperationKind kind, @Nullable String argument, @Nullable String changelog, Caller caller) {
        Check.matching("imageName", name, NAME);
        return store.call(tx -> {
            ensure(tx, name, name);
            int number = newVersion(tx, name, changelog);
            Operation operation = Operation.ofImage(kind, name, number, host, argument, clock.instant());
            journal.open(tx, operation);
            audit.record(
                    tx,
                    AuditEntry.by(
                            caller,
                            kind == OperationKind.BUILD ? "image.build" : "image.import",
                            name + ":" + number,
                            argument == null ? "" : argument));
            return OperationView.of(operation);
        });
    }

    /**
     * Offers a draft to pools.
     *
     * @throws RefusedException {@link Reason#CONFLICT} if it is no draft
     */
    public ImageView publish(
            String name, int number, @Nullable String changelog, @Nullable String seen, Caller caller) {
        return store.call(tx -> {
            Image image = unchanged(tx, name, seen);
            ImageVersion version = version(tx, name, number);
            if (version.state() != VersionState.DRAFT && version.state() != VersionState.DEPRECATED) {
                throw new RefusedException(Reason.CONFLICT, "The version is " + version.state() + ".");
            }
            version.publish(changelog);
            tx.update(version);
            audit.record(
                    tx,
                    AuditEntry.by(caller, "image.publish", name + ":" + number, changelog == null ? "" : changelog));
            changed(tx, name);
            return view(tx, image);
        });
    }

    /**
     * Deletes a version and its files.
     *
     * @throws RefusedException {@link Reason#IMAGE_IN_USE} while a pool or a machine needs it
     */
    public ImageView delete(String name, int number, @Nullable String seen, Caller caller) {
        Optional<Path> folder = store.call(tx -> {
            unchanged(tx, name, seen);
            ImageVersion version = version(tx, name, number);
            if (version.state() == VersionState.BUILDING) {
                throw new RefusedException(Reason.CONFLICT, "The version is being made. Cancel that first.");
            }
            List<String> users = users(tx, name, number);
            if (!users.isEmpty()) {
                throw new RefusedException(
                        Reason.IMAGE_IN_USE,
                        "Version " + number + " of the image \"" + name + "\" is in use: "
                                + String.join(", ", users.subList(0, Math.min(5, users.size()))) + ".");
            }
            version.gone();
            tx.update(version);
            audit.record(tx, AuditEntry.by(caller, "image.delete", name + ":" + number, ""));
            changed(tx, name);
            return Optional.ofNullable(version.folder());
        });
        folder.ifPresent(path -> {
            try {
                ImageFiles.delete(path);
            } catch (IOException e) {
                throw new RefusedException(
                        Reason.CONFLICT, "The version is deleted, but not its files: " + e.getMessage());
            }
        });
        return get(name);
    }

    private static List<String> users(Tx tx, String name, int number) {
        List<String> users =
                new ArrayList<>(tx
                        .list(
                                String.class,
                                "select id from Pool where imageName = ?1 and imageVersion = ?2",
                                name,
                                number)
                        .stream()
                        .map(pool -> "pool " + pool)
                        .toList());
        tx.list(
                        String.class,
                        "select m.name from Machine m where m.imageVersion = ?2 and m.generation > 0 and exists"
                                + " (select 1 from Pool p where p.id = m.poolId and p.imageName = ?1)",
                        name,
                        number)
                .forEach(machine -> users.add("machine " + machine));
        tx.list(String.class, "select name from Template where imageName = ?1 and imageVersion = ?2", name, number)
                .forEach(template -> users.add("template " + template));
        tx.list(
                        String.class,
                        "select name from MaintenanceMachine where imageName = ?1 and baseVersion = ?2",
                        name,
                        number)
                .forEach(machine -> users.add("maintenance machine " + machine));
        return users;
    }

    /** What a version's build said; empty if it has no log. */
    public String log(String name, int number) {
        Path folder = store.call(tx -> version(tx, name, number)).folder();
        Path making = files.folder(name, number).resolveSibling(".making-" + number);
        for (Path place : folder == null ? List.of(making) : List.of(folder, making)) {
            Path file = place.resolve(ImageFiles.LOG);
            if (Files.isRegularFile(file)) {
                try {
                    return Files.readString(file, java.nio.charset.StandardCharsets.UTF_8);
                } catch (IOException e) {
                    return "The log can't be read: " + e.getMessage() + "\n";
                }
            }
        }
        return "";
    }

    /** Takes a version out of the offer. */
    public ImageView deprecate(String name, int number, @Nullable String seen, Caller caller) {
        return store.call(tx -> {
            Image image = unchanged(tx, name, seen);
            ImageVersion version = version(tx, name, number);
            version.deprecate();
            tx.update(version);
            audit.record(tx, AuditEntry.by(caller, "image.deprecate", name + ":" + number, ""));
            changed(tx, name);
            return view(tx, image);
        });
    }

    /** A page of images by name. */
    public List<ImageView> list(Reach reach, String after, int limit) {
        return store.call(tx -> {
            Conditions where = new Conditions().and("name > ?", after);
            if (!reach.everything()) {
                List<String> names = new ArrayList<>(reach.images());
                if (!reach.pools().isEmpty()) {
                    names.addAll(tx.list(String.class, "select imageName from Pool where id in ?1", reach.pools()));
                }
                where.and("name in ?", names.isEmpty() ? List.of("") : names);
            }
            return tx
                    .query(Image.class, "from Image where " + where.hql() + " order by name", where.values())
                    .setMaxResults(limit)
                    .getResultList()
                    .stream()
                    .map(image -> view(tx, image))
                    .toList();
        });
    }

    /** One image. */
    public ImageView get(String name) {
        return store.call(tx -> view(tx, require(tx, name)));
    }

    /**
     * A version.
     *
     * @throws RefusedException {@link Reason#NOT_FOUND}
     */
    public static ImageVersion version(Tx tx, String name, int number) {
        return tx.first(ImageVersion.class, "from ImageVersion where imageName = ?1 and number = ?2", name, number)
                .orElseThrow(() -> RefusedException.notFound("version " + number + " of image \"" + name + "\""));
    }

    /**
     * A version that pools may take.
     *
     * @param number the newest if null
     * @throws RefusedException {@link Reason#NOT_FOUND}, {@link Reason#IMAGE_NOT_READY}
     */
    public static ImageVersion ready(Tx tx, String name, @Nullable Integer number) {
        require(tx, name);
        ImageVersion version = number == null
                ? tx.first(
                                ImageVersion.class,
                                "from ImageVersion where imageName = ?1 and state = ?2 order by number desc",
                                name,
                                VersionState.READY)
                        .orElseThrow(() -> new RefusedException(
                                Reason.IMAGE_NOT_READY, "The image \"" + name + "\" has no version that is ready."))
                : version(tx, name, number);
        if (version.state() != VersionState.READY) {
            throw new RefusedException(
                    Reason.IMAGE_NOT_READY,
                    "Version " + version.number() + " of the image \"" + name + "\" is " + version.state() + ".");
        }
        return version;
    }

    private static Optional<ImageVersion> newest(Tx tx, String name) {
        return tx.first(ImageVersion.class, "from ImageVersion where imageName = ?1 order by number desc", name);
    }

    private static Image require(Tx tx, String name) {
        return tx.find(Image.class, name).orElseThrow(() -> RefusedException.notFound("image \"" + name + "\""));
    }

    /** An image, locked, if its versions are as the caller has seen them. */
    private Image unchanged(Tx tx, String name, @Nullable String seen) {
        Image image = tx.lock(Image.class, name).orElseThrow(() -> RefusedException.notFound("image \"" + name + "\""));
        if (seen != null) {
            Seen.check(seen, view(tx, image).etag(), "the image");
        }
        return image;
    }

    private void changed(Tx tx, String name) {
        signals.send(tx, new Signal.Changed(Signal.Kind.IMAGE, name));
    }

    private ImageView view(Tx tx, Image image) {
        return new ImageView(
                image.name(),
                image.displayName(),
                tx
                        .list(
                                ImageVersion.class,
                                "from ImageVersion where imageName = ?1 order by number desc",
                                image.name())
                        .stream()
                        .map(v -> new VersionView(v.number(), v.state(), v.changelog(), v.failure(), v.created()))
                        .toList(),
                maintenance.apply(tx, image.name()).orElse(null),
                image.created());
    }

    /**
     * An image as the API shows it.
     *
     * @param maintenance the machine in which it is edited; null if it is not
     */
    public record ImageView(
            String name,
            String displayName,
            List<VersionView> versions,
            @Nullable Object maintenance,
            Instant created) {
        /** Copies the versions. */
        public ImageView {
            versions = List.copyOf(versions);
        }

        /** Changes when a version comes or changes. */
        String etag() {
            String state = versions.stream()
                    .map(version -> version.version() + " " + version.state() + " " + version.changelog())
                    .collect(Collectors.joining("\n"));
            return "\"" + versions.size() + "-" + Integer.toHexString(state.hashCode()) + "\"";
        }
    }

    /** A version as the API shows it. */
    public record VersionView(
            int version,
            VersionState state,
            String changelog,
            @Nullable String failure,
            Instant created) {}
}
