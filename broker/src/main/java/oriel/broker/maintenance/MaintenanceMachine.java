package oriel.broker.maintenance;

import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/**
 * A machine on the disk of a golden image's version, in which an administrator works. It belongs to no pool and nobody
 * can get it; there is at most one for an image.
 */
@Entity
@Table(name = "maintenance_machine")
public class MaintenanceMachine {
    /** Its disk is never made anew: it is edited, or thrown away. */
    static final long GENERATION = 1;

    private static final int NAME_OF_IMAGE = 20;
    private static final int LONGEST_FAILURE = 1900;

    @Id
    private String imageName;

    private UUID id;
    private String name;
    private int baseVersion;
    private String host;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private MaintenanceState state;

    private int memoryMib;
    private int vcpus;
    private @Nullable Integer sealTo;
    private boolean identityGone;
    private String openedBy;
    private @Nullable String failure;
    private Instant created;
    private Instant changed;

    @Version
    private long version;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected MaintenanceMachine() {}

    MaintenanceMachine(
            String imageName, int baseVersion, String host, int memoryMib, int vcpus, String openedBy, Instant now) {
        this.imageName = imageName;
        this.id = UUID.randomUUID();
        // Ends in no number, so that it is never the name of a pool's machine.
        String image = imageName.length() <= NAME_OF_IMAGE ? imageName : imageName.substring(0, NAME_OF_IMAGE);
        this.name = "edit-" + image + "-x" + id.toString().substring(0, 8);
        this.baseVersion = baseVersion;
        this.host = host;
        this.state = MaintenanceState.STARTING;
        this.memoryMib = memoryMib;
        this.vcpus = vcpus;
        this.openedBy = openedBy;
        this.created = now;
        this.changed = now;
    }

    String imageName() {
        return imageName;
    }

    /** What its displays are opened under, as sessions are by theirs. */
    UUID id() {
        return id;
    }

    String name() {
        return name;
    }

    int baseVersion() {
        return baseVersion;
    }

    String host() {
        return host;
    }

    MaintenanceState state() {
        return state;
    }

    int memoryMib() {
        return memoryMib;
    }

    int vcpus() {
        return vcpus;
    }

    /** The version that it becomes. */
    @Nullable
    Integer sealTo() {
        return sealTo;
    }

    /** Whether its guest was shut down with its identity removed, and has not run since. */
    boolean identityGone() {
        return identityGone;
    }

    String openedBy() {
        return openedBy;
    }

    @Nullable
    String failure() {
        return failure;
    }

    Instant created() {
        return created;
    }

    long version() {
        return version;
    }

    void start(Instant now) {
        become(MaintenanceState.STARTING, null, now);
        identityGone = false;
    }

    /** Its guest runs, and makes an identity of its own. */
    void runs() {
        identityGone = false;
    }

    void seal(int to, Instant now) {
        become(MaintenanceState.SEALING, null, now);
        sealTo = to;
    }

    void removedIdentity(Instant now) {
        identityGone = true;
        changed = now;
    }

    void become(MaintenanceState next, @Nullable String why, Instant now) {
        state = next;
        failure = why == null || why.length() <= LONGEST_FAILURE ? why : why.substring(0, LONGEST_FAILURE);
        if (next != MaintenanceState.SEALING) {
            sealTo = null;
        }
        changed = now;
    }

    MaintenanceView view() {
        return new MaintenanceView(
                imageName, baseVersion, name, state, sealTo, memoryMib, vcpus, openedBy, failure, created, changed);
    }
}
