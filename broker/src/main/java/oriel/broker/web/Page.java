package oriel.broker.web;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import oriel.broker.problem.RefusedException;

/**
 * A page of a list.
 *
 * @param items in order
 * @param nextCursor for the next page; null if this is the last one
 */
public record Page<T>(List<T> items, @Nullable String nextCursor) {
    /** Copies the items. */
    public Page {
        items = List.copyOf(items);
    }

    /**
     * Makes a page of what was read, which may be one more than fits.
     *
     * @param limit of items
     * @param key of an item, from which the next page goes on
     */
    public static <T> Page<T> of(List<T> read, int limit, Function<T, String> key) {
        if (read.size() <= limit) {
            return new Page<>(read, null);
        }
        List<T> items = read.subList(0, limit);
        return new Page<>(items, encode(key.apply(items.getLast())));
    }

    /** A cursor is opaque, so that nobody builds one. */
    static String encode(String key) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(key.getBytes(StandardCharsets.UTF_8));
    }

    static String decode(String cursor) {
        try {
            return new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw bad();
        }
    }

    static RefusedException bad() {
        return RefusedException.field("cursor", "is not one that this server has given");
    }

    /**
     * Position in a list by time, newest first.
     *
     * @param time of the last item
     * @param id of the last item
     */
    public record Position(Instant time, UUID id) {
        /** Before the first item. */
        static final Position START = new Position(Instant.parse("9999-01-01T00:00:00Z"), new UUID(0, 0));

        static Position parse(String key) {
            int slash = key.indexOf('/');
            try {
                return new Position(Instant.parse(key.substring(0, slash)), UUID.fromString(key.substring(slash + 1)));
            } catch (DateTimeParseException | IllegalArgumentException | IndexOutOfBoundsException e) {
                throw bad();
            }
        }

        /** As a cursor's key. */
        public static String key(Instant time, UUID id) {
            return time + "/" + id;
        }
    }
}
