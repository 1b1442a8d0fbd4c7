package oriel.broker.identity;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.access.Right;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditTrail;
import oriel.broker.problem.Check;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.role.Roles;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/**
 * Tokens for programs: sent as {@code Authorization: Bearer …}, limited to chosen rights, never more than their user has
 * now, and unable to make or change credentials. Thread-safe.
 */
public final class ApiTokens {
    /** How tokens begin, so that scanners of published source find them. */
    public static final String PREFIX = "oriel_";

    private static final int MOST_PER_USER = 50;
    private static final int DEFAULT_DAYS = 90;
    private static final int MOST_DAYS = 366;
    private static final Duration USE_RESOLUTION = Duration.ofMinutes(1);

    private final Store store;
    private final AuditTrail audit;
    private final Secrets secrets;
    private final AccountObserver observer;
    private final Clock clock;

    /** With its collaborators. */
    public ApiTokens(Store store, AuditTrail audit, Secrets secrets, AccountObserver observer, Clock clock) {
        this.store = store;
        this.audit = audit;
        this.secrets = secrets;
        this.observer = observer;
        this.clock = clock;
    }

    /**
     * A token to make.
     *
     * @param name what it is for
     * @param rights what it may do; all of the user's rights if absent
     * @param days how long it lives, 1–366; 90 if absent
     */
    public record NewToken(
            String name,
            @Nullable List<Right> rights,
            @Nullable Integer days) {
        /** Checks the fields. */
        public NewToken {
            Check.text("name", name, 80);
            if (name.isBlank()) {
                throw RefusedException.field("name", "is empty");
            }
            if (days != null) {
                Check.within("days", days, 1, MOST_DAYS);
            }
            if (rights != null && rights.isEmpty()) {
                throw RefusedException.field("rights", "is empty; leave it out for all your rights");
            }
        }
    }

    /** A token as the API shows it. */
    public record TokenView(
            UUID id,
            String name,
            Set<Right> rights,
            Instant created,
            Instant expires,
            @Nullable Instant lastUsed,
            @Nullable String lastAddress) {
        static TokenView of(ApiToken token) {
            return new TokenView(
                    token.id(),
                    token.name(),
                    token.rights(),
                    token.created(),
                    token.expires(),
                    token.lastUsed(),
                    token.lastAddress());
        }
    }

    /**
     * A new token.
     *
     * @param token shown this once
     * @param view what is kept of it
     */
    public record Made(String token, TokenView view) {
        @Override
        public String toString() {
            return "Made[" + view.name() + "]";
        }
    }

    /**
     * Makes a token for the caller.
     *
     * @throws RefusedException {@link Reason#FORBIDDEN} if it would have a right that the caller lacks;
     *     {@link Reason#CONFLICT} if there are too many
     */
    public Made make(Caller caller, NewToken wanted) {
        Set<Right> rights = wanted.rights() == null ? EnumSet.copyOf(caller.rights()) : EnumSet.copyOf(wanted.rights());
        if (!caller.rights().containsAll(rights)) {
            throw new RefusedException(Reason.FORBIDDEN, "A token cannot have rights that you do not have.");
        }
        String token = PREFIX + secrets.token();
        return store.call(tx -> {
            tx.lock(Account.class, caller.userId());
            if (tx.count("select count(*) from ApiToken where accountId = ?1", caller.userId()) >= MOST_PER_USER) {
                throw new RefusedException(
                        Reason.CONFLICT, "You have " + MOST_PER_USER + " tokens. Delete those you do not need.");
            }
            Instant now = clock.instant();
            int days = wanted.days() == null ? DEFAULT_DAYS : wanted.days();
            ApiToken made = new ApiToken(
                    caller.userId(),
                    wanted.name().strip(),
                    Secrets.hash(token),
                    rights,
                    now,
                    now.plus(Duration.ofDays(days)));
            tx.insert(made);
            audit.record(tx, AuditEntry.by(caller, "token.create", caller.username(), made.name()));
            return new Made(token, TokenView.of(made));
        });
    }

    /** A user's tokens, newest first. */
    public List<TokenView> list(UUID accountId) {
        return store.call(
                tx -> tx
                        .list(ApiToken.class, "from ApiToken where accountId = ?1 order by created desc, id", accountId)
                        .stream()
                        .map(TokenView::of)
                        .toList());
    }

    /**
     * Deletes one of a user's tokens; displays opened with it are cut.
     *
     * @throws RefusedException {@link Reason#NOT_FOUND}
     */
    public void revoke(Caller caller, UUID accountId, UUID tokenId) {
        store.run(tx -> {
            ApiToken token = tx.lock(ApiToken.class, tokenId)
                    .filter(found -> found.accountId().equals(accountId))
                    .orElseThrow(() -> RefusedException.notFound("token " + tokenId));
            end(tx, token, "token deleted");
            audit.record(tx, AuditEntry.by(caller, "token.delete", caller.username(), token.name()));
        });
    }

    void endAll(Tx tx, UUID accountId, String reason) {
        tx.list(ApiToken.class, "from ApiToken where accountId = ?1", accountId)
                .forEach(token -> end(tx, token, reason));
    }

    private void end(Tx tx, ApiToken token, String reason) {
        tx.delete(token);
        observer.signInEnded(tx, token.accountId(), token.tokenHash(), reason);
    }

    /** Whose token this is, if it lives; counts as use. */
    public Optional<Caller> caller(String token, String address) {
        if (!token.startsWith(PREFIX) || token.length() > 128) {
            return Optional.empty();
        }
        return store.call(tx -> {
            Instant now = clock.instant();
            Optional<ApiToken> found = tx.first(
                            ApiToken.class, "from ApiToken where tokenHash = ?1", Secrets.hash(token))
                    .filter(each -> each.expires().isAfter(now));
            Optional<Account> account = found.flatMap(each -> tx.find(Account.class, each.accountId()))
                    .filter(Account::enabled);
            if (account.isEmpty()) {
                return Optional.empty();
            }
            ApiToken used = found.get();
            Instant last = used.lastUsed();
            if (last == null || last.plus(USE_RESOLUTION).isBefore(now)) {
                tx.execute(
                        "update ApiToken set lastUsed = ?1, lastAddress = ?2 where id = ?3", now, address, used.id());
            }
            Account user = account.get();
            List<String> groups = Accounts.groups(tx, user.id());
            return Optional.of(new Caller(
                    user.id(),
                    user.username(),
                    user.displayName(),
                    user.role(),
                    groups,
                    Roles.of(tx, user.username(), groups),
                    used.rights(),
                    used.tokenHash(),
                    Caller.Means.TOKEN,
                    used.expires(),
                    address));
        });
    }

    /** Whether the token of that hash lives. */
    boolean lives(String hash) {
        return store.call(tx -> tx.count(
                        "select count(*) from ApiToken t, Account a where t.tokenHash = ?1 and t.expires > ?2"
                                + " and a.id = t.accountId and a.enabled = true",
                        hash,
                        clock.instant())
                > 0);
    }

    /** Deletes what has expired. */
    public void sweep() {
        store.run(tx -> tx.list(ApiToken.class, "from ApiToken where expires < ?1", clock.instant())
                .forEach(token -> end(tx, token, "expired")));
    }
}
