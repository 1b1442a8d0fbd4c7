package oriel.broker.event;

import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/** Signals of one transaction of one broker, for the others. */
@Entity
@Table(name = "signal_outbox")
public class OutboxRow {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    private long id;

    private String broker;
    private String signals;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private Instant created;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected OutboxRow() {}

    OutboxRow(String broker, String signals, Instant created) {
        this.broker = broker;
        this.signals = signals;
        this.created = created;
    }

    long id() {
        return id;
    }

    String broker() {
        return broker;
    }

    String signals() {
        return signals;
    }
}
