package oriel.broker.snapshot;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.host.SnapshotInfo;

/** A machine's disk, and maybe its memory, at a moment. The host has it; here is why it was taken. */
@Entity
@Table(name = "snapshot")
public class Snapshot {
    /** Why it was taken. */
    public enum Kind {
        /** Before its user did anything. */
        BASELINE,
        /** Its user wanted it. */
        USER,
        /** The helpdesk or an administrator wanted it. */
        HELPDESK,
        /** It was time. */
        SCHEDULED,
        /** The machine was put back to another one, which this undoes. */
        UNDO
    }

    /** Whether it can be used. */
    public enum State {
        /** Is being taken. */
        PENDING,
        /** Can be restored. */
        READY,
        /** Goes away. */
        DELETING,
        /** Could not be taken. */
        FAILED
    }

    @Id
    private UUID id;

    private String machineName;
    private String name;
    private String label;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private Kind kind;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private State state;

    private String takenBy;
    private boolean withMemory;
    private @Nullable String parent;
    private long bytes;

    @Column(name = "is_current")
    private boolean current;

    private @Nullable String failure;
    private Instant created;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected Snapshot() {}

    Snapshot(String machineName, String label, Kind kind, String takenBy, boolean withMemory, Instant created) {
        this.id = UUID.randomUUID();
        this.machineName = machineName;
        // A name of the host's form that nobody else chooses.
        this.name = "s-" + id.toString().substring(0, 8) + id.toString().substring(9, 13);
        this.label = label;
        this.kind = kind;
        this.state = State.PENDING;
        this.takenBy = takenBy;
        this.withMemory = withMemory;
        this.created = created;
    }

    UUID id() {
        return id;
    }

    String machineName() {
        return machineName;
    }

    String name() {
        return name;
    }

    String label() {
        return label;
    }

    Kind kind() {
        return kind;
    }

    State state() {
        return state;
    }

    String takenBy() {
        return takenBy;
    }

    boolean withMemory() {
        return withMemory;
    }

    @Nullable
    String parent() {
        return parent;
    }

    long bytes() {
        return bytes;
    }

    boolean current() {
        return current;
    }

    @Nullable
    String failure() {
        return failure;
    }

    Instant created() {
        return created;
    }

    void become(State next, @Nullable String why) {
        state = next;
        failure = why;
    }

    /** What the host says of it. Returns whether that is news. */
    boolean follow(SnapshotInfo info) {
        String before = parent + " " + bytes + " " + current + " " + state;
        parent = info.parent().orElse(null);
        bytes = info.bytes();
        current = info.current();
        withMemory = info.hasMemory();
        if (state == State.PENDING) {
            state = State.READY;
        }
        return !before.equals(parent + " " + bytes + " " + current + " " + state);
    }
}
