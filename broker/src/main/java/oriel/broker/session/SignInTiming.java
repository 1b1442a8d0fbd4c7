package oriel.broker.session;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import oriel.broker.store.Tx;

/** How long an account's last sign-in took: the first step of the logon that follows it. */
@Entity
@Table(name = "sign_in_timing")
public class SignInTiming {
    /** A logon later than this after its sign-in did not wait for it. */
    private static final Duration SAME_LOGON = Duration.ofHours(1);

    @Id
    private UUID accountId;

    private Instant at;
    private long millis;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected SignInTiming() {}

    private SignInTiming(UUID accountId) {
        this.accountId = accountId;
        this.at = Instant.EPOCH;
    }

    /** Notes a sign-in. */
    public static void note(Tx tx, UUID accountId, Duration took, Instant now) {
        SignInTiming row = tx.lock(SignInTiming.class, accountId).orElse(null);
        boolean known = row != null;
        SignInTiming timing = row == null ? new SignInTiming(accountId) : row;
        timing.at = now;
        timing.millis = took.toMillis();
        if (known) {
            tx.update(timing);
        } else {
            tx.insert(timing);
        }
    }

    /** How long the sign-ins before logons took, in milliseconds; of those that were not long ago. */
    static Map<UUID, Long> before(Tx tx, Collection<UUID> accountIds, Instant now) {
        return tx.list(SignInTiming.class, "from SignInTiming where accountId in ?1", accountIds).stream()
                .filter(timing -> timing.at.plus(SAME_LOGON).isAfter(now))
                .collect(Collectors.toMap(timing -> timing.accountId, timing -> timing.millis));
    }
}
