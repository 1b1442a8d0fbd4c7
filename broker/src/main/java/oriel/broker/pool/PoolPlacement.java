package oriel.broker.pool;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import oriel.broker.problem.Check;
import oriel.broker.problem.RefusedException;

/**
 * On which hosts a pool's machines are made. It counts where several brokers share a database, each with its host.
 * Absent fields have defaults.
 *
 * @param strategy breadth-first by default
 * @param onlyHosts machines are made on these (affinity); empty: on any
 * @param avoidHosts machines are made on none of these (anti-affinity)
 */
public record PoolPlacement(
        @Nullable Strategy strategy,
        @Nullable List<String> onlyHosts,
        @Nullable List<String> avoidHosts) {
    /** Spread over all hosts. */
    public static final PoolPlacement DEFAULT = new PoolPlacement(null, null, null);

    private static final int MOST_HOSTS = 100;
    private static final int LONGEST_NAME = 64;

    /** In what order hosts are filled. */
    public enum Strategy {
        /** The host with the most room gets the next machine: load is spread, and so is what the loss of a host costs. */
        BREADTH_FIRST,
        /** The fullest host that has room gets it: others stay empty, and may be switched off. */
        DEPTH_FIRST;

        /** The name in the API's contract. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Fills in defaults. */
    public PoolPlacement {
        strategy = strategy == null ? Strategy.BREADTH_FIRST : strategy;
        onlyHosts = names("policy.placement.onlyHosts", onlyHosts);
        avoidHosts = names("policy.placement.avoidHosts", avoidHosts);
        if (!onlyHosts.isEmpty() && Set.copyOf(avoidHosts).containsAll(onlyHosts)) {
            throw RefusedException.field("policy.placement.avoidHosts", "must leave a host to make machines on");
        }
    }

    private static List<String> names(String field, @Nullable List<String> names) {
        if (names == null) {
            return List.of();
        }
        if (names.size() > MOST_HOSTS) {
            throw RefusedException.field(field, "names " + MOST_HOSTS + " hosts at most");
        }
        names.forEach(name -> Check.text(field, name, LONGEST_NAME));
        return names.stream().distinct().toList();
    }

    /** Whether a machine may be made on a host. */
    public boolean allows(String host) {
        return (onlyHosts == null || onlyHosts.isEmpty() || onlyHosts.contains(host))
                && (avoidHosts == null || !avoidHosts.contains(host));
    }

    /** Whether the fullest host comes first. */
    public boolean packs() {
        return strategy == Strategy.DEPTH_FIRST;
    }
}
