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

    /** What lists name it by: the hash would be no secret, but nobody needs it. */
    private UUID id;

    private UUID accountId;
    private Instant created;
    private Instant lastUsed;
    private String address;
    private String userAgent;

    @SuppressWarnings("NullAway.Init")
    protected SignIn() {}

    SignIn(String tokenHash, UUID accountId, Instant now, Client client) {
        this.tokenHash = tokenHash;
        this.id = UUID.randomUUID();
        this.accountId = accountId;
        this.created = now;
        this.lastUsed = now;
        this.address = client.address();
        this.userAgent = client.userAgent();
    }

    UUID id() {
        return id;
    }

    String address() {
        return address;
    }

    String userAgent() {
        return userAgent;
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
