package oriel.broker.host;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import oriel.broker.pool.PoolPlacement;

/** Decides on which host the next machine of a pool is made. Knows no database and no clock. */
final class Placement {
    private Placement() {}

    /**
     * A host as placement sees it.
     *
     * @param promisableMib memory that it may promise to machines
     * @param promisedMib of its machines, running or not: each may run
     * @param ofPool machines of the pool in question
     * @param takes whether it takes machines at all: it is neither drained nor gone
     * @param refused whether it has just refused one for want of room
     */
    record Candidate(String host, long promisableMib, long promisedMib, long ofPool, boolean takes, boolean refused) {
        /** Whether a machine that is sent there has a prospect. */
        boolean welcomes() {
            return takes && !refused;
        }

        boolean hasRoomFor(long mib) {
            return promisedMib + mib <= promisableMib;
        }

        double load() {
            return (double) promisedMib / Math.max(1, promisableMib);
        }

        Candidate with(long mib) {
            return new Candidate(host, promisableMib, promisedMib + mib, ofPool + 1, takes, refused);
        }
    }

    /**
     * The host of the next machine.
     *
     * <p>A host that has just refused a machine, or has promised all of its memory, comes after every one that has not:
     * its admission control would refuse this one too as soon as the others are in use. If all have, the least loaded
     * one gets it.
     *
     * @param neededMib the machine's memory
     * @return empty if the policy allows none of the hosts that take machines
     */
    static Optional<Candidate> choose(PoolPlacement policy, long neededMib, List<Candidate> hosts) {
        List<Candidate> allowed = hosts.stream()
                .filter(Candidate::takes)
                .filter(host -> policy.allows(host.host()))
                .toList();
        List<Candidate> roomy = allowed.stream()
                .filter(host -> host.welcomes() && host.hasRoomFor(neededMib))
                .toList();
        Comparator<Candidate> leastLoaded = Comparator.comparingDouble(Candidate::load)
                .thenComparingLong(Candidate::ofPool)
                .thenComparing(Candidate::host);
        if (roomy.isEmpty()) {
            return allowed.stream().min(Comparator.comparing(Candidate::refused).thenComparing(leastLoaded));
        }
        return roomy.stream()
                .min(
                        policy.packs()
                                ? Comparator.comparingDouble(Candidate::load)
                                        .reversed()
                                        .thenComparing(Candidate::host)
                                : leastLoaded);
    }

    /** Whether a machine should be elsewhere: its host takes none, or the policy forbids it. */
    static boolean misplaced(PoolPlacement policy, String host, List<Candidate> hosts) {
        return !policy.allows(host)
                || hosts.stream().noneMatch(candidate -> candidate.host().equals(host) && candidate.takes());
    }
}
