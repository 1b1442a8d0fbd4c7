package oriel.broker.shadow;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A request to watch a session, as the API shows it.
 *
 * @param username whose session it is
 * @param requester who asks
 * @param requesterName the same, for people
 * @param reason why, for the user; may be empty
 * @param watching somebody looks just now
 * @param expires until when the user may answer; once granted, until when the session may be watched
 */
public record ShadowView(
        UUID id,
        UUID sessionId,
        String poolId,
        String machine,
        String username,
        String requester,
        String requesterName,
        String reason,
        ShadowState state,
        boolean watching,
        Instant created,
        Instant expires,
        @Nullable Instant decided,
        @Nullable Instant ended) {}
