package oriel.broker.access;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where an object is, as scopes see it.
 *
 * @param poolIds its pool, or all pools that are made from it
 * @param imageName its golden image, or its pool's; null if it has none
 */
public record Place(Set<String> poolIds, @Nullable String imageName) {
    /** Copies the set. */
    public Place {
        poolIds = Set.copyOf(poolIds);
    }
}
