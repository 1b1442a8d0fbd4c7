package oriel.broker.display;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A one-time right to open one display. The ticket itself is only with the user; here is its hash. */
@Entity
@Table(name = "ticket")
public class Ticket {
    @Id
    private String ticketHash;

    private UUID sessionId;
    private UUID accountId;
    private String signIn;
    private String rights;
    private String address;
    private Instant expires;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private String issuedBy;

    private @Nullable UUID shadowId;
    private @Nullable String imageName;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected Ticket() {}

    Ticket(
            String ticketHash,
            UUID sessionId,
            UUID accountId,
            String signIn,
            DisplayRight right,
            String address,
            String issuedBy,
            @Nullable UUID shadowId,
            @Nullable String imageName,
            Instant expires) {
        this.ticketHash = ticketHash;
        this.sessionId = sessionId;
        this.accountId = accountId;
        this.signIn = signIn;
        this.rights = right.name();
        this.address = address;
        this.issuedBy = issuedBy;
        this.shadowId = shadowId;
        this.imageName = imageName;
        this.expires = expires;
    }

    UUID sessionId() {
        return sessionId;
    }

    UUID accountId() {
        return accountId;
    }

    String signIn() {
        return signIn;
    }

    DisplayRight right() {
        return DisplayRight.valueOf(rights);
    }

    /** The request by which somebody else watches the session; null for its own user. */
    @Nullable
    UUID shadowId() {
        return shadowId;
    }

    /** The golden image whose maintenance machine it opens, which is {@code sessionId} then; null for sessions. */
    @Nullable
    String imageName() {
        return imageName;
    }

    String address() {
        return address;
    }

    Instant expires() {
        return expires;
    }
}
