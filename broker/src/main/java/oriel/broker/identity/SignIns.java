package oriel.broker.identity;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
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
    private final Lockout lockout;
    private final AccountObserver observer;
    private final Clock clock;

    /** With its collaborators. */
    public SignIns(
            Store store,
            AuditTrail audit,
            Passwords passwords,
            Secrets secrets,
            AccountObserver observer,
            Clock clock) {
        this.store = store;
        this.audit = audit;
        this.passwords = passwords;
        this.secrets = secrets;
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

    /**
     * Signs in.
     *
     * @throws RefusedException {@link Reason#BAD_CREDENTIALS} or {@link Reason#LOCKED_OUT}
     */
    public Started signIn(String name, String password, String address) {
        long began = System.nanoTime();
        String username = name.strip().toLowerCase(Locale.ROOT);
        try {
            lockout.attempt(username, address);
        } catch (RefusedException e) {
            audit.record(new AuditEntry(username, "login", username, Outcome.REFUSED, "locked out", address));
            throw e;
        }
        Optional<Account> account = store.call(tx -> Accounts.byName(tx, username));
        boolean fits =
                passwords.fits(password, account.map(Account::passwordHash).orElse(null));
        if (!fits || !account.orElseThrow().enabled()) {
            audit.record(new AuditEntry(
                    username,
                    "login",
                    username,
                    Outcome.REFUSED,
                    account.isEmpty() ? "unknown user" : fits ? "disabled user" : "wrong password",
                    address));
            throw new RefusedException(Reason.BAD_CREDENTIALS, "The user name or the password is wrong.");
        }
        lockout.succeeded(username, address);
        String token = secrets.token();
        String hash = Secrets.hash(token);
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        return store.call(tx -> {
            Instant now = clock.instant();
            // Read again under lock: the account may have been disabled or given another password while we hashed.
            Account current = tx.lock(Account.class, account.get().id())
                    .filter(Account::enabled)
                    .filter(a -> a.passwordHash().equals(account.get().passwordHash()))
                    .orElseThrow(() ->
                            new RefusedException(Reason.BAD_CREDENTIALS, "The user name or the password is wrong."));
            current.signedIn(now);
            tx.update(current);
            tx.insert(new SignIn(hash, current.id(), now, address));
            Caller caller = caller(tx, current, hash, now.plus(IDLE), address);
            observer.signedIn(tx, caller, took);
            audit.record(tx, AuditEntry.by(caller, "login", username, ""));
            return new Started(token, caller);
        });
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
        lockout.attempt(caller.username(), caller.address());
        Account account = store.call(tx -> tx.find(Account.class, caller.userId()))
                .orElseThrow(() -> new RefusedException(Reason.NOT_SIGNED_IN, "Sign in again."));
        if (!passwords.fits(current, account.passwordHash())) {
            audit.record(new AuditEntry(
                    caller.username(), "password.change", caller.username(), Outcome.REFUSED, "", caller.address()));
            throw new RefusedException(Reason.BAD_CREDENTIALS, "The current password is wrong.");
        }
        lockout.succeeded(caller.username(), caller.address());
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
                signIn,
                expires,
                address);
    }
}
