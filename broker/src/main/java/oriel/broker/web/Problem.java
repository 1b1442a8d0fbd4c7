package oriel.broker.web;

import org.jspecify.annotations.Nullable;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;

/** Problem details (RFC 9457 §3.1) with our extensions. */
record Problem(
        String type,
        String title,
        int status,
        String detail,
        Reason reason,
        String traceId,
        @Nullable String field,
        @Nullable Long retryAfterSeconds) {
    static Problem of(RefusedException refused, String traceId) {
        Reason reason = refused.reason();
        return new Problem(
                reason.type(),
                reason.title(),
                reason.status(),
                refused.getMessage() == null ? reason.title() : refused.getMessage(),
                reason,
                traceId,
                refused.field(),
                refused.retryAfter() == null
                        ? null
                        : Math.max(1, refused.retryAfter().toSeconds() + 1));
    }
}
