package oriel.broker.session;

import org.jspecify.annotations.Nullable;
import oriel.broker.problem.Check;
import oriel.broker.problem.RefusedException;

/**
 * A message for a user.
 *
 * @param text plain text
 * @param severity how it looks
 */
public record Message(String text, @Nullable Severity severity) {
    /** How a message looks. */
    public enum Severity {
        /** For information. */
        INFO,
        /** Something will happen. */
        WARNING
    }

    /** Checks the fields. */
    public Message {
        if (Check.text("text", text, 1000).isBlank()) {
            throw RefusedException.field("text", "is empty");
        }
    }

    /** How it looks; for information unless said otherwise. */
    Severity look() {
        return severity == null ? Severity.INFO : severity;
    }
}
