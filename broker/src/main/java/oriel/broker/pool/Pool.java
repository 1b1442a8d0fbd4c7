package oriel.broker.pool;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.DisplaySize;

/** A floating desktop pool of linked clones: any free machine for anybody entitled, refreshed at log-off. */
@Entity
@Table(name = "pool")
public class Pool {
    /** So many errors within {@link #ERROR_WINDOW} restrain a pool for {@link #RESTRAINT}. */
    static final int MOST_ERRORS = 8;

    static final Duration ERROR_WINDOW = Duration.ofMinutes(5);
    static final Duration RESTRAINT = Duration.ofMinutes(5);

    @Id
    private String id;

    private String displayName;
    private String description;
    private String imageName;
    private int imageVersion;
    private boolean enabled;
    private boolean deleting;
    private int size;
    private int warm;
    private int memoryMib;
    private int vcpus;
    private int width;
    private int height;
    private int errors;
    private @Nullable Instant errorsSince;
    private @Nullable Instant restrainedUntil;
    private Instant created;

    @Version
    private long version;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected Pool() {}

    Pool(String id, String imageName, int imageVersion, Instant created) {
        this.id = id;
        this.imageName = imageName;
        this.imageVersion = imageVersion;
        this.created = created;
        this.displayName = id;
        this.description = "";
    }

    /** Key. */
    public String id() {
        return id;
    }

    /** For people. */
    public String displayName() {
        return displayName;
    }

    /** For people. */
    public String description() {
        return description;
    }

    /** Its golden image. */
    public String imageName() {
        return imageName;
    }

    /** The version that new disks are made from. */
    public int imageVersion() {
        return imageVersion;
    }

    /** Whether users may connect. */
    public boolean enabled() {
        return enabled;
    }

    /** Whether it is being deleted. */
    public boolean deleting() {
        return deleting;
    }

    /** Machines at most. */
    public int size() {
        return size;
    }

    /** Free machines kept running. */
    public int warm() {
        return warm;
    }

    /** RAM of each machine. */
    public int memoryMib() {
        return memoryMib;
    }

    /** Virtual CPUs of each machine. */
    public int vcpus() {
        return vcpus;
    }

    /** Screen of each machine at power-on. */
    public DisplaySize display() {
        return new DisplaySize(width, height);
    }

    /** When it was created. */
    public Instant created() {
        return created;
    }

    String etag() {
        return "\"" + version + "\"";
    }

    /** Whether too much went wrong lately to start spare machines. */
    public boolean restrained(Instant now) {
        return restrainedUntil != null && restrainedUntil.isAfter(now);
    }

    @Nullable
    Instant restrainedUntil() {
        return restrainedUntil;
    }

    /** Counts an error of one of its machines: one bad image must not keep hosts busy for ever. */
    public void failed(Instant now) {
        Instant since = errorsSince;
        if (since == null || since.plus(ERROR_WINDOW).isBefore(now)) {
            errorsSince = now;
            errors = 0;
        }
        errors++;
        if (errors >= MOST_ERRORS) {
            restrainedUntil = now.plus(RESTRAINT);
        }
    }

    private void forgive() {
        errors = 0;
        errorsSince = null;
        restrainedUntil = null;
    }

    void delete() {
        deleting = true;
        enabled = false;
    }

    void texts(String displayName, String description) {
        this.displayName = displayName;
        this.description = description;
    }

    void enable(boolean enabled) {
        this.enabled = enabled;
        if (enabled) {
            forgive();
        }
    }

    void capacity(int size, int warm) {
        this.size = size;
        this.warm = warm;
    }

    void hardware(int memoryMib, int vcpus, DisplaySize display) {
        this.memoryMib = memoryMib;
        this.vcpus = vcpus;
        this.width = display.width();
        this.height = display.height();
    }

    void version(int imageVersion) {
        this.imageVersion = imageVersion;
    }
}
