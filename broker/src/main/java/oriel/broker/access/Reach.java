package oriel.broker.access;

import java.util.Set;

/**
 * Where a caller has a right: lists are narrowed to it.
 *
 * @param everything everywhere; the sets don't matter then
 * @param pools ids of pools
 * @param images names of golden images; the pools made from them count
 */
public record Reach(boolean everything, Set<String> pools, Set<String> images) {
    /** Everywhere. */
    public static final Reach EVERYTHING = new Reach(true, Set.of(), Set.of());

    /** Copies the sets. */
    public Reach {
        pools = Set.copyOf(pools);
        images = Set.copyOf(images);
    }

    /** Whether there is no such place. */
    public boolean empty() {
        return !everything && pools.isEmpty() && images.isEmpty();
    }
}
