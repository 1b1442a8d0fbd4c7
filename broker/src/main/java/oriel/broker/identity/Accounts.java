package oriel.broker.identity;

import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.problem.Check;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.problem.Seen;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/** Users: local ones, and those whom an identity provider vouches for. Thread-safe. */
public final class Accounts {
    private static final String FIRST_ADMIN = "admin";
    private static final String FIRST_USER = "demo";

    /** Mapped classes that nobody else sees. */
    public static final List<Class<?>> ENTITIES = List.of(
            AccountGroup.class,
            SignIn.class,
            ExternalSignIn.class,
            SpentLogoutToken.class,
            TotpSecret.class,
            RecoveryCode.class,
            ApiToken.class,
            LoginLock.class);

    private static final int MOST_GROUPS = 64;

    private final Store store;
    private final AuditTrail audit;
    private final Passwords passwords;
    private final SignIns signIns;
    private final AccountObserver observer;
    private final Clock clock;

    /** With its collaborators. */
    public Accounts(
            Store store,
            AuditTrail audit,
            Passwords passwords,
            SignIns signIns,
            AccountObserver observer,
            Clock clock) {
        this.store = store;
        this.audit = audit;
        this.passwords = passwords;
        this.signIns = signIns;
        this.observer = observer;
        this.clock = clock;
    }

    /**
     * A user to create.
     *
     * @param username what one signs in with
     * @param displayName for people; the user name if absent
     * @param role what decides the rights
     * @param groups names of groups
     * @param password generated if absent
     */
    public record NewUser(
            String username,
            @Nullable String displayName,
            Role role,
            @Nullable List<String> groups,
            @Nullable String password) {
        /** Checks the fields. */
        public NewUser {
            Check.matching("username", username, Caller.NAME);
            Check.present("role", role);
            groups = checkedGroups(groups == null ? List.of() : groups);
            displayName = displayName == null || displayName.isBlank()
                    ? username
                    : Check.text("displayName", displayName, 120);
        }

        @Override
        public String toString() {
            return "NewUser[" + username + "]";
        }
    }

    /**
     * What to change; absent fields stay.
     *
     * @param displayName for people
     * @param role what decides the rights
     * @param groups all groups from now on
     * @param enabled whether the user may sign in
     */
    public record UserChange(
            @Nullable String displayName,
            @Nullable Role role,
            @Nullable List<String> groups,
            @Nullable Boolean enabled) {
        /** Checks the fields. */
        public UserChange {
            if (displayName != null) {
                Check.text("displayName", displayName, 120);
            }
            groups = groups == null ? null : checkedGroups(groups);
        }
    }

    /**
     * A user with the password that was made, to be shown once.
     *
     * @param user the user
     * @param generatedPassword absent if a password was given
     */
    public record Created(UserView user, @Nullable String generatedPassword) {
        @Override
        public String toString() {
            return "Created[" + user.username() + "]";
        }
    }

    /**
     * Creates the first administrator, and an end user to try things as, unless there is any account.
     *
     * @return both with their passwords, to be shown once; empty if there was an account already
     */
    public List<Created> bootstrap() {
        if (store.call(tx -> tx.count("select count(*) from Account")) > 0) {
            return List.of();
        }
        return List.of(
                create(new NewUser(FIRST_ADMIN, "Administrator", Role.ADMIN, List.of(), null), AuditEntry.SYSTEM, ""),
                create(new NewUser(FIRST_USER, "Demo user", Role.END_USER, List.of(), null), AuditEntry.SYSTEM, ""));
    }

    /**
     * Creates a user.
     *
     * @param actor who does it, for the record
     * @throws RefusedException {@link Reason#ALREADY_EXISTS}, {@link Reason#WEAK_PASSWORD}
     */
    public Created create(NewUser user, String actor, String address) {
        String generated = user.password() == null ? passwords.generate() : null;
        String password = generated == null ? Check.present("password", user.password()) : generated;
        if (generated == null) {
            passwords.accept(password, user.username());
        }
        String hash = passwords.hash(password);
        return store.call(tx -> {
            if (byName(tx, user.username()).isPresent()) {
                throw new RefusedException(
                        Reason.ALREADY_EXISTS, "There is a user \"" + user.username() + "\" already.");
            }
            Account account = new Account(
                    UUID.randomUUID(),
                    user.username(),
                    Check.present("displayName", user.displayName()),
                    user.role(),
                    hash,
                    clock.instant());
            tx.insert(account);
            for (String group : Check.present("groups", user.groups())) {
                tx.insert(new AccountGroup(account.id(), group));
            }
            audit.record(
                    tx,
                    new AuditEntry(
                            actor,
                            "user.create",
                            user.username(),
                            Outcome.OK,
                            "role " + user.role().wireName(),
                            address));
            return new Created(view(tx, account), generated);
        });
    }

    /** A page of users by name. */
    public List<UserView> list(String after, int limit, String part) {
        return store.call(tx -> tx
                .query(
                        Account.class,
                        "from Account where username > ?1 and (lower(username) like ?2 escape '!'"
                                + " or lower(displayName) like ?2 escape '!') order by username",
                        after,
                        "%" + part.toLowerCase(Locale.ROOT).replaceAll("([!%_])", "!$1") + "%")
                .setMaxResults(limit)
                .getResultList()
                .stream()
                .map(account -> view(tx, account))
                .toList());
    }

    /** One user, by id or name. */
    public UserView get(String idOrName) {
        return store.call(tx -> view(tx, require(tx, idOrName)));
    }

    /**
     * Changes a user.
     *
     * @param etag what the caller has seen, or null
     * @throws RefusedException {@link Reason#CHANGED}; {@link Reason#CONFLICT} if no administrator would be left
     */
    public UserView change(String idOrName, UserChange change, @Nullable String etag, String actor, String address) {
        return store.call(tx -> {
            Account account = lock(tx, idOrName);
            Seen.check(etag, account.etag(), "the user");
            if (account.external() && (change.role() != null || change.groups() != null)) {
                throw new RefusedException(
                        Reason.CONFLICT,
                        "\"" + account.username() + "\" comes from " + account.issuer()
                                + ". Change role and groups there; they arrive at the next sign-in.");
            }
            boolean wasEnabled = account.enabled();
            Role role = change.role() == null ? account.role() : change.role();
            boolean enabled = change.enabled() == null ? account.enabled() : change.enabled();
            keepAnAdmin(tx, account, role == Role.ADMIN && enabled);
            account.change(change.displayName() == null ? account.displayName() : change.displayName(), role, enabled);
            tx.update(account);
            if (wasEnabled && !enabled) {
                signIns.endAll(tx, account.id(), "", "disabled");
                observer.accountDisabled(tx, account);
            }
            if (change.groups() != null) {
                tx.execute("delete from AccountGroup where accountId = ?1", account.id());
                change.groups().forEach(group -> tx.insert(new AccountGroup(account.id(), group)));
                observer.groupsChanged(tx, account, actor);
            }
            audit.record(
                    tx,
                    new AuditEntry(actor, "user.change", account.username(), Outcome.OK, change.toString(), address));
            return view(tx, account);
        });
    }

    /** Deletes a user; nothing happens if there is none. */
    public void delete(String idOrName, String actor, String address) {
        delete(idOrName, null, actor, address);
    }

    /** Deletes a user who is as the caller has seen them. */
    public void delete(String idOrName, @Nullable String seen, String actor, String address) {
        store.run(tx -> {
            Optional<Account> found = find(tx, idOrName).flatMap(account -> tx.lock(Account.class, account.id()));
            if (found.isEmpty()) {
                return;
            }
            Account account = found.get();
            Seen.check(seen, account.etag(), "the user");
            keepAnAdmin(tx, account, false);
            signIns.endAll(tx, account.id(), "", "deleted");
            observer.accountDeleted(tx, account, actor);
            tx.execute("delete from AccountGroup where accountId = ?1", account.id());
            tx.delete(account);
            audit.record(tx, new AuditEntry(actor, "user.delete", account.username(), Outcome.OK, "", address));
        });
    }

    /**
     * Sets a password and ends the user's sign-ins.
     *
     * @param password generated if absent
     * @return the generated one, if any
     */
    public Optional<String> resetPassword(String idOrName, @Nullable String password, String actor, String address) {
        String wanted = password == null ? passwords.generate() : password;
        UserView user = get(idOrName);
        passwords.accept(wanted, user.username());
        String hash = passwords.hash(wanted);
        store.run(tx -> {
            Account account = lock(tx, idOrName);
            if (account.external()) {
                throw new RefusedException(
                        Reason.CONFLICT,
                        "\"" + account.username() + "\" has their password at " + account.issuer()
                                + ". Change it there.");
            }
            account.changePassword(hash);
            tx.update(account);
            signIns.endAll(tx, account.id(), "", "password changed");
            signIns.lockout().forget(tx, account.username());
            audit.record(tx, new AuditEntry(actor, "password.reset", account.username(), Outcome.OK, "", address));
        });
        return password == null ? Optional.of(wanted) : Optional.empty();
    }

    /** Removes the second factor of somebody who has lost theirs. */
    public void removeSecondFactor(String idOrName, String actor, String address) {
        UserView user = get(idOrName);
        signIns.secondFactor().remove(user.id(), user.username(), actor, address);
    }

    /** The key of a user.
     *
     * @throws RefusedException {@link Reason#NOT_FOUND}
     */
    public UUID id(String idOrName) {
        return store.call(tx -> require(tx, idOrName).id());
    }

    /** Ends a user's lock-out. */
    public void unlock(String idOrName, String actor, String address) {
        store.run(tx -> {
            Account account = require(tx, idOrName);
            signIns.lockout().forget(tx, account.username());
            audit.record(tx, new AuditEntry(actor, "user.unlock", account.username(), Outcome.OK, "", address));
        });
    }

    /** A user as the API shows it. */
    UserView view(Tx tx, Account account) {
        return new UserView(
                account.id(),
                account.username(),
                account.displayName(),
                account.role(),
                groups(tx, account.id()),
                account.enabled(),
                account.created(),
                account.lastLogin(),
                signIns.lockout().lockedUntil(tx, account.username()).orElse(null),
                account.issuer(),
                signIns.secondFactor().enabled(tx, account.id()),
                account.etag());
    }

    static Optional<Account> byName(Tx tx, String username) {
        return tx.first(Account.class, "from Account where username = ?1", username);
    }

    /** The groups of an account, in order. */
    public static List<String> groups(Tx tx, UUID accountId) {
        return tx.list(
                String.class, "select groupName from AccountGroup where accountId = ?1 order by groupName", accountId);
    }

    private static List<String> checkedGroups(List<String> groups) {
        if (groups.size() > MOST_GROUPS) {
            throw RefusedException.field("groups", "has more than " + MOST_GROUPS + " entries");
        }
        TreeSet<String> checked = new TreeSet<>();
        groups.forEach(group -> checked.add(Check.matching("groups", group, Caller.NAME)));
        return List.copyOf(checked);
    }

    /** An installation without an administrator could not be repaired through its own interfaces. */
    private static void keepAnAdmin(Tx tx, Account account, boolean staysAdmin) {
        if (account.role() == Role.ADMIN
                && !staysAdmin
                && tx.count(
                                "select count(*) from Account where role = ?1 and enabled = true and id <> ?2",
                                Role.ADMIN,
                                account.id())
                        == 0) {
            throw new RefusedException(
                    Reason.CONFLICT,
                    "\"" + account.username() + "\" is the last administrator. Make another one first.");
        }
    }

    private static Optional<Account> find(Tx tx, String idOrName) {
        try {
            return tx.find(Account.class, UUID.fromString(idOrName));
        } catch (IllegalArgumentException e) {
            return byName(tx, idOrName);
        }
    }

    private static Account require(Tx tx, String idOrName) {
        return find(tx, idOrName).orElseThrow(() -> RefusedException.notFound("user \"" + idOrName + "\""));
    }

    private static Account lock(Tx tx, String idOrName) {
        return tx.lock(Account.class, require(tx, idOrName).id())
                .orElseThrow(() -> RefusedException.notFound("user \"" + idOrName + "\""));
    }

    /**
     * A user as the API shows it.
     *
     * @param id key
     * @param username what one signs in with
     * @param displayName for people
     * @param role decides the rights
     * @param groups names
     * @param enabled may sign in
     * @param created when
     * @param lastLogin last successful sign-in
     * @param lockedUntil end of a lock-out
     * @param issuer identity provider; absent for local users
     * @param secondFactor whether a code is asked for at sign-in
     * @param etag changes with every change
     */
    public record UserView(
            UUID id,
            String username,
            String displayName,
            Role role,
            List<String> groups,
            boolean enabled,
            Instant created,
            @Nullable Instant lastLogin,
            @Nullable Instant lockedUntil,
            @Nullable String issuer,
            boolean secondFactor,
            String etag) {
        /** Copies the groups. */
        public UserView {
            groups = List.copyOf(groups);
        }
    }
}
