package oriel.broker.identity;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/** A logout token that was used. */
@Entity
@Table(name = "spent_logout_token")
class SpentLogoutToken {
    @Id
    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private String idHash;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private Instant spent;

    @SuppressWarnings("NullAway.Init")
    protected SpentLogoutToken() {}

    SpentLogoutToken(String idHash, Instant spent) {
        this.idHash = idHash;
        this.spent = spent;
    }
}
