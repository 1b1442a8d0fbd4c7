package oriel.broker.role;

import com.fasterxml.jackson.annotation.JsonValue;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import oriel.broker.access.Grant;
import oriel.broker.access.Role;
import oriel.broker.access.Scope;

/** A role that a user or a group has somewhere, besides the account's own role. */
@Entity
@Table(name = "role_grant")
public class RoleGrant {
    /** What the subject is. */
    public enum Subject {
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

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private Subject subjectKind;

    private String subject;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private Role role;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private Scope.Kind scopeKind;

    private String scopeId;
    private Instant created;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected RoleGrant() {}

    RoleGrant(Subject subjectKind, String subject, Grant grant, Instant created) {
        this.id = UUID.randomUUID();
        this.subjectKind = subjectKind;
        this.subject = subject;
        this.role = grant.role();
        this.scopeKind = grant.scope().kind();
        this.scopeId = grant.scope().id();
        this.created = created;
    }

    UUID id() {
        return id;
    }

    Subject subjectKind() {
        return subjectKind;
    }

    String subject() {
        return subject;
    }

    Instant created() {
        return created;
    }

    Grant grant() {
        return new Grant(role, new Scope(scopeKind, scopeId));
    }
}
