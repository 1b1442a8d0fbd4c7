package oriel.broker.session;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How long a user waited for a desktop, by step, in milliseconds. A step that has not ended yet is absent; one that
 * needed no waiting (a machine that ran already) is 0.
 *
 * @param requested when the user asked
 * @param authenticateMs signing in: password or identity provider
 * @param claimMs finding a machine, with the time in the queue
 * @param cloneMs making its disk
 * @param bootMs from power-on to a drawn desktop
 * @param firstFrameMs from opening the display to its first picture
 */
public record Logon(
        Instant requested,
        @Nullable Long authenticateMs,
        @Nullable Long claimMs,
        @Nullable Long cloneMs,
        @Nullable Long bootMs,
        @Nullable Long firstFrameMs) {}
