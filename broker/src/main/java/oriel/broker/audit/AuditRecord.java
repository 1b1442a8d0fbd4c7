package oriel.broker.audit;

import com.fasterxml.jackson.annotation.JsonProperty;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.hibernate.annotations.Immutable;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;

/** One act, as recorded. Never changed. */
@Entity
@Immutable
@Table(name = "audit_record")
public class AuditRecord {
    /** How an act ended. */
    public enum Outcome {
        /** Done. */
        OK,
        /** Not allowed or not possible. */
        REFUSED,
        /** Tried, went wrong. */
        FAILED
    }

    @Id
    @JsonProperty
    private long sequence;

    @Column(name = "at")
    @JsonProperty
    private Instant time;

    @JsonProperty
    private String actor;

    @JsonProperty
    private String action;

    @JsonProperty
    private String target;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    @JsonProperty
    private Outcome outcome;

    @JsonProperty
    private String detail;

    @JsonProperty
    private String address;

    @JsonProperty
    private String subject;

    @JsonProperty
    private String hash;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected AuditRecord() {}

    AuditRecord(long sequence, Instant time, AuditEntry entry, String hash) {
        this.sequence = sequence;
        this.time = time;
        this.actor = entry.actor();
        this.action = entry.action();
        this.target = entry.target();
        this.outcome = entry.outcome();
        this.detail = entry.detail();
        this.address = entry.address();
        this.subject = entry.subject();
        this.hash = hash;
    }

    /** Position in the chain, from 1. */
    public long sequence() {
        return sequence;
    }

    /** When. */
    public Instant time() {
        return time;
    }

    /** The hash of this record and, through it, of all before. */
    public String hash() {
        return hash;
    }

    /** Who did what. */
    public AuditEntry entry() {
        return new AuditEntry(actor, action, target, outcome, detail, address, subject);
    }
}
