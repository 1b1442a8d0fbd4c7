package oriel.broker.problem;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Checks of request fields; each failure names the field. */
public final class Check {
    private Check() {}

    /** The value, which must be there. */
    public static <T> T present(String field, @Nullable T value) {
        if (value == null) {
            throw RefusedException.field(field, "is missing");
        }
        return value;
    }

    /** A text of at most {@code most} characters without control characters. */
    public static String text(String field, @Nullable String value, int most) {
        String text = present(field, value);
        if (text.length() > most) {
            throw RefusedException.field(field, "has more than " + most + " characters");
        }
        if (text.chars().anyMatch(c -> Character.isISOControl(c) && c != '\n' && c != '\t')) {
            throw RefusedException.field(field, "has control characters");
        }
        return text;
    }

    /** A text that matches a pattern. */
    public static String matching(String field, @Nullable String value, Pattern pattern) {
        String text = present(field, value);
        if (!pattern.matcher(text).matches()) {
            throw RefusedException.field(field, "must match " + pattern.pattern());
        }
        return text;
    }

    /** A number in a range. */
    public static int within(String field, int value, int least, int most) {
        if (value < least || value > most) {
            throw RefusedException.field(field, "must be between " + least + " and " + most);
        }
        return value;
    }
}
