package oriel.broker.role;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Grant;
import oriel.broker.access.Place;
import oriel.broker.access.Reach;
import oriel.broker.access.Role;
import oriel.broker.access.Scope;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.problem.Check;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.broker.web.Access;

/** Roles with the scopes they hold in, and where objects are that scopes speak of. Thread-safe. */
public final class Roles {

    private final Store store;
    private final AuditTrail audit;
    private final Signals signals;
    private final Clock clock;

    /** With its collaborators. */
    public Roles(Store store, AuditTrail audit, Signals signals, Clock clock) {
        this.store = store;
        this.audit = audit;
        this.signals = signals;
        this.clock = clock;
    }

    /**
     * A role to give.
     *
     * @param subjectKind to a user or to a group
     * @param subject the user's or group's name
     * @param role which
     * @param scope where it holds; everywhere if absent
     * @param scopeId the pool or the image
     */
    public record NewGrant(
            RoleGrant.Subject subjectKind,
            String subject,
            Role role,
            Scope.@Nullable Kind scope,
            @Nullable String scopeId) {
        /** Checks the fields. */
        public NewGrant {
            Check.present("subjectKind", subjectKind);
            Check.matching("subject", subject, Caller.NAME);
            Check.present("role", role);
            if (scope != null && scope != Scope.Kind.ALL) {
                Check.text("scopeId", scopeId, 40);
            }
        }

        Grant grant() {
            return scope == null || scope == Scope.Kind.ALL || scopeId == null
                    ? new Grant(role, Scope.ALL)
                    : new Grant(role, new Scope(scope, scopeId));
        }
    }

    /** The roles that a user has besides the account's own one. */
    public static List<Grant> of(Tx tx, String username, List<String> groups) {
        List<String> names = groups.isEmpty() ? List.of("") : groups;
        return tx
                .list(
                        RoleGrant.class,
                        "from RoleGrant where (subjectKind = USER and subject = ?1)"
                                + " or (subjectKind = GROUP and subject in ?2)",
                        username,
                        names)
                .stream()
                .map(RoleGrant::grant)
                .distinct()
                .toList();
    }

    /** A page of roles given, by subject. */
    public List<GrantView> list(String after, int limit, String subject) {
        return store.call(tx -> tx
                .query(
                        RoleGrant.class,
                        "from RoleGrant where cast(id as String) > ?1 and (?2 = '' or subject = ?2)"
                                + " order by cast(id as String)",
                        after,
                        subject)
                .setMaxResults(limit)
                .getResultList()
                .stream()
                .map(Roles::view)
                .toList());
    }

    /** Gives a role; the same again is the one that exists. */
    public GrantView give(NewGrant wanted, String actor, String address) {
        Grant grant = wanted.grant();
        return store.call(tx -> {
            check(tx, wanted, grant.scope());
            return tx.first(
                            RoleGrant.class,
                            "from RoleGrant where subjectKind = ?1 and subject = ?2 and role = ?3"
                                    + " and scopeKind = ?4 and scopeId = ?5",
                            wanted.subjectKind(),
                            wanted.subject(),
                            grant.role(),
                            grant.scope().kind(),
                            grant.scope().id())
                    .map(Roles::view)
                    .orElseGet(() -> {
                        RoleGrant row = new RoleGrant(wanted.subjectKind(), wanted.subject(), grant, clock.instant());
                        tx.insert(row);
                        audit.record(tx, entry(actor, "role.give", row, address));
                        changed(tx, row);
                        return view(row);
                    });
        });
    }

    private static void check(Tx tx, NewGrant wanted, Scope scope) {
        if (wanted.subjectKind() == RoleGrant.Subject.USER
                && tx.count("select count(*) from Account where username = ?1", wanted.subject()) == 0) {
            throw RefusedException.field("subject", "there is no user \"" + wanted.subject() + "\"");
        }
        long there = switch (scope.kind()) {
            case ALL -> 1;
            case POOL -> tx.count("select count(*) from Pool where id = ?1", scope.id());
            case IMAGE -> tx.count("select count(*) from Image where name = ?1", scope.id());
        };
        if (there == 0) {
            throw RefusedException.field(
                    "scopeId", "there is no " + scope.kind().wireName() + " \"" + scope.id() + "\"");
        }
    }

    /** Takes a role away; nothing happens if there is none. */
    public void take(UUID id, String actor, String address) {
        store.run(tx -> tx.find(RoleGrant.class, id).ifPresent(row -> {
            tx.delete(row);
            audit.record(tx, entry(actor, "role.take", row, address));
            changed(tx, row);
        }));
    }

    /** Takes away what was given to a user who is gone: the name may be somebody else's one day. */
    public static void forgetUser(Tx tx, String username) {
        tx.execute("delete from RoleGrant where subjectKind = ?1 and subject = ?2", RoleGrant.Subject.USER, username);
    }

    /** Takes away what held in a pool or image that is gone. */
    public static void forget(Tx tx, Scope scope) {
        tx.execute("delete from RoleGrant where scopeKind = ?1 and scopeId = ?2", scope.kind(), scope.id());
    }

    private static AuditEntry entry(String actor, String action, RoleGrant row, String address) {
        return new AuditEntry(
                actor,
                action,
                row.subject(),
                Outcome.OK,
                row.subjectKind().wireName() + " " + row.subject() + ": "
                        + row.grant().role().wireName() + " in " + row.grant().scope(),
                address);
    }

    private void changed(Tx tx, RoleGrant row) {
        signals.send(tx, new Signal.Changed(Signal.Kind.USER, row.subject()));
    }

    /** The pool that a request's path names. */
    public Access.Where atPool() {
        return new Access.Where.At("pool", request -> ofPool(request.path("poolId")));
    }

    /** The machine that a request's path names. */
    public Access.Where atMachine() {
        return new Access.Where.At("machine", request -> ofMachine(request.path("machineName")));
    }

    /** The session that a request's path names. */
    public Access.Where atSession() {
        return new Access.Where.At("session", request -> ofSession(request.pathId("sessionId")));
    }

    /** The operation that a request's path names. */
    public Access.Where atOperation() {
        return new Access.Where.At("operation", request -> ofOperation(request.pathId("operationId")));
    }

    /** The recording that a request's path names. */
    public Access.Where atRecording() {
        return new Access.Where.At(
                "recording",
                request -> inPool("select poolId from SessionRecording where id = ?1", request.pathId("recordingId")));
    }

    /** The golden image that a request's path names; whoever works with a pool made from it reaches it. */
    public Access.Where atImageOfPools() {
        return new Access.Where.At("image", request -> {
            String name = request.path("imageName");
            return Optional.of(new Place(
                    Set.copyOf(
                            store.call(tx -> tx.list(String.class, "select id from Pool where imageName = ?1", name))),
                    name));
        });
    }

    /** The golden image that a request's path names. */
    public static Access.Where atImage() {
        return new Access.Where.At("image", request -> Optional.of(new Place(Set.of(), request.path("imageName"))));
    }

    /** Where a pool is; empty if there is none. */
    public Optional<Place> ofPool(String poolId) {
        return store.call(tx -> place(tx, poolId));
    }

    /** Where a machine is; empty if there is none. */
    public Optional<Place> ofMachine(String name) {
        return inPool("select poolId from Machine where name = ?1", name);
    }

    /** Where a session is; empty if there is none. */
    public Optional<Place> ofSession(UUID id) {
        return inPool("select poolId from DesktopSession where id = ?1", id);
    }

    /** Where an operation is; empty if there is none. */
    public Optional<Place> ofOperation(UUID id) {
        return store.call(tx -> tx.first(Object[].class, "select poolId, imageName from Operation where id = ?1", id)
                .map(row -> row[1] == null
                        ? place(tx, (String) row[0]).orElse(new Place(Set.of((String) row[0]), null))
                        : new Place(Set.of(), (String) row[1])));
    }

    private Optional<Place> inPool(String hql, Object key) {
        return store.call(tx ->
                tx.first(String.class, hql, key).map(pool -> place(tx, pool).orElse(new Place(Set.of(pool), null))));
    }

    private static Optional<Place> place(Tx tx, String poolId) {
        return tx.first(String.class, "select imageName from Pool where id = ?1", poolId)
                .map(image -> new Place(Set.of(poolId), image));
    }

    /**
     * The pools within a reach; empty if it is everything.
     *
     * @return never an empty set, so that it can be part of an {@code in}
     */
    public static Optional<Set<String>> pools(Tx tx, Reach reach) {
        if (reach.everything()) {
            return Optional.empty();
        }
        List<String> pools = new ArrayList<>(reach.pools());
        if (!reach.images().isEmpty()) {
            pools.addAll(tx.list(String.class, "select id from Pool where imageName in ?1", reach.images()));
        }
        return Optional.of(pools.isEmpty() ? Set.of("") : Set.copyOf(pools));
    }

    /** As {@link #pools(Tx, Reach)}, in a transaction of its own. */
    public Optional<Set<String>> pools(Reach reach) {
        return store.call(tx -> pools(tx, reach));
    }

    private static GrantView view(RoleGrant row) {
        Scope scope = row.grant().scope();
        return new GrantView(
                row.id(),
                row.subjectKind(),
                row.subject(),
                row.grant().role(),
                scope.kind(),
                scope.kind() == Scope.Kind.ALL ? null : scope.id(),
                row.created());
    }

    /** A role given, as the API shows it. */
    public record GrantView(
            UUID id,
            RoleGrant.Subject subjectKind,
            String subject,
            Role role,
            Scope.Kind scope,
            @Nullable String scopeId,
            java.time.Instant created) {}
}
