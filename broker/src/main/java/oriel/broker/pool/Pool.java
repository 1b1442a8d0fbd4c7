package oriel.broker.pool;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.DisplaySize;

/** A desktop pool: machines made from one golden image, and what is done with them. */
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
    private int vlan;

    private String policy;
    private @Nullable String push;

    @Version
    private long version;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected Pool() {}

    Pool(String id, String imageName, int imageVersion, int vlan, Instant created) {
        this.id = id;
        this.imageName = imageName;
        this.imageVersion = imageVersion;
        this.vlan = vlan;
        this.created = created;
        this.displayName = id;
        this.description = "";
        this.policy = "{}";
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

    /** What it does, with every default filled in. */
    public PoolPolicy policy() {
        return PolicyJson.read(policy, PoolPolicy.class).complete();
    }

    /** Times after which its sessions end. */
    public PoolPolicy.Limits limits() {
        PoolPolicy.Limits limits = policy().limits();
        return limits == null ? PoolPolicy.Limits.NONE : limits;
    }

    /** What it does by the calendar. */
    public Schedule schedule() {
        Schedule schedule = policy().schedule();
        return schedule == null ? Schedule.NONE : schedule;
    }

    /** Snapshots of its machines. */
    public PoolPolicy.SnapshotRules snapshots() {
        PoolPolicy.SnapshotRules rules = policy().snapshots();
        return rules == null ? PoolPolicy.SnapshotRules.DEFAULT : rules;
    }

    /** Whom its machines reach. */
    public PoolNetwork network() {
        PoolNetwork network = policy().network();
        return network == null ? PoolNetwork.DEFAULT : network;
    }

    /** What one of its machines may have of its host. */
    public PoolResources resources() {
        PoolResources resources = policy().resources();
        return resources == null ? PoolResources.DEFAULT : resources;
    }

    /** On which hosts its machines are made. */
    public PoolPlacement placement() {
        PoolPlacement placement = policy().placement();
        return placement == null ? PoolPlacement.DEFAULT : placement;
    }

    /** The number of its segment on its hosts' switches; no other pool has it. */
    public int vlan() {
        return vlan;
    }

    void policy(PoolPolicy next) {
        next.complete();
        policy = PolicyJson.write(next);
    }

    PoolPolicy givenPolicy() {
        return PolicyJson.read(policy, PoolPolicy.class);
    }

    /** The last change of its version, if there was one that had more than one step. */
    public @Nullable Push push() {
        return PolicyJson.readNullable(push, Push.class);
    }

    /** A change of its version, or what became of it. */
    public void push(Push next) {
        push = PolicyJson.write(next);
    }

    /** Free machines to run now: by the calendar, else its own number. */
    public int warmAt(Instant now) {
        return Math.min(size, schedule().warmAt(now).orElse(warm));
    }

    /** The version that a machine's new disk is made from. */
    public int versionFor(boolean canary) {
        Push current = push();
        return canary && current != null && current.state() == Push.State.CANARY ? current.version() : imageVersion;
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

    /** Another version for new disks. */
    public void version(int imageVersion) {
        this.imageVersion = imageVersion;
    }
}
