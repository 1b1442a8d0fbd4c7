package oriel.broker.recording;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a session's screen showed, in a file: all of it, or a part if its machine was restarted meanwhile. */
@Entity
@Table(name = "session_recording")
public class SessionRecording {
    @Id
    private UUID id;

    private UUID sessionId;

    @SuppressWarnings("UnusedVariable") // a column: the name may be somebody else's one day
    private UUID accountId;

    private String username;
    private String poolId;
    private String machineName;

    @SuppressWarnings("UnusedVariable") // a column: queries use it
    private String broker;

    private Instant started;
    private @Nullable Instant ended;
    private @Nullable String endReason;
    private long bytes;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected SessionRecording() {}

    SessionRecording(
            UUID sessionId,
            UUID accountId,
            String username,
            String poolId,
            String machineName,
            String broker,
            Instant started) {
        this.id = UUID.randomUUID();
        this.sessionId = sessionId;
        this.accountId = accountId;
        this.username = username;
        this.poolId = poolId;
        this.machineName = machineName;
        this.broker = broker;
        this.started = started;
    }

    UUID id() {
        return id;
    }

    UUID sessionId() {
        return sessionId;
    }

    String username() {
        return username;
    }

    Instant started() {
        return started;
    }

    @Nullable
    Instant ended() {
        return ended;
    }

    long bytes() {
        return bytes;
    }

    void end(String reason, long size, Instant now) {
        ended = now;
        endReason = reason;
        bytes = size;
    }

    RecordingView view() {
        return new RecordingView(
                id, sessionId, username, poolId, machineName, started, ended, endReason, ended == null ? null : bytes);
    }
}
