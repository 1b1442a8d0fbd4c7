package oriel.broker.shadow;

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
import oriel.broker.access.Caller;
import oriel.broker.session.DesktopSession;

/** Somebody asks to watch a session, and what has come of it. */
@Entity
@Table(name = "shadow_request")
public class ShadowRequest {
    @Id
    private UUID id;

    private UUID sessionId;
    private String poolId;
    private String machineName;
    private UUID accountId;
    private String username;
    private UUID requesterId;
    private String requester;
    private String requesterName;
    private String reason;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private ShadowState state;

    private boolean watching;
    private Instant created;
    private Instant expires;
    private @Nullable Instant decided;
    private @Nullable Instant ended;

    @Version
    private long version;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected ShadowRequest() {}

    ShadowRequest(UUID id, DesktopSession session, Caller requester, String reason, Instant now, Instant expires) {
        this.id = id;
        this.sessionId = session.id();
        this.poolId = session.poolId();
        this.machineName = session.machineName();
        this.accountId = session.accountId();
        this.username = session.username();
        this.requesterId = requester.userId();
        this.requester = requester.username();
        this.requesterName = requester.displayName();
        this.reason = reason;
        this.state = ShadowState.ASKED;
        this.created = now;
        this.expires = expires;
    }

    void grant(Instant now, Instant until) {
        state = ShadowState.GRANTED;
        decided = now;
        expires = until;
    }

    void deny(Instant now) {
        state = ShadowState.DENIED;
        decided = now;
        ended = now;
    }

    void end(Instant now) {
        state = state == ShadowState.ASKED && !expires.isAfter(now) ? ShadowState.EXPIRED : ShadowState.ENDED;
        watching = false;
        ended = now;
    }

    void watched(boolean now) {
        watching = now;
    }

    /** Whether the session may be watched at a time. */
    boolean allows(Instant now) {
        return state == ShadowState.GRANTED
                && expires.isAfter(now)
                // Else the clock has gone back, and consent would outlast its time.
                && !expires.isAfter(now.plus(Shadows.LONGEST));
    }

    /** Whether the user may still answer. */
    boolean waits(Instant now) {
        return state == ShadowState.ASKED && expires.isAfter(now);
    }

    UUID id() {
        return id;
    }

    UUID sessionId() {
        return sessionId;
    }

    String machineName() {
        return machineName;
    }

    UUID accountId() {
        return accountId;
    }

    String username() {
        return username;
    }

    UUID requesterId() {
        return requesterId;
    }

    String requester() {
        return requester;
    }

    ShadowState state() {
        return state;
    }

    ShadowView view() {
        return new ShadowView(
                id,
                sessionId,
                poolId,
                machineName,
                username,
                requester,
                requesterName,
                reason,
                state,
                watching,
                created,
                expires,
                decided,
                ended);
    }
}
