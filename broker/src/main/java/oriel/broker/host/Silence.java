package oriel.broker.host;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * For how long hosts have been silent while somebody listened. What a database says when it comes back after an hour
 * proves nothing: then nobody could be heard. Neither does a clock that was set forward. Not thread-safe.
 */
final class Silence {
    /** Who has not listened for so long may have missed a sign of life. */
    private static final Duration GAP = Duration.ofMinutes(1);

    /**
     * A host that is not heard of.
     *
     * @param last its last sign of life
     * @param from when we first found that
     * @param until when we last found that
     */
    private record Spell(Instant last, Instant from, Instant until) {
        boolean goesOn(Instant seen, Instant now) {
            return last.equals(seen)
                    && !now.isBefore(until)
                    && Duration.between(until, now).compareTo(GAP) <= 0;
        }
    }

    private final Map<String, Spell> spells = new HashMap<>();

    /**
     * Listened again, and did not hear of a host.
     *
     * @param seen its last sign of life
     * @return for how long that has been so
     */
    Duration unheard(String host, Instant seen, Instant now) {
        Spell spell = spells.compute(
                host,
                (_, known) -> known != null && known.goesOn(seen, now)
                        ? new Spell(seen, known.from(), now)
                        : new Spell(seen, now, now));
        return Duration.between(spell.from(), now);
    }

    /** All others have been heard of. */
    void only(Set<String> silent) {
        spells.keySet().retainAll(silent);
    }
}
