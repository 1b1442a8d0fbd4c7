package oriel.broker.pool;

import com.fasterxml.jackson.annotation.JsonValue;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.Locale;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;

/** Who may use a pool: a user or a group, by name. */
@Entity
@Table(name = "entitlement")
public class Entitlement {
    /** The group that everybody belongs to. */
    public static final String EVERYONE = "everyone";

    /** What the subject is. */
    public enum Kind {
        /** A user. */
        USER,
        /** A group. */
        GROUP;

        /** The name in the API's contract. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Id
    private UUID id;

    private String poolId;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private Kind kind;

    private String subject;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected Entitlement() {}

    Entitlement(String poolId, Kind kind, String subject) {
        this.id = UUID.randomUUID();
        this.poolId = poolId;
        this.kind = kind;
        this.subject = subject;
    }

    UUID id() {
        return id;
    }

    String poolId() {
        return poolId;
    }

    Kind kind() {
        return kind;
    }

    String subject() {
        return subject;
    }
}
