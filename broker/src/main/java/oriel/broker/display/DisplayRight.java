package oriel.broker.display;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What one may do with a display. */
public enum DisplayRight {
    /** See and control. */
    CONTROL,
    /** See. */
    VIEW;

    /** The name in the API's contract. */
    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
