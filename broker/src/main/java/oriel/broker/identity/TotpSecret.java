package oriel.broker.identity;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;

/** A user's shared secret for codes by time. It counts once the user has shown that their device has it. */
@Entity
@Table(name = "totp")
class TotpSecret {
    @Id
    private UUID accountId;

    private String secret;
    private boolean confirmed;
    private long lastStep;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private Instant created;

    @SuppressWarnings("NullAway.Init")
    protected TotpSecret() {}

    TotpSecret(UUID accountId, String sealedSecret, Instant now) {
        this.accountId = accountId;
        this.secret = sealedSecret;
        this.created = now;
    }

    UUID accountId() {
        return accountId;
    }

    String sealedSecret() {
        return secret;
    }

    boolean confirmed() {
        return confirmed;
    }

    /** The time step of the last code that was taken: each code is good once (RFC 6238 §5.2). */
    long lastStep() {
        return lastStep;
    }

    void taken(long step) {
        this.lastStep = step;
        this.confirmed = true;
    }
}
