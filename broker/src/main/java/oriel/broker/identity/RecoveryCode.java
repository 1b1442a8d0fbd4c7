package oriel.broker.identity;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;

/** A code that stands in once for a lost device. */
@Entity
@Table(name = "recovery_code")
class RecoveryCode {
    @Id
    private String codeHash;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private UUID accountId;

    @SuppressWarnings("NullAway.Init")
    protected RecoveryCode() {}

    RecoveryCode(String codeHash, UUID accountId) {
        this.codeHash = codeHash;
        this.accountId = accountId;
    }

    String codeHash() {
        return codeHash;
    }
}
