package oriel.broker.machine;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/** A host that takes no new sessions: it is about to be stopped. What runs there goes on. */
@Entity
@Table(name = "host_drain")
public class HostDrain {
    @Id
    private String host;

    private Instant since;
    private String orderedBy;
    private boolean stop;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected HostDrain() {}

    /**
     * Of a host.
     *
     * @param stop whether its broker ends when the last session has
     */
    public HostDrain(String host, Instant since, String orderedBy, boolean stop) {
        this.host = host;
        this.since = since;
        this.orderedBy = orderedBy;
        this.stop = stop;
    }

    /** Which host. */
    public String host() {
        return host;
    }

    /** Since when. */
    public Instant since() {
        return since;
    }

    /** Who wanted it. */
    public String orderedBy() {
        return orderedBy;
    }

    /** Whether its broker ends when the last session has. */
    public boolean stop() {
        return stop;
    }
}
