package oriel.broker.identity;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;

/** Membership of an account in a group; a group is its name. */
@Entity
@Table(name = "account_group")
class AccountGroup {
    @Id
    private UUID id;

    private UUID accountId;
    private String groupName;

    @SuppressWarnings("NullAway.Init")
    protected AccountGroup() {}

    AccountGroup(UUID accountId, String groupName) {
        this.id = UUID.randomUUID();
        this.accountId = accountId;
        this.groupName = groupName;
    }

    UUID accountId() {
        return accountId;
    }

    String groupName() {
        return groupName;
    }
}
