package oriel.broker.image;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Reach;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.problem.Check;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Conditions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/** Golden images and their versions. Thread-safe. */
public final class Images {
    static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,39}");

    private final Store store;
    private final AuditTrail audit;
    private final Signals signals;
    private final Clock clock;
    private final Path root;
    private final boolean emulated;

    /**
     * With its collaborators.
     *
     * @param root directory below which image directories must be
     * @param emulated whether machines run on an emulated processor
     */
    public Images(Store store, AuditTrail audit, Signals signals, Clock clock, Path root, boolean emulated) {
        this.store = store;
        this.audit = audit;
        this.signals = signals;
        this.clock = clock;
        this.root = root.toAbsolutePath().normalize();
        this.emulated = emulated;
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
        return store.call(tx -> {
            Instant now = clock.instant();
            if (tx.lock(Image.class, registration.name()).isEmpty()) {
                tx.insert(new Image(registration.name(), displayName, now));
            }
            Optional<ImageVersion> newest = newest(tx, registration.name());
            if (newest.isEmpty()
                    || newest.get().state() != VersionState.READY
                    || !newest.get().isOf(directory)) {
                // An image that was built again in the same place has replaced the one that was there.
                for (ImageVersion replaced :
                        tx.list(ImageVersion.class, "from ImageVersion where imageName = ?1", registration.name())) {
                    if (replaced.isAt(directory) && replaced.state() != VersionState.DELETED) {
                        replaced.gone();
                        tx.update(replaced);
                    }
                }
                int number = newest.map(ImageVersion::number).orElse(0) + 1;
                tx.insert(new ImageVersion(
                        registration.name(),
                        number,
                        directory,
                        registration.changelog() == null ? "" : registration.changelog(),
                        now));
                audit.record(
                        tx,
                        new AuditEntry(
                                actor,
                                "image.register",
                                registration.name() + ":" + number,
                                Outcome.OK,
                                path.toString(),
                                address));
                changed(tx, registration.name());
            }
            return view(tx, require(tx, registration.name()));
        });
    }

    /** Takes a version out of the offer. */
    public ImageView deprecate(String name, int number, String actor, String address) {
        return store.call(tx -> {
            Image image = require(tx, name);
            ImageVersion version = version(tx, name, number);
            version.deprecate();
            tx.update(version);
            audit.record(tx, new AuditEntry(actor, "image.deprecate", name + ":" + number, Outcome.OK, "", address));
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

    private void changed(Tx tx, String name) {
        tx.afterCommit(() -> signals.send(new Signal.Changed(Signal.Kind.IMAGE, name)));
    }

    private static ImageView view(Tx tx, Image image) {
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
                image.created());
    }

    /** An image as the API shows it. */
    public record ImageView(String name, String displayName, List<VersionView> versions, Instant created) {
        /** Copies the versions. */
        public ImageView {
            versions = List.copyOf(versions);
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
