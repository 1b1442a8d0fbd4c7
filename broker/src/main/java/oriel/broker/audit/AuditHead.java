package oriel.broker.audit;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

/** The end of the chain; its lock puts the records of all brokers in one order. */
@Entity
@Table(name = "audit_head")
class AuditHead {
    static final int ONLY = 1;

    @Id
    private int id;

    private long sequence;
    private String hash;

    @SuppressWarnings("NullAway.Init")
    protected AuditHead() {}

    long sequence() {
        return sequence;
    }

    String hash() {
        return hash;
    }

    void advance(String hash) {
        this.sequence++;
        this.hash = hash;
    }
}
