package oriel.broker.identity;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;

/** A browser's sign-in. The token itself is only in the browser; here is its hash. */
@Entity
@Table(name = "sign_in")
class SignIn {
    @Id
    private String tokenHash;

    private UUID accountId;
    private Instant created;
    private Instant lastUsed;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private String address;

    @SuppressWarnings("NullAway.Init")
    protected SignIn() {}

    SignIn(String tokenHash, UUID accountId, Instant now, String address) {
        this.tokenHash = tokenHash;
        this.accountId = accountId;
        this.created = now;
        this.lastUsed = now;
        this.address = address;
    }

    String tokenHash() {
        return tokenHash;
    }

    UUID accountId() {
        return accountId;
    }

    Instant created() {
        return created;
    }

    Instant lastUsed() {
        return lastUsed;
    }
}
