package oriel.broker.identity;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditRecord.Outcome;
import oriel.broker.audit.AuditTrail;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/**
 * Sign-ins of people whom an identity provider vouches for. Their accounts are made at the first sign-in and follow the
 * provider at each one. Thread-safe.
 */
public final class ExternalSignIns {
    /** A broker that asks and dies is followed by another one after this time. */
    private static final Duration ASK_AGAIN = Duration.ofMinutes(1);

    private final Store store;
    private final AuditTrail audit;
    private final Secrets secrets;
    private final Sealer sealer;
    private final AccountObserver observer;
    private final Clock clock;

    /** With its collaborators. */
    public ExternalSignIns(
            Store store, AuditTrail audit, Secrets secrets, Sealer sealer, AccountObserver observer, Clock clock) {
        this.store = store;
        this.audit = audit;
        this.secrets = secrets;
        this.sealer = sealer;
        this.observer = observer;
        this.clock = clock;
    }

    /**
     * Signs in somebody whom the provider has just vouched for.
     *
     * @param took what it took to ask the provider
     * @throws RefusedException {@link Reason#ALREADY_EXISTS} if the name belongs to another account;
     *     {@link Reason#FORBIDDEN} if the account is disabled here
     */
    public SignIns.Started signIn(ExternalIdentity identity, ExternalSession session, Client client, Duration took) {
        String token = secrets.token();
        String hash = Secrets.hash(token);
        return store.call(tx -> {
            Instant now = clock.instant();
            Account account = follow(tx, identity, now);
            if (!account.enabled()) {
                throw new RefusedException(Reason.FORBIDDEN, "Your account is disabled. Ask an administrator.");
            }
            Caller caller = SignIns.start(tx, account, hash, now, client);
            ExternalSignIn external = new ExternalSignIn(hash, identity);
            renew(external, session);
            tx.insert(external);
            observer.signedIn(tx, caller, took);
            audit.record(tx, AuditEntry.by(caller, "login", account.username(), "by " + identity.issuer()));
            return new SignIns.Started(token, caller);
        });
    }

    private Account follow(Tx tx, ExternalIdentity identity, Instant now) {
        Optional<Account> known = tx.first(
                        Account.class,
                        "from Account where issuer = ?1 and subject = ?2",
                        identity.issuer(),
                        identity.subject())
                .flatMap(found -> tx.lock(Account.class, found.id()));
        Account account;
        if (known.isPresent()) {
            account = known.get();
            account.change(identity.displayName(), identity.role(), account.enabled());
            tx.update(account);
        } else {
            if (Accounts.byName(tx, identity.username()).isPresent()) {
                // Whoever could choose a name at the provider would otherwise take over the account of that name.
                throw new RefusedException(
                        Reason.ALREADY_EXISTS,
                        "There is another user \"" + identity.username() + "\" here. Ask an administrator.");
            }
            account = Account.external(identity, now);
            tx.insert(account);
            audit.record(
                    tx,
                    new AuditEntry(
                            identity.issuer(),
                            "user.create",
                            account.username(),
                            Outcome.OK,
                            "role " + identity.role().wireName(),
                            ""));
        }
        if (!new TreeSet<>(Accounts.groups(tx, account.id())).equals(new TreeSet<>(identity.groups()))) {
            tx.execute("delete from AccountGroup where accountId = ?1", account.id());
            identity.groups().forEach(group -> tx.insert(new AccountGroup(account.id(), group)));
            observer.groupsChanged(tx, account, identity.issuer());
        }
        return account;
    }

    private void renew(ExternalSignIn external, ExternalSession session) {
        String refresh = session.refreshToken();
        external.renewed(session, refresh == null ? null : sealer.seal(refresh, purpose(external.tokenHash())));
    }

    /**
     * A sign-in whose provider is to be asked.
     *
     * @param signIn hash that identifies it
     * @param subject whose it is
     * @param refreshToken to ask with
     */
    public record Due(String signIn, String subject, String refreshToken) {
        @Override
        public String toString() {
            return "Due[" + subject + "]";
        }
    }

    /** Takes one sign-in whose provider is to be asked; nobody else gets it for a minute. */
    public Optional<Due> nextDue() {
        return store.call(tx -> {
            Instant now = clock.instant();
            Optional<ExternalSignIn> found = tx.claim(
                    ExternalSignIn.class, "from ExternalSignIn where refreshDue <= ?1 order by refreshDue", now);
            return found.map(external -> {
                external.askAt(now.plus(ASK_AGAIN));
                tx.update(external);
                String sealed = external.sealedRefreshToken();
                return new Due(
                        external.tokenHash(),
                        external.subject(),
                        sealed == null ? "" : sealer.open(sealed, purpose(external.tokenHash())));
            });
        });
    }

    /** The provider still vouches: the account follows, the sign-in goes on. */
    public void renewed(Due due, ExternalIdentity identity, ExternalSession session) {
        store.run(tx -> tx.lock(ExternalSignIn.class, due.signIn()).ifPresent(external -> {
            follow(tx, identity, clock.instant());
            renew(external, session);
            tx.update(external);
        }));
    }

    /** The provider does not vouch any more. */
    public void lost(Due due, String why) {
        store.run(tx -> end(tx, "e.tokenHash = ?1", why, due.signIn()));
    }

    /**
     * The provider has ended a session, or all of a person's.
     *
     * @param subject the person; null: whoever has the session
     * @param providerSession the session; null: all of the person
     * @return how many sign-ins ended
     */
    public int ended(String issuer, @Nullable String subject, @Nullable String providerSession) {
        if (subject == null && providerSession == null) {
            return 0;
        }
        return store.call(tx -> {
            if (providerSession == null) {
                return end(tx, "e.issuer = ?1 and e.subject = ?2", "signed out by " + issuer, issuer, subject);
            }
            return end(
                    tx, "e.issuer = ?1 and e.providerSession = ?2", "signed out by " + issuer, issuer, providerSession);
        });
    }

    private int end(Tx tx, String which, String why, @Nullable Object... parameters) {
        List<ExternalSignIn> found = tx.list(ExternalSignIn.class, "from ExternalSignIn e where " + which, parameters);
        for (ExternalSignIn external : found) {
            tx.find(SignIn.class, external.tokenHash()).ifPresent(signIn -> {
                String username = tx.find(Account.class, signIn.accountId())
                        .map(Account::username)
                        .orElse("");
                tx.delete(signIn);
                observer.signInEnded(tx, signIn.accountId(), signIn.tokenHash(), why);
                audit.record(
                        tx, new AuditEntry(external.issuer(), "logout", username, Outcome.OK, why, signIn.address()));
            });
        }
        return found.size();
    }

    /** The proof that the provider gave with a sign-in, to ask it for the end of its session. */
    public Optional<String> idToken(String signIn) {
        return store.call(tx -> tx.find(ExternalSignIn.class, signIn).map(ExternalSignIn::idToken));
    }

    /** Notes that a logout token was used; each is good once (OpenID Connect Back-Channel Logout 1.0 §2.6). */
    public boolean spend(String issuer, String tokenId) {
        return store.call(tx -> {
            String hash = Secrets.hash(issuer + " " + tokenId);
            if (tx.find(SpentLogoutToken.class, hash).isPresent()) {
                return false;
            }
            tx.insert(new SpentLogoutToken(hash, clock.instant()));
            return true;
        });
    }

    /** Forgets logout tokens that have expired long ago. */
    public void sweep() {
        store.run(tx -> tx.execute(
                "delete from SpentLogoutToken where spent < ?1", clock.instant().minus(Duration.ofDays(1))));
    }

    private static String purpose(String signIn) {
        return "refresh token of " + signIn;
    }
}
