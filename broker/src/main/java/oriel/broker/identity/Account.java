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

/** A user. The name never changes; it is what entitlements and records refer to. */
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
    private @Nullable String passwordHash;
    private @Nullable String issuer;
    private @Nullable String subject;
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

    /** A user whom an identity provider vouches for. */
    static Account external(ExternalIdentity identity, Instant created) {
        Account account = new Account();
        account.id = UUID.randomUUID();
        account.username = identity.username();
        account.displayName = identity.displayName();
        account.role = identity.role();
        account.enabled = true;
        account.issuer = identity.issuer();
        account.subject = identity.subject();
        account.created = created;
        return account;
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

    /** None for people from an identity provider. */
    @Nullable
    String passwordHash() {
        return passwordHash;
    }

    /** Whether the user is known by an identity provider. */
    public boolean external() {
        return subject != null;
    }

    /** The identity provider, if the user comes from one. */
    public @Nullable String issuer() {
        return issuer;
    }

    /** What the identity provider calls the user, for ever. */
    @Nullable
    String subject() {
        return subject;
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
