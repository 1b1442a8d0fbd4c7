package oriel.broker.pool;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import oriel.broker.problem.Check;
import oriel.broker.problem.RefusedException;
import oriel.hypervisor.host.ResourcePolicy;

/**
 * What one machine of a pool may have of its host, and what is kept for it. Absent fields have defaults. What is changed
 * holds for a machine from its next start.
 *
 * @param cpuShares count against other machines' when all want to run; 1000 by default
 * @param cpuLimitPercent of one core that it never gets more than; absent: no limit
 * @param cpuReservedPercent of one core that it gets before anybody gets by shares; 0 by default
 * @param memoryReservedMib of its memory that is never taken back and never promised twice; 0 by default
 */
public record PoolResources(
        @Nullable Integer cpuShares,
        @Nullable Integer cpuLimitPercent,
        @Nullable Integer cpuReservedPercent,
        @Nullable Integer memoryReservedMib) {
    /** The same as everybody. */
    public static final PoolResources DEFAULT = new PoolResources(null, null, null, null);

    private static final int MOST_PERCENT = 6400;

    /** Checks the numbers. */
    public PoolResources {
        cpuShares = cpuShares == null
                ? ResourcePolicy.NORMAL_SHARES
                : Check.within("policy.resources.cpuShares", cpuShares, 1, 10_000);
        if (cpuLimitPercent != null) {
            Check.within("policy.resources.cpuLimitPercent", cpuLimitPercent, 1, MOST_PERCENT);
        }
        cpuReservedPercent = cpuReservedPercent == null
                ? 0
                : Check.within("policy.resources.cpuReservedPercent", cpuReservedPercent, 0, MOST_PERCENT);
        memoryReservedMib = memoryReservedMib == null
                ? 0
                : Check.within("policy.resources.memoryReservedMib", memoryReservedMib, 0, 1 << 20);
        if (cpuLimitPercent != null && cpuReservedPercent > cpuLimitPercent) {
            throw RefusedException.field(
                    "policy.resources.cpuReservedPercent", "must not be more than the limit, " + cpuLimitPercent);
        }
    }

    /** As hosts take it. */
    public ResourcePolicy onHost() {
        return ResourcePolicy.of(
                or(cpuShares, ResourcePolicy.NORMAL_SHARES),
                cpuLimitPercent == null ? OptionalInt.empty() : OptionalInt.of(cpuLimitPercent),
                or(cpuReservedPercent, 0),
                or(memoryReservedMib, 0));
    }

    private static int or(@Nullable Integer value, int otherwise) {
        return value == null ? otherwise : value;
    }
}
