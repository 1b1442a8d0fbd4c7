package oriel.broker.access;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * Where a role holds.
 *
 * @param kind of place
 * @param id the pool's id or the image's name; empty for {@link Kind#ALL}
 */
public record Scope(Kind kind, String id) {
    /** Everywhere. */
    public static final Scope ALL = new Scope(Kind.ALL, "");

    /** What a scope is made of. */
    public enum Kind {
        /** The whole installation. */
        ALL,
        /** One pool with its machines, sessions and operations. */
        POOL,
        /** One golden image, and the pools that are made from it. */
        IMAGE;

        /** The name in the API's contract. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Whether a place lies within. */
    public boolean covers(Place place) {
        return switch (kind) {
            case ALL -> true;
            case POOL -> place.poolIds().contains(id);
            case IMAGE -> id.equals(place.imageName());
        };
    }

    @Override
    public String toString() {
        return kind == Kind.ALL ? "all" : kind.wireName() + ":" + id;
    }
}
