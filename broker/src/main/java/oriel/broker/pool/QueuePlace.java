package oriel.broker.pool;

import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A user who waits for a machine of a pool; the lowest id is next. */
@Entity
@Table(name = "queue_place")
public class QueuePlace {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    private @Nullable Long id;

    private String poolId;
    private UUID accountId;
    private String username;
    private Instant since;
    private @Nullable String address;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected QueuePlace() {}

    /** A new last place. */
    public QueuePlace(String poolId, UUID accountId, String username, @Nullable String address, Instant since) {
        this.poolId = poolId;
        this.accountId = accountId;
        this.username = username;
        this.address = address;
        this.since = since;
    }

    /** Order in the queue. */
    public long id() {
        return id == null ? Long.MAX_VALUE : id;
    }

    /** For which pool. */
    public String poolId() {
        return poolId;
    }

    /** Who. */
    public UUID accountId() {
        return accountId;
    }

    /** Who. */
    public String username() {
        return username;
    }

    /** From where. */
    public @Nullable String address() {
        return address;
    }

    /** Since when. */
    public Instant since() {
        return since;
    }
}
