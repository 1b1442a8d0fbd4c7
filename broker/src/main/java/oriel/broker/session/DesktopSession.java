package oriel.broker.session;

import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/** A user on a machine, from claim to log-off, over any number of connects. */
@Entity
@Table(name = "desktop_session")
public class DesktopSession {
    @Id
    private UUID id;

    private UUID accountId;
    private String username;
    private String poolId;
    private String machineName;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private SessionState state;

    private Instant started;
    private @Nullable Instant ready;
    private @Nullable Instant connected;
    private @Nullable Instant disconnected;
    private @Nullable Instant ended;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private @Nullable EndReason endReason;

    private @Nullable String clientAddress;

    private @Nullable Instant requested;
    private @Nullable Long authenticateMs;
    private @Nullable Long claimMs;
    private @Nullable Long cloneMs;
    private @Nullable Long bootMs;
    private @Nullable Long firstFrameMs;

    private @Nullable Instant warnedAt;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private @Nullable String shownBy;

    /** Unique keys while the session lives: the database keeps two sessions from sharing a user and pool, or a machine. */
    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private @Nullable String liveUserKey;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private @Nullable String liveMachineKey;

    @Version
    private long version;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected DesktopSession() {}

    DesktopSession(
            UUID id,
            UUID accountId,
            String username,
            String poolId,
            String machineName,
            @Nullable String clientAddress,
            Instant now) {
        this.id = id;
        this.accountId = accountId;
        this.username = username;
        this.poolId = poolId;
        this.machineName = machineName;
        this.state = SessionState.PENDING;
        this.clientAddress = clientAddress;
        this.started = now;
        this.liveUserKey = userKey(accountId, poolId);
        this.liveMachineKey = machineName;
    }

    static String userKey(UUID accountId, String poolId) {
        return accountId + "/" + poolId;
    }

    /** Key. */
    public UUID id() {
        return id;
    }

    /** Whose. */
    public UUID accountId() {
        return accountId;
    }

    /** Whose. */
    public String username() {
        return username;
    }

    /** In which pool. */
    public String poolId() {
        return poolId;
    }

    /** On which machine. */
    public String machineName() {
        return machineName;
    }

    /** How far it is. */
    public SessionState state() {
        return state;
    }

    /** Whether it has not ended. */
    public boolean lives() {
        return state != SessionState.ENDED;
    }

    /** When the user got the machine. */
    public Instant started() {
        return started;
    }

    /** When its desktop was first there. */
    public @Nullable Instant ready() {
        return ready;
    }

    @Nullable
    Instant connected() {
        return connected;
    }

    @Nullable
    Instant disconnected() {
        return disconnected;
    }

    @Nullable
    Instant ended() {
        return ended;
    }

    @Nullable
    EndReason endReason() {
        return endReason;
    }

    @Nullable
    String clientAddress() {
        return clientAddress;
    }

    @Nullable
    Logon logon() {
        Instant since = requested;
        return since == null ? null : new Logon(since, authenticateMs, claimMs, cloneMs, bootMs, firstFrameMs);
    }

    /** The user asked for a desktop at a time, having signed in within another. */
    void asked(Instant since, long signInMillis) {
        requested = since;
        authenticateMs = signInMillis;
        claimMs = Math.max(0, Duration.between(since, started).toMillis());
    }

    /** The machine's disk was made while the user waited. */
    void cloned(Instant begun, Instant now) {
        if (ready == null) {
            cloneMs = waited(begun, now);
        }
    }

    void becameReady(@Nullable Instant poweredAt, Instant now) {
        if (ready == null) {
            ready = now;
            cloneMs = cloneMs == null ? 0L : cloneMs;
            bootMs = poweredAt == null ? 0L : waited(poweredAt, now);
        }
    }

    /** The part of a step that was after the user had got the machine. */
    private long waited(Instant begun, Instant now) {
        Instant from = begun.isAfter(started) ? begun : started;
        return Math.max(0, Duration.between(from, now).toMillis());
    }

    /** The first picture was on the way to the user. */
    boolean sawFirstFrame(Duration afterOpening) {
        if (firstFrameMs != null) {
            return false;
        }
        firstFrameMs = afterOpening.toMillis();
        return true;
    }

    void connect(String address, String broker, Instant now) {
        shownBy = broker;
        state = SessionState.CONNECTED;
        connected = now;
        clientAddress = address;
    }

    /** Notes that the user was told of the session's end; false if they were told before. */
    boolean warn(Instant now) {
        if (warnedAt != null) {
            return false;
        }
        warnedAt = now;
        return true;
    }

    void disconnect(Instant now) {
        state = SessionState.DISCONNECTED;
        disconnected = now;
    }

    void moveTo(String machine) {
        machineName = machine;
        liveMachineKey = machine;
        ready = null;
        cloneMs = null;
        bootMs = null;
    }

    void end(EndReason reason, Instant now) {
        state = SessionState.ENDED;
        ended = now;
        endReason = reason;
        liveUserKey = null;
        liveMachineKey = null;
    }
}
