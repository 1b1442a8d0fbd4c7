package oriel.broker.identity;

import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Role;

/** A local user. The name never changes; it is what entitlements and records refer to. */
@Entity
@Table(name = "account")
public class Account {
    @Id
    private UUID id;

    private String username;
    private String displayName;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private Role role;

    private boolean enabled;
    private String passwordHash;
    private Instant created;
    private @Nullable Instant lastLogin;

    @Version
    private long version;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected Account() {}

    Account(UUID id, String username, String displayName, Role role, String passwordHash, Instant created) {
        this.id = id;
        this.username = username;
        this.displayName = displayName;
        this.role = role;
        this.enabled = true;
        this.passwordHash = passwordHash;
        this.created = created;
    }

    /** Key. */
    public UUID id() {
        return id;
    }

    /** What one signs in with. */
    public String username() {
        return username;
    }

    /** For people. */
    public String displayName() {
        return displayName;
    }

    /** What decides the user's rights. */
    public Role role() {
        return role;
    }

    /** Whether the user may sign in. */
    public boolean enabled() {
        return enabled;
    }

    String passwordHash() {
        return passwordHash;
    }

    Instant created() {
        return created;
    }

    @Nullable
    Instant lastLogin() {
        return lastLogin;
    }

    String etag() {
        return "\"" + version + "\"";
    }

    void change(String displayName, Role role, boolean enabled) {
        this.displayName = displayName;
        this.role = role;
        this.enabled = enabled;
    }

    void changePassword(String passwordHash) {
        this.passwordHash = passwordHash;
    }

    void signedIn(Instant now) {
        this.lastLogin = now;
    }
}
