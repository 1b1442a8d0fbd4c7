package oriel.broker.problem;

import org.jspecify.annotations.Nullable;

/** What a caller has seen of an object that is to be changed (RFC 9110 §13.1.1, {@code If-Match}). */
public final class Seen {
    private Seen() {}

    /**
     * Compares, under the object's lock.
     *
     * @param seen the tag that the caller has; null if it doesn't matter
     * @param now the object's tag
     * @param what the object, for people
     * @throws RefusedException {@link Reason#CHANGED} if they differ
     */
    public static void check(@Nullable String seen, String now, String what) {
        if (seen != null && !seen.equals(now)) {
            throw new RefusedException(
                    Reason.CHANGED, "Somebody has changed " + what + " meanwhile. Look at it again.");
        }
    }
}
