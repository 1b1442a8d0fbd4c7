package oriel.broker.session;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A session as the API shows it. */
public record SessionView(
        UUID id,
        String username,
        String poolId,
        String machine,
        SessionState state,
        Instant started,
        @Nullable Instant ready,
        @Nullable Instant connected,
        @Nullable Instant disconnected,
        @Nullable Instant ended,
        @Nullable EndReason endReason,
        @Nullable String clientAddress,
        @Nullable Logon logon) {
    static SessionView of(DesktopSession s) {
        return new SessionView(
                s.id(),
                s.username(),
                s.poolId(),
                s.machineName(),
                s.state(),
                s.started(),
                s.ready(),
                s.connected(),
                s.disconnected(),
                s.ended(),
                s.endReason(),
                s.clientAddress(),
                s.logon());
    }
}
