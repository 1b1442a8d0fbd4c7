package oriel.displayd.encode;

import org.jspecify.annotations.Nullable;

/** Finds the one move that explains most of a change. Not thread-safe. */
public final class ScrollSearch {
    /**
     * Searches.
     *
     * @param before the frame before, {@code after} the frame now, both with rows of {@code stride} pixels
     * @param changed where they differ
     * @return a move to make before the rest of the change is sent, or null if none is worth it
     */
    public @Nullable Move find(int[] before, int[] after, int stride, Region changed) {
        return null;
    }
}
