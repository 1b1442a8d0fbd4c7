package oriel.broker.identity;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Right;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/** Signing in and out. Thread-safe. */
public final class SignIns {
    /** A sign-in that nobody uses ends after this time. An open page uses it. */
    public static final Duration IDLE = Duration.ofHours(1);
    /** Every sign-in ends after this time. */
    public static final Duration LONGEST = Duration.ofHours(16);

    /** How exactly the last use is known; each request would write otherwise. */
    private static final Duration USE_RESOLUTION = Duration.ofMinutes(1);

    private final Store store;
    private final AuditTrail audit;
    private final Passwords passwords;
    private final Secrets secrets;
    private final SecondFactor secondFactor;
    private final Lockout lockout;
    private final SignInTurns turns = new SignInTurns();
    private final AccountObserver observer;
    private final Clock clock;

    /** With its collaborators. */
    public SignIns(
            Store store,
            AuditTrail audit,
            Passwords passwords,
            Secrets secrets,
            SecondFactor secondFactor,
            AccountObserver observer,
            Clock clock) {
        this.store = store;
        this.audit = audit;
        this.passwords = passwords;
        this.secrets = secrets;
        this.secondFactor = secondFactor;
        this.lockout = new Lockout(store, clock);
        this.observer = observer;
        this.clock = clock;
    }

    /**
     * A new sign-in.
     *
     * @param token for the browser's cookie
     * @param caller who it is
     */
    public record Started(String token, Caller caller) {
        @Override
        public String toString() {
            return "Started[" + caller.username() + "]";
        }
    }

    /** Signs in with a password alone, see {@link #signIn(String, String, String, Client)}. */
    public Started signIn(String name, String password, String address) {
        return signIn(name, password, null, Client.of(address, null));
    }

    /**
     * Signs in.
     *
     * @param code of the second factor, if the user has said one
     * @throws RefusedException {@link Reason#BAD_CREDENTIALS}, {@link Reason#LOCKED_OUT}; {@link Reason#CODE_NEEDED} if
     *     the password is right and the account has a second factor; {@link Reason#BAD_CODE}
     */
    public Started signIn(String name, String password, @Nullable String code, Client client) {
        return turns.take(client.address(), () -> signInNow(name, password, code, client));
    }

    private Started signInNow(String name, String password, @Nullable String code, Client client) {
        long began = System.nanoTime();
        String username = name.strip().toLowerCase(Locale.ROOT);
        String address = client.address();
        try {
            lockout.attempt(username, address);
        } catch (RefusedException e) {
            refused(username, "locked out", address);
            throw e;
        }
        Optional<Known> known = store.call(tx -> Accounts.byName(tx, username)
                .map(account -> new Known(account, secondFactor.enabled(tx, account.id()))));
        Account account = checked(username, known.map(Known::account), password, address);
        boolean needsCode = known.isPresent() && known.get().needsCode();
        if (needsCode && (code == null || code.isBlank())) {
            // Half of a sign-in is no failure, and must not forgive the codes that were guessed before.
            lockout.undo(username, address);
            throw new RefusedException(Reason.CODE_NEEDED, "Enter the code that your authenticator app shows.");
        }
        String token = secrets.token();
        String hash = Secrets.hash(token);
        try {
            return store.call(tx -> {
                Instant now = clock.instant();
                // Read again under lock: the account may have been changed while we hashed.
                Account current = tx.lock(Account.class, account.id())
                        .filter(Account::enabled)
                        .filter(a -> Objects.equals(a.passwordHash(), account.passwordHash()))
                        .orElseThrow(SignIns::badCredentials);
                String with = "";
                if (secondFactor.enabled(tx, current.id())) {
                    with = "with a "
                            + secondFactor
                                    .spend(tx, current.id(), code == null ? "" : code)
                                    .orElseThrow(SecondFactor::wrong);
                }
                Caller caller = start(tx, current, hash, now, client);
                observer.signedIn(tx, caller, Duration.ofNanos(System.nanoTime() - began));
                audit.record(tx, AuditEntry.by(caller, "login", username, with));
                lockout.succeeded(tx, username, address);
                return new Started(token, caller);
            });
        } catch (RefusedException e) {
            if (e.reason() == Reason.BAD_CODE) {
                refused(username, "wrong code", address);
            }
            throw e;
        }
    }

    private record Known(Account account, boolean needsCode) {}

    private Account checked(String username, Optional<Account> account, String password, String address) {
        boolean fits =
                passwords.fits(password, account.map(Account::passwordHash).orElse(null));
        if (fits && account.orElseThrow().enabled()) {
            return account.get();
        }
        refused(username, account.isEmpty() ? "unknown user" : fits ? "disabled user" : "wrong password", address);
        throw badCredentials();
    }

    private void refused(String username, String why, String address) {
        audit.record(new AuditEntry(username, "login", username, Outcome.REFUSED, why, address));
    }

    private static RefusedException badCredentials() {
        return new RefusedException(Reason.BAD_CREDENTIALS, "The user name or the password is wrong.");
    }

    static Caller start(Tx tx, Account account, String hash, Instant now, Client client) {
        account.signedIn(now);
        tx.update(account);
        tx.insert(new SignIn(hash, account.id(), now, client));
        return caller(tx, account, hash, now.plus(IDLE), client.address());
    }

    /**
     * Proves again who the caller is, before something that a borrowed browser must not do.
     *
     * @throws RefusedException {@link Reason#BAD_CREDENTIALS}, {@link Reason#LOCKED_OUT}; {@link Reason#CONFLICT} for
     *     people from an identity provider, {@link Reason#FORBIDDEN} for programs
     */
    void confirm(Caller caller, String action, String password) {
        caller.requirePerson();
        lockout.attempt(caller.username(), caller.address());
        Account account = store.call(tx -> tx.find(Account.class, caller.userId()))
                .orElseThrow(() -> new RefusedException(Reason.NOT_SIGNED_IN, "Sign in again."));
        if (account.external()) {
            lockout.undo(caller.username(), caller.address());
            throw new RefusedException(
                    Reason.CONFLICT, "Your password and second factor are kept by your organisation's sign-in.");
        }
        if (!passwords.fits(password, account.passwordHash())) {
            audit.record(new AuditEntry(
                    caller.username(), action, caller.username(), Outcome.REFUSED, "wrong password", caller.address()));
            throw new RefusedException(Reason.BAD_CREDENTIALS, "The current password is wrong.");
        }
        lockout.succeeded(caller.username(), caller.address());
    }

    /** Whose token this is, if its sign-in lives. */
    public Optional<Caller> caller(@Nullable String token, String address) {
        if (token == null || token.isEmpty() || token.length() > 128) {
            return Optional.empty();
        }
        return bySignIn(Secrets.hash(token), address);
    }

    /** Whose sign-in this is, if it lives; counts as use. */
    public Optional<Caller> bySignIn(String hash, String address) {
        return store.call(tx -> {
            Instant now = clock.instant();
            Optional<SignIn> found = tx.find(SignIn.class, hash).filter(signIn -> lives(signIn, now));
            Optional<Account> account = found.flatMap(signIn -> tx.find(Account.class, signIn.accountId()))
                    .filter(Account::enabled);
            if (account.isEmpty()) {
                return Optional.empty();
            }
            SignIn signIn = found.get();
            if (signIn.lastUsed().plus(USE_RESOLUTION).isBefore(now)) {
                tx.execute("update SignIn set lastUsed = ?1 where tokenHash = ?2", now, hash);
            }
            Instant longest = signIn.created().plus(LONGEST);
            Instant expires = now.plus(IDLE).isBefore(longest) ? now.plus(IDLE) : longest;
            return Optional.of(caller(tx, account.get(), hash, expires, address));
        });
    }

    /** Ends a sign-in. */
    public void signOut(Caller caller) {
        store.run(tx -> {
            if (tx.execute("delete from SignIn where tokenHash = ?1", caller.signIn()) > 0) {
                observer.signInEnded(tx, caller.userId(), caller.signIn(), "signed out");
                audit.record(tx, AuditEntry.by(caller, "logout", caller.username(), ""));
            }
        });
    }

    /**
     * Changes the caller's own password and ends all other sign-ins.
     *
     * @throws RefusedException {@link Reason#BAD_CREDENTIALS}, {@link Reason#WEAK_PASSWORD}, {@link Reason#LOCKED_OUT}
     */
    public void changePassword(Caller caller, String current, String wanted) {
        passwords.accept(wanted, caller.username());
        confirm(caller, "password.change", current);
        String hash = passwords.hash(wanted);
        store.run(tx -> {
            Account locked = tx.lock(Account.class, caller.userId())
                    .orElseThrow(() -> new RefusedException(Reason.NOT_SIGNED_IN, "Sign in again."));
            locked.changePassword(hash);
            tx.update(locked);
            endAll(tx, caller.userId(), caller.signIn(), "password changed");
            audit.record(tx, AuditEntry.by(caller, "password.change", caller.username(), ""));
        });
    }

    /**
     * A sign-in as its user sees it.
     *
     * @param id key
     * @param created when
     * @param lastUsed when, to the minute
     * @param address where from
     * @param userAgent what the browser calls itself
     * @param current whether it is the one that asks
     */
    public record View(UUID id, Instant created, Instant lastUsed, String address, String userAgent, boolean current) {}

    /** A user's sign-ins that live, the last used one first. */
    public List<View> list(UUID userId, Caller caller) {
        Instant now = clock.instant();
        return store.call(tx ->
                tx.list(SignIn.class, "from SignIn where accountId = ?1 order by lastUsed desc, id", userId).stream()
                        .filter(signIn -> lives(signIn, now))
                        .map(signIn -> new View(
                                signIn.id(),
                                signIn.created(),
                                signIn.lastUsed(),
                                signIn.address(),
                                signIn.userAgent(),
                                signIn.tokenHash().equals(caller.signIn())))
                        .toList());
    }

    /**
     * Ends one of a user's sign-ins; its displays are cut.
     *
     * @throws RefusedException {@link Reason#NOT_FOUND}
     */
    public void revoke(Caller caller, UUID userId, UUID id) {
        store.run(tx -> {
            SignIn signIn = tx.first(SignIn.class, "from SignIn where id = ?1 and accountId = ?2", id, userId)
                    .orElseThrow(() -> RefusedException.notFound("sign-in " + id));
            String username =
                    tx.find(Account.class, userId).map(Account::username).orElse("");
            tx.delete(signIn);
            observer.signInEnded(tx, userId, signIn.tokenHash(), "revoked");
            audit.record(tx, AuditEntry.by(caller, "login.revoke", username, signIn.address()));
        });
    }

    /** Ends all sign-ins of a user, but for one. */
    void endAll(Tx tx, UUID userId, String except, String reason) {
        for (SignIn signIn :
                tx.list(SignIn.class, "from SignIn where accountId = ?1 and tokenHash <> ?2", userId, except)) {
            tx.delete(signIn);
            observer.signInEnded(tx, userId, signIn.tokenHash(), reason);
        }
    }

    /** Ends sign-ins that are over. */
    public void sweep() {
        store.run(tx -> {
            Instant now = clock.instant();
            List<SignIn> over = tx.list(
                    SignIn.class,
                    "from SignIn where lastUsed < ?1 or created < ?2",
                    now.minus(IDLE),
                    now.minus(LONGEST));
            for (SignIn signIn : over) {
                tx.delete(signIn);
                observer.signInEnded(tx, signIn.accountId(), signIn.tokenHash(), "expired");
            }
        });
        lockout.sweep();
    }

    SecondFactor secondFactor() {
        return secondFactor;
    }

    Lockout lockout() {
        return lockout;
    }

    private static boolean lives(SignIn signIn, Instant now) {
        return signIn.lastUsed().plus(IDLE).isAfter(now)
                && signIn.created().plus(LONGEST).isAfter(now);
    }

    private static Caller caller(Tx tx, Account account, String signIn, Instant expires, String address) {
        List<String> groups = Accounts.groups(tx, account.id());
        return new Caller(
                account.id(),
                account.username(),
                account.displayName(),
                account.role(),
                groups,
                Roles.of(tx, account.username(), groups),
                EnumSet.allOf(Right.class),
                signIn,
                Caller.Means.SIGN_IN,
                expires,
                address);
    }
}
