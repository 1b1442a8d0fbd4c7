package oriel.broker.problem;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A request is refused; nothing was changed. The message is a sentence for people that says what to do. */
public final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Reason reason;
    private final @Nullable String field;
    private final @Nullable Duration retryAfter;

    /** For a reason that needs no more than a sentence. */
    public RefusedException(Reason reason, String message) {
        this(reason, message, null, null);
    }

    private RefusedException(Reason reason, String message, @Nullable String field, @Nullable Duration retryAfter) {
        // A refusal is an answer, not a defect: nobody reads its stack trace.
        super(message, null, false, false);
        this.reason = reason;
        this.field = field;
        this.retryAfter = retryAfter;
    }

    /** For a field of the request. */
    public static RefusedException field(String field, String message) {
        return new RefusedException(Reason.BAD_REQUEST, field + ": " + message, field, null);
    }

    /** For something that may be tried again later. */
    public static RefusedException later(Reason reason, String message, Duration retryAfter) {
        return new RefusedException(reason, message, null, retryAfter);
    }

    /** For an object that is not there, or that the caller may not know of. */
    public static RefusedException notFound(String what) {
        return new RefusedException(Reason.NOT_FOUND, "There is no " + what + ".");
    }

    /** For programs. */
    public Reason reason() {
        return reason;
    }

    /** The field of the request that is wrong. */
    public @Nullable String field() {
        return field;
    }

    /** When to try again. */
    public @Nullable Duration retryAfter() {
        return retryAfter;
    }
}
