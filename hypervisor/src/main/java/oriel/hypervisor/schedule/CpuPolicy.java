package oriel.hypervisor.schedule;

import java.util.OptionalInt;

/**
 * What a machine may have of the host's processors.
 *
 * @param shares counts against the others' when there isn't enough for all: twice as many get twice as much. 1–10,000
 * @param limitPercent of one of the host's cores, which it never gets more than; empty: no limit
 * @param reservedPercent of one core, which it gets before anybody gets by shares
 */
public record CpuPolicy(int shares, OptionalInt limitPercent, int reservedPercent) {
    /** What most machines have. */
    public static final int NORMAL_SHARES = 1000;

    /** By shares alone, the same as everybody. */
    public static final CpuPolicy NORMAL = new CpuPolicy(NORMAL_SHARES, OptionalInt.empty(), 0);

    /** Checks the ranges. */
    public CpuPolicy {
        if (shares < 1 || shares > 10_000) {
            throw new IllegalArgumentException("shares are 1 to 10000, not " + shares);
        }
        limitPercent.ifPresent(percent -> {
            if (percent < 1 || percent > 6400) {
                throw new IllegalArgumentException("a limit is 1 to 6400 % of a core, not " + percent);
            }
        });
        if (reservedPercent < 0 || reservedPercent > limitPercent.orElse(6400)) {
            throw new IllegalArgumentException(
                    "a reservation is 0 %% of a core up to the limit, not %d %%".formatted(reservedPercent));
        }
    }
}
