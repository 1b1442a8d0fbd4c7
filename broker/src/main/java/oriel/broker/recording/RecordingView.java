package oriel.broker.recording;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A recording as the API shows it.
 *
 * @param id its key
 * @param sessionId of which session
 * @param username whose
 * @param poolId in which pool
 * @param machine on which machine
 * @param started when it begins
 * @param ended when it ends; null while it is being made
 * @param endReason why it ended
 * @param bytes how long the file is; null while it is being made
 */
public record RecordingView(
        UUID id,
        UUID sessionId,
        String username,
        String poolId,
        String machine,
        Instant started,
        @Nullable Instant ended,
        @Nullable String endReason,
        @Nullable Long bytes) {}
