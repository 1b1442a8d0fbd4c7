package oriel.broker.machine;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A host, the broker whose process it is in, and how other brokers come to it. */
@Entity
@Table(name = "host_registration")
public class HostRegistration {
    @Id
    private String host;

    private String broker;
    private @Nullable String address;
    private @Nullable String certificate;
    private long promisableMib;
    private Instant seen;
    private boolean gone;
    private @Nullable Instant fullUntil;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected HostRegistration() {}

    /**
     * Of a host.
     *
     * @param promisableMib memory that it may promise to machines
     */
    public HostRegistration(String host, String broker, long promisableMib, Instant now) {
        this.host = host;
        this.broker = broker;
        this.promisableMib = promisableMib;
        this.seen = now;
    }

    /** Its name. */
    public String host() {
        return host;
    }

    /** Whose it is. */
    public String broker() {
        return broker;
    }

    /** Where its broker answers other brokers; null if it does not listen. */
    public @Nullable String address() {
        return address;
    }

    /** SHA-256 of the certificate that its broker shows; null if it speaks no TLS. */
    public @Nullable String certificate() {
        return certificate;
    }

    /** MiB of memory that it may promise to machines. */
    public long promisableMib() {
        return promisableMib;
    }

    /** When its broker last said that it lives. */
    public Instant seen() {
        return seen;
    }

    /** Whether other brokers have not heard of it for a while. */
    public boolean gone() {
        return gone;
    }

    /** Whether it has just refused a machine for want of room. */
    public boolean full(Instant now) {
        return fullUntil != null && fullUntil.isAfter(now);
    }

    /** Its broker lives. */
    public void beat(String owner, @Nullable String at, @Nullable String shows, long mib, Instant now) {
        broker = owner;
        address = at;
        certificate = shows;
        promisableMib = mib;
        seen = now;
        gone = false;
    }
}
