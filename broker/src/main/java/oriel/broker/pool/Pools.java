package oriel.broker.pool;

import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Reach;
import oriel.broker.audit.AuditDetail;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.image.ImageVersion;
import oriel.broker.image.Images;
import oriel.broker.image.VersionState;
import oriel.broker.problem.Check;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.problem.Seen;
import oriel.broker.role.Roles;
import oriel.broker.store.Conditions;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.hypervisor.display.DisplaySize;

/** Desktop pools, entitlements and queues, as administrators see and change them. Thread-safe. */
public final class Pools {
    /** A machine's name is the pool's with a number, and has at most 40 characters. */
    static final Pattern ID = Pattern.compile("[a-z][a-z0-9-]{0,33}");

    static final int MOST_MACHINES = 10_000;

    /** VLANs have twelve bits; the last is where templates are prepared. */
    private static final int MOST_POOLS = 4093;

    private final Store store;
    private final AuditTrail audit;
    private final Signals signals;
    private final PoolObserver observer;
    private final Clock clock;

    /** With its collaborators. */
    public Pools(Store store, AuditTrail audit, Signals signals, PoolObserver observer, Clock clock) {
        this.store = store;
        this.audit = audit;
        this.signals = signals;
        this.observer = observer;
        this.clock = clock;
    }

    /** A pool to create; absent numbers have the defaults of the API's contract. */
    public record NewPool(
            String id,
            @Nullable String displayName,
            @Nullable String description,
            String image,
            @Nullable Integer imageVersion,
            @Nullable Integer size,
            @Nullable Integer warm,
            @Nullable Integer memoryMib,
            @Nullable Integer vcpus,
            @Nullable Integer width,
            @Nullable Integer height,
            @Nullable Boolean enabled,
            @Nullable PoolPolicy policy) {
        /** With default policies. */
        public NewPool(
                String id,
                @Nullable String displayName,
                @Nullable String description,
                String image,
                @Nullable Integer imageVersion,
                @Nullable Integer size,
                @Nullable Integer warm,
                @Nullable Integer memoryMib,
                @Nullable Integer vcpus,
                @Nullable Integer width,
                @Nullable Integer height,
                @Nullable Boolean enabled) {
            this(
                    id,
                    displayName,
                    description,
                    image,
                    imageVersion,
                    size,
                    warm,
                    memoryMib,
                    vcpus,
                    width,
                    height,
                    enabled,
                    null);
        }

        /** Checks names; the numbers are checked as part of the change. */
        public NewPool {
            Check.matching("id", id, ID);
            Check.present("image", image);
        }

        PoolChange change() {
            return new PoolChange(
                    or(displayName, id),
                    or(description, ""),
                    null,
                    or(size, 5),
                    or(warm, 1),
                    or(memoryMib, 512),
                    or(vcpus, 1),
                    or(width, 1280),
                    or(height, 720),
                    or(enabled, true),
                    or(policy, PoolPolicy.DEFAULT));
        }
    }

    /** What to change; absent fields stay. */
    public record PoolChange(
            @Nullable String displayName,
            @Nullable String description,
            @Nullable Integer imageVersion,
            @Nullable Integer size,
            @Nullable Integer warm,
            @Nullable Integer memoryMib,
            @Nullable Integer vcpus,
            @Nullable Integer width,
            @Nullable Integer height,
            @Nullable Boolean enabled,
            @Nullable PoolPolicy policy) {
        /** Without a change of policies. */
        public PoolChange(
                @Nullable String displayName,
                @Nullable String description,
                @Nullable Integer imageVersion,
                @Nullable Integer size,
                @Nullable Integer warm,
                @Nullable Integer memoryMib,
                @Nullable Integer vcpus,
                @Nullable Integer width,
                @Nullable Integer height,
                @Nullable Boolean enabled) {
            this(displayName, description, imageVersion, size, warm, memoryMib, vcpus, width, height, enabled, null);
        }

        /** Checks the fields. */
        public PoolChange {
            if (displayName != null) {
                Check.text("displayName", displayName, 120);
            }
            if (description != null) {
                Check.text("description", description, 1000);
            }
            range("imageVersion", imageVersion, 1, Integer.MAX_VALUE);
            range("size", size, 0, MOST_MACHINES);
            range("warm", warm, 0, MOST_MACHINES);
            range("memoryMib", memoryMib, 64, 1 << 20);
            range("vcpus", vcpus, 1, 64);
            range("width", width, 640, 7680);
            range("height", height, 480, 4320);
        }

        private static void range(String field, @Nullable Integer value, int least, int most) {
            if (value != null) {
                Check.within(field, value, least, most);
            }
        }
    }

    /** An entitlement to create. */
    public record NewEntitlement(Entitlement.Kind kind, String subject) {
        /** Checks the fields. */
        public NewEntitlement {
            Check.present("kind", kind);
            Check.matching("subject", subject, Caller.NAME);
        }
    }

    /**
     * Creates a pool.
     *
     * @throws RefusedException {@link Reason#ALREADY_EXISTS}, {@link Reason#NOT_FOUND}, {@link Reason#IMAGE_NOT_READY}
     */
    public PoolView create(NewPool wanted, String actor, String address) {
        return store.call(tx -> {
            if (tx.find(Pool.class, wanted.id()).isPresent()) {
                throw new RefusedException(Reason.ALREADY_EXISTS, "There is a pool \"" + wanted.id() + "\" already.");
            }
            ImageVersion version = Images.ready(tx, wanted.image(), wanted.imageVersion());
            Pool pool = new Pool(wanted.id(), wanted.image(), version.number(), freeVlan(tx), clock.instant());
            apply(pool, wanted.change());
            tx.insert(pool);
            audit.record(
                    tx, new AuditEntry(actor, "pool.create", pool.id(), Outcome.OK, AuditDetail.of(wanted), address));
            changed(tx, pool.id());
            return view(tx, pool);
        });
    }

    /** Two pools that take the same one at the same time: one of the transactions is repeated. */
    private static int freeVlan(Tx tx) {
        Set<Integer> taken = Set.copyOf(tx.list(Integer.class, "select vlan from Pool"));
        return IntStream.rangeClosed(1, MOST_POOLS)
                .filter(vlan -> !taken.contains(vlan))
                .findFirst()
                .orElseThrow(() -> new RefusedException(
                        Reason.CONFLICT, "There are " + MOST_POOLS + " pools, and no segment is left for another."));
    }

    /** A page of pools by id. */
    public List<PoolView> list(Reach reach, String after, int limit) {
        return store.call(tx -> {
            Conditions where = new Conditions().and("id > ?", after);
            Roles.pools(tx, reach).ifPresent(pools -> where.and("id in ?", pools));
            return tx
                    .query(Pool.class, "from Pool where " + where.hql() + " order by id", where.values())
                    .setMaxResults(limit)
                    .getResultList()
                    .stream()
                    .map(pool -> view(tx, pool))
                    .toList();
        });
    }

    /** One pool. */
    public PoolView get(String id) {
        return store.call(tx -> view(tx, require(tx, id)));
    }

    /** Whether there is such a pool. */
    public boolean exists(String id) {
        return store.call(tx -> tx.find(Pool.class, id).isPresent());
    }

    /**
     * Changes a pool.
     *
     * @param etag what the caller has seen, or null
     * @throws RefusedException {@link Reason#CHANGED} and those of {@link #create}
     */
    public PoolView change(String id, PoolChange change, @Nullable String etag, String actor, String address) {
        return store.call(tx -> {
            Pool pool = lock(tx, id);
            unchanged(pool, etag);
            PoolPolicy policy = change.policy();
            if (policy != null
                    && pool.givenPolicy().with(policy).dedicated()
                            != pool.policy().dedicated()) {
                throw RefusedException.field(
                        "policy.assignment", "can't be changed: make another pool, and delete this one");
            }
            Push push = pool.push();
            if (change.imageVersion() != null && push != null && push.active()) {
                throw new RefusedException(
                        Reason.CONFLICT, "Version " + push.version() + " is being pushed. Cancel that first.");
            }
            if (change.imageVersion() != null) {
                pool.version(Images.ready(tx, pool.imageName(), change.imageVersion())
                        .number());
            }
            apply(pool, change);
            tx.update(pool);
            audit.record(tx, new AuditEntry(actor, "pool.change", id, Outcome.OK, AuditDetail.of(change), address));
            changed(tx, id);
            return view(tx, pool);
        });
    }

    /** Gives a pool whose image version is gone the newest one there is; free machines are refreshed, then others. */
    public void leaveDeletedImage(String id) {
        store.run(tx -> {
            Pool pool = lock(tx, id);
            if (Images.version(tx, pool.imageName(), pool.imageVersion()).state() == VersionState.DELETED) {
                pool.version(Images.ready(tx, pool.imageName(), null).number());
                tx.update(pool);
                audit.record(tx, AuditEntry.bySystem("pool.change", id, "image version " + pool.imageVersion()));
                changed(tx, id);
            }
        });
    }

    /**
     * Deletes a pool; its machines go one by one.
     *
     * @throws RefusedException {@link Reason#POOL_IN_USE}
     */
    public PoolView delete(String id, String actor, String address) {
        return delete(id, null, actor, address);
    }

    /** Deletes a pool that is as the caller has seen it. */
    public PoolView delete(String id, @Nullable String seen, String actor, String address) {
        return store.call(tx -> {
            Pool pool = lock(tx, id);
            Seen.check(seen, pool.etag(), "the pool");
            if (tx.count("select count(*) from Machine where poolId = ?1 and sessionId is not null", id) > 0) {
                throw new RefusedException(
                        Reason.POOL_IN_USE, "The pool has live sessions. Log them off first, or wait.");
            }
            pool.delete();
            tx.update(pool);
            audit.record(tx, new AuditEntry(actor, "pool.delete", id, Outcome.OK, "", address));
            changed(tx, id);
            return view(tx, pool);
        });
    }

    /** Who may use a pool. */
    public List<EntitlementView> entitlements(String poolId) {
        return store.call(tx -> {
            require(tx, poolId);
            return tx
                    .list(Entitlement.class, "from Entitlement where poolId = ?1 order by kind, subject", poolId)
                    .stream()
                    .map(Pools::view)
                    .toList();
        });
    }

    /** Entitles; the same entitlement again is the one that exists. */
    public EntitlementView entitle(String poolId, NewEntitlement wanted, String actor, String address) {
        return store.call(tx -> {
            lock(tx, poolId);
            if (wanted.kind() == Entitlement.Kind.USER
                    && tx.count("select count(*) from Account where username = ?1", wanted.subject()) == 0) {
                throw RefusedException.field("subject", "there is no user \"" + wanted.subject() + "\"");
            }
            return tx.first(
                            Entitlement.class,
                            "from Entitlement where poolId = ?1 and kind = ?2 and subject = ?3",
                            poolId,
                            wanted.kind(),
                            wanted.subject())
                    .map(Pools::view)
                    .orElseGet(() -> {
                        Entitlement entitlement = new Entitlement(poolId, wanted.kind(), wanted.subject());
                        tx.insert(entitlement);
                        audit.record(
                                tx,
                                new AuditEntry(
                                        actor,
                                        "entitlement.create",
                                        poolId,
                                        Outcome.OK,
                                        wanted.kind().wireName() + " " + wanted.subject(),
                                        address));
                        signals.send(
                                tx,
                                new Signal.Changed(
                                        Signal.Kind.ENTITLEMENT,
                                        entitlement.id().toString(),
                                        poolId));
                        return view(entitlement);
                    });
        });
    }

    /** Revokes; nothing happens if there is no such entitlement. */
    public void revoke(String poolId, UUID entitlementId, String actor, String address) {
        store.run(tx -> {
            lock(tx, poolId);
            tx.find(Entitlement.class, entitlementId)
                    .filter(entitlement -> entitlement.poolId().equals(poolId))
                    .ifPresent(entitlement -> {
                        tx.delete(entitlement);
                        observer.entitlementRevoked(tx, poolId, actor);
                        audit.record(
                                tx,
                                new AuditEntry(
                                        actor,
                                        "entitlement.revoke",
                                        poolId,
                                        Outcome.OK,
                                        entitlement.kind().wireName() + " " + entitlement.subject(),
                                        address));
                        signals.send(tx, new Signal.Changed(Signal.Kind.ENTITLEMENT, entitlementId.toString(), poolId));
                    });
        });
    }

    /** Who waits, in order. */
    public List<QueueView> queue(String poolId) {
        return store.call(tx -> {
            require(tx, poolId);
            List<QueuePlace> places =
                    tx.list(QueuePlace.class, "from QueuePlace where poolId = ?1 order by id", poolId);
            return java.util.stream.IntStream.range(0, places.size())
                    .mapToObj(i -> new QueueView(
                            places.get(i).username(), i + 1, places.get(i).since()))
                    .toList();
        });
    }

    /** One pool. */
    public static Pool require(Tx tx, String id) {
        return tx.find(Pool.class, id).orElseThrow(() -> RefusedException.notFound("pool \"" + id + "\""));
    }

    /** One pool, locked: puts whoever changes its machines' number or hands them out in a row. */
    public static Pool lock(Tx tx, String id) {
        return tx.lock(Pool.class, id).orElseThrow(() -> RefusedException.notFound("pool \"" + id + "\""));
    }

    private void changed(Tx tx, String poolId) {
        observer.poolChanged(tx, poolId);
        signals.send(tx, new Signal.Changed(Signal.Kind.POOL, poolId, poolId));
    }

    private static void apply(Pool pool, PoolChange change) {
        pool.texts(or(change.displayName(), pool.displayName()), or(change.description(), pool.description()));
        pool.capacity(or(change.size(), pool.size()), or(change.warm(), pool.warm()));
        DisplaySize display = new DisplaySize(
                or(change.width(), change.width() == null ? pool.display().width() : 0),
                or(change.height(), change.height() == null ? pool.display().height() : 0));
        pool.hardware(or(change.memoryMib(), pool.memoryMib()), or(change.vcpus(), pool.vcpus()), display);
        if (change.enabled() != null) {
            pool.enable(change.enabled());
        }
        if (change.policy() != null) {
            pool.policy(pool.givenPolicy().with(change.policy()));
        }
        int min = or(pool.policy().min(), 0);
        if (min > pool.size()) {
            throw RefusedException.field("policy.min", "must not be more than the pool's size, " + pool.size());
        }
        if (pool.resources().onHost().reservedMemoryMib() > pool.memoryMib()) {
            throw RefusedException.field(
                    "policy.resources.memoryReservedMib",
                    "must not be more than a machine's memory, " + pool.memoryMib());
        }
    }

    /**
     * Brings machines to another version of the image: some try it first, then the others follow, a few at a time.
     *
     * @throws RefusedException {@link Reason#CONFLICT} while another push is under way, {@link Reason#IMAGE_NOT_READY}
     */
    public PoolView push(String id, Push.Order order, @Nullable String etag, Caller caller) {
        return store.call(tx -> {
            Pool pool = lock(tx, id);
            unchanged(pool, etag);
            Push current = pool.push();
            if (current != null && current.active()) {
                throw new RefusedException(
                        Reason.CONFLICT, "Version " + current.version() + " is being pushed. Cancel that first.");
            }
            int version =
                    Images.ready(tx, pool.imageName(), order.imageVersion()).number();
            int canary = or(order.canary(), 1);
            pool.push(new Push(
                    version,
                    pool.imageVersion(),
                    canary,
                    or(order.maxUnavailable(), 1),
                    canary > 0 ? Push.State.CANARY : Push.State.ROLLING,
                    null,
                    clock.instant(),
                    null));
            if (canary == 0) {
                pool.version(version);
            }
            tx.update(pool);
            if (or(order.ask(), false)) {
                ask(tx, pool, caller);
            }
            audit.record(tx, AuditEntry.by(caller, "pool.push", id, AuditDetail.of(order)));
            changed(tx, id);
            return view(tx, pool);
        });
    }

    private void ask(Tx tx, Pool pool, Caller caller) {
        for (Object[] row : tx.list(
                Object[].class,
                "select id, accountId from DesktopSession where poolId = ?1 and state <> ENDED",
                pool.id())) {
            Signal.Message message = new Signal.Message(
                    (UUID) row[1],
                    (UUID) row[0],
                    pool.id(),
                    caller.displayName(),
                    "INFO",
                    "A new version of this desktop is there. Log off when it suits you: you get it the next time.",
                    clock.instant());
            signals.send(tx, message);
        }
    }

    /** Calls a push off: machines that have the new version already go back, one by one. */
    public PoolView cancelPush(String id, Caller caller) {
        return store.call(tx -> {
            Pool pool = lock(tx, id);
            Push current = pool.push();
            if (current == null || !current.active()) {
                throw new RefusedException(Reason.CONFLICT, "Nothing is being pushed.");
            }
            pool.push(current.become(Push.State.CANCELLED, null, clock.instant()));
            pool.version(current.from());
            tx.update(pool);
            audit.record(tx, AuditEntry.by(caller, "pool.push-cancel", id, "version " + current.version()));
            changed(tx, id);
            return view(tx, pool);
        });
    }

    private static void unchanged(Pool pool, @Nullable String seen) {
        Seen.check(seen, pool.etag(), "the pool");
        if (pool.deleting()) {
            throw new RefusedException(Reason.CONFLICT, "The pool is being deleted.");
        }
    }

    private static <T> T or(@Nullable T value, T otherwise) {
        return value == null ? otherwise : value;
    }

    private PoolView view(Tx tx, Pool pool) {
        Instant now = clock.instant();
        Counts counts = counts(tx, pool.id());
        return new PoolView(
                pool.id(),
                pool.displayName(),
                pool.description(),
                pool.policy().assignment().wireName(),
                cloneType(pool),
                pool.imageName(),
                pool.imageVersion(),
                pool.enabled(),
                pool.deleting()
                        ? PoolState.DELETING
                        : !pool.enabled()
                                ? PoolState.DISABLED
                                : pool.restrained(now) ? PoolState.RESTRAINED : PoolState.ACTIVE,
                pool.restrained(now) ? pool.restrainedUntil() : null,
                pool.size(),
                pool.warm(),
                pool.memoryMib(),
                pool.vcpus(),
                pool.display().width(),
                pool.display().height(),
                pool.policy(),
                pool.vlan(),
                pool.warmAt(now),
                pool.schedule().openAt(now),
                push(tx, pool),
                counts,
                pool.created(),
                pool.etag());
    }

    /** Counted by the database: a pool may have a thousand machines, and a list a hundred pools. */
    private static Counts counts(Tx tx, String poolId) {
        Object[] row = tx.query(Object[].class, """
                select count(*),
                  count(case when sessionId is null and taintedBy is null and assignedTo is null and failure is null and power = ON
                    and agent = READY and lifecycle in (REQUESTED, CLONING, BOOTING, AVAILABLE) then 1 end),
                  count(sessionId),
                  count(case when lifecycle in (CLONING, BOOTING, REFRESHING) then 1 end),
                  count(case when sessionId is null and taintedBy is not null and (assignedTo is null or assignedTo <> taintedBy)
                    then 1 end),
                  count(case when lifecycle in (ERROR, MISSING) then 1 end)
                from Machine where poolId = ?1
                """, poolId).getSingleResult();
        return new Counts(
                number(row[0]), number(row[1]), number(row[2]), number(row[3]), number(row[4]), number(row[5]), (int)
                        tx.count("select count(*) from QueuePlace where poolId = ?1", poolId));
    }

    private static String cloneType(Pool pool) {
        PoolPolicy.CloneType type = pool.policy().cloneType();
        return (type == null ? PoolPolicy.CloneType.LINKED : type).wireName();
    }

    private static @Nullable PushView push(Tx tx, Pool pool) {
        Push push = pool.push();
        if (push == null) {
            return null;
        }
        int total = (int) tx.count("select count(*) from Machine where poolId = ?1 and generation > 0", pool.id());
        int done = (int) tx.count(
                "select count(*) from Machine where poolId = ?1 and generation > 0 and imageVersion = ?2",
                pool.id(),
                push.version());
        return new PushView(
                push.version(),
                push.from(),
                push.state(),
                push.canary(),
                push.maxUnavailable(),
                done,
                total,
                push.failure(),
                push.started(),
                push.finished());
    }

    /** A push as the API shows it. */
    public record PushView(
            int version,
            int from,
            Push.State state,
            int canary,
            int maxUnavailable,
            int machinesDone,
            int machines,
            @Nullable String failure,
            Instant started,
            @Nullable Instant finished) {}

    private static int number(Object count) {
        return ((Number) count).intValue();
    }

    private static EntitlementView view(Entitlement e) {
        return new EntitlementView(e.id(), e.poolId(), e.kind(), e.subject());
    }

    /** What a pool does. */
    public enum PoolState {
        /** Serves. */
        ACTIVE,
        /** Refuses new sessions. */
        DISABLED,
        /** Starts no spare machines for a while. */
        RESTRAINED,
        /** Goes away. */
        DELETING
    }

    /** Machines and users of a pool. */
    public record Counts(int machines, int available, int inUse, int starting, int dirty, int error, int queued) {}

    /** A pool as the API shows it. */
    public record PoolView(
            String id,
            String displayName,
            String description,
            String kind,
            String cloneType,
            String image,
            int imageVersion,
            boolean enabled,
            PoolState state,
            @Nullable Instant restrainedUntil,
            int size,
            int warm,
            int memoryMib,
            int vcpus,
            int width,
            int height,
            PoolPolicy policy,
            int vlan,
            int warmNow,
            boolean open,
            @Nullable PushView push,
            Counts counts,
            Instant created,
            String etag) {}

    /** An entitlement as the API shows it. */
    public record EntitlementView(UUID id, String poolId, Entitlement.Kind kind, String subject) {}

    /** A waiting user as the API shows it. */
    public record QueueView(String username, int position, Instant since) {}
}
