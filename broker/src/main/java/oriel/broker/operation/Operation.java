package oriel.broker.operation;

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

/** An intent, written before its effect. There is at most one open operation per machine. */
@Entity
@Table(name = "operation")
public class Operation {
    /** Somebody waits for it. */
    public static final int URGENT = 10;
    /** Gives a machine back to the pool. */
    public static final int SOON = 5;
    /** For later users. */
    public static final int SPARE = 1;

    @Id
    private UUID id;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private OperationKind kind;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private OperationState state;

    private String machineName;
    private String poolId;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private String host;

    private long generation;
    private int imageVersion;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private int priority;

    private int attempt;
    private Instant nextAttempt;
    private @Nullable String leaseOwner;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private @Nullable Instant leaseUntil;

    private @Nullable String failure;
    private Instant created;
    private @Nullable Instant finished;
    private @Nullable Instant begun;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private @Nullable String openKey;

    private @Nullable String imageName;
    private @Nullable String argument;
    private int progress;
    private @Nullable String step;
    private boolean cancelWanted;

    @Version
    private long version;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected Operation() {}

    /**
     * A new intent.
     *
     * @param generation of the machine's disk after it
     * @param imageVersion that a new disk is made from
     */
    public Operation(
            OperationKind kind,
            String machineName,
            String poolId,
            String host,
            long generation,
            int imageVersion,
            int priority,
            Instant now) {
        this.id = UUID.randomUUID();
        this.kind = kind;
        this.state = OperationState.PENDING;
        this.machineName = machineName;
        this.poolId = poolId;
        this.host = host;
        this.generation = generation;
        this.imageVersion = imageVersion;
        this.priority = priority;
        this.nextAttempt = now;
        this.created = now;
        this.openKey = machineName;
    }

    /**
     * A new intent on a golden image. There is at most one open operation of a kind on a version.
     *
     * @param argument what the kind needs besides
     */
    public static Operation ofImage(
            OperationKind kind, String imageName, int version, String host, @Nullable String argument, Instant now) {
        Operation operation = new Operation(kind, "", "", host, 0, version, SOON, now);
        operation.imageName = imageName;
        operation.argument = argument;
        operation.openKey = kind + " " + (kind == OperationKind.PREPARE ? argument : imageName + ":" + version);
        return operation;
    }

    /** A new intent on the maintenance machine of a golden image. There is at most one open on a machine. */
    public static Operation ofMaintenance(
            OperationKind kind, String machineName, String imageName, int version, String host, Instant now) {
        Operation operation = new Operation(kind, machineName, "", host, 1, version, URGENT, now);
        operation.imageName = imageName;
        return operation;
    }

    /** Says what the kind needs to know besides. */
    public void about(String what) {
        argument = what;
    }

    /** On which golden image; null if it is on a machine. */
    public @Nullable String imageName() {
        return imageName;
    }

    /** On which golden image; empty if it is on a machine. */
    public String image() {
        return imageName == null ? "" : imageName;
    }

    /** What its kind needs to know besides. */
    public @Nullable String argument() {
        return argument;
    }

    /** When the present attempt was begun. */
    public Instant begun() {
        return begun == null ? created : begun;
    }

    int progress() {
        return progress;
    }

    @Nullable
    String step() {
        return step;
    }

    boolean cancelWanted() {
        return cancelWanted;
    }

    void wantCancel() {
        cancelWanted = true;
    }

    /** Key. */
    public UUID id() {
        return id;
    }

    /** What is to be done. */
    public OperationKind kind() {
        return kind;
    }

    /** How far it is. */
    public OperationState state() {
        return state;
    }

    /** On which machine. */
    public String machineName() {
        return machineName;
    }

    /** Of which pool. */
    public String poolId() {
        return poolId;
    }

    /** Generation of the machine's disk after it. */
    public long generation() {
        return generation;
    }

    /** Version of the golden image that a new disk is made from. */
    public int imageVersion() {
        return imageVersion;
    }

    /** How often it was begun. */
    public int attempt() {
        return attempt;
    }

    Instant nextAttempt() {
        return nextAttempt;
    }

    /** What went wrong at the last attempt. */
    public @Nullable String failure() {
        return failure;
    }

    /** When it was journalled. */
    public Instant created() {
        return created;
    }

    @Nullable
    Instant finished() {
        return finished;
    }

    @Nullable
    String leaseOwner() {
        return leaseOwner;
    }

    /** Which version a new disk is made from: decided when the operation is first begun. */
    public void useImage(int version) {
        imageVersion = version;
    }

    void begin(String worker, Instant now, Instant leaseUntil) {
        this.state = OperationState.RUNNING;
        this.attempt++;
        this.begun = now;
        this.leaseOwner = worker;
        this.leaseUntil = leaseUntil;
    }

    /** Another try after it was given up. */
    void reopen(Instant now) {
        state = OperationState.PENDING;
        nextAttempt = now;
        finished = null;
        cancelWanted = false;
        openKey = !machineName.isEmpty()
                ? machineName
                : kind + " " + (kind == OperationKind.PREPARE ? argument : imageName + ":" + imageVersion);
    }

    void backToQueue(Instant nextAttempt, String failure) {
        this.state = OperationState.PENDING;
        this.nextAttempt = nextAttempt;
        this.failure = failure;
        this.leaseOwner = null;
        this.leaseUntil = null;
    }

    void end(OperationState state, @Nullable String failure, Instant now) {
        this.state = state;
        this.failure = failure == null ? this.failure : failure;
        this.finished = now;
        this.leaseOwner = null;
        this.leaseUntil = null;
        this.openKey = null;
        this.progress = state == OperationState.DONE ? 100 : this.progress;
    }
}
