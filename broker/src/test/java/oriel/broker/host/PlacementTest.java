package oriel.broker.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import oriel.broker.host.Placement.Candidate;
import oriel.broker.pool.PoolPlacement;
import oriel.broker.pool.PoolPlacement.Strategy;

/** Which host gets the next machine. */
class PlacementTest {
    private static final PoolPlacement SPREAD = PoolPlacement.DEFAULT;
    private static final PoolPlacement PACK = new PoolPlacement(Strategy.DEPTH_FIRST, null, null);

    private static Candidate host(String name, long promisable, long promised) {
        return new Candidate(name, promisable, promised, 0, true, false);
    }

    private static @Nullable String choose(PoolPlacement policy, long mib, Candidate... hosts) {
        return Placement.choose(policy, mib, List.of(hosts))
                .map(Candidate::host)
                .orElse(null);
    }

    /** Places so many machines of 100 MiB, and counts where. */
    private static Map<String, Integer> place(PoolPlacement policy, int machines, Candidate... at) {
        List<Candidate> hosts = new ArrayList<>(List.of(at));
        Map<String, Integer> placed = new HashMap<>();
        for (int i = 0; i < machines; i++) {
            Candidate chosen = Placement.choose(policy, 100, hosts).orElseThrow();
            placed.merge(chosen.host(), 1, Integer::sum);
            hosts.replaceAll(host -> host.equals(chosen) ? host.with(100) : host);
        }
        return placed;
    }

    @Test
    void breadthSpreadsByRoomSoThatALargerHostGetsMore() {
        assertThat(place(SPREAD, 30, host("a", 1000, 0), host("b", 2000, 0))).isEqualTo(Map.of("a", 10, "b", 20));
        assertThat(choose(SPREAD, 100, host("a", 1000, 500), host("b", 1000, 400)))
                .isEqualTo("b");
    }

    @Test
    void depthFillsOneHostBeforeTheNext() {
        assertThat(place(PACK, 10, host("a", 1000, 0), host("b", 1000, 0))).isEqualTo(Map.of("a", 10));
        assertThat(place(PACK, 15, host("a", 1000, 0), host("b", 1000, 0))).isEqualTo(Map.of("a", 10, "b", 5));
        assertThat(choose(PACK, 100, host("a", 1000, 200), host("b", 1000, 300)))
                .as("the fuller one first")
                .isEqualTo("b");
    }

    @Test
    void equalHostsTakeTurnsAndThePoolsOwnMachinesCount() {
        assertThat(choose(SPREAD, 100, new Candidate("a", 1000, 300, 3, true, false), host("b", 1000, 300)))
                .isEqualTo("b");
        assertThat(choose(SPREAD, 100, host("b", 1000, 300), host("a", 1000, 300)))
                .as("always the same answer to the same question")
                .isEqualTo("a");
    }

    @Test
    void aRefusalLeadsToTheNextHost() {
        Candidate refused = new Candidate("a", 10_000, 0, 0, true, true);
        assertThat(choose(SPREAD, 100, refused, host("b", 1000, 900))).isEqualTo("b");
        assertThat(choose(PACK, 100, refused, host("b", 1000, 0))).isEqualTo("b");
        assertThat(choose(SPREAD, 100, refused)).as("there is no other").isEqualTo("a");
    }

    @Test
    void whenAllIsPromisedTheLeastLoadedHostGetsItRatherThanOneThatHasRefused() {
        Candidate refused = new Candidate("a", 1000, 1000, 0, true, true);
        assertThat(choose(PACK, 100, refused, host("b", 1000, 1500), host("c", 1000, 1400)))
                .isEqualTo("c");
    }

    @Test
    void drainedAndForbiddenHostsGetNothing() {
        Candidate drained = new Candidate("a", 1000, 0, 0, false, false);
        assertThat(choose(SPREAD, 100, drained)).isNull();
        assertThat(choose(SPREAD, 100, drained, host("b", 1000, 900))).isEqualTo("b");
        PoolPlacement only = new PoolPlacement(null, List.of("b"), null);
        assertThat(choose(only, 100, host("a", 1000, 0), host("b", 1000, 999))).isEqualTo("b");
        assertThat(choose(only, 100, host("a", 1000, 0))).isNull();
        PoolPlacement avoid = new PoolPlacement(null, null, List.of("a"));
        assertThat(choose(avoid, 100, host("a", 1000, 0), host("b", 1000, 999))).isEqualTo("b");
        assertThat(Placement.misplaced(avoid, "a", List.of(host("a", 1, 0)))).isTrue();
        assertThat(Placement.misplaced(SPREAD, "a", List.of(drained))).isTrue();
        assertThat(Placement.misplaced(SPREAD, "unknown", List.of(host("a", 1, 0))))
                .isTrue();
        assertThat(Placement.misplaced(only, "b", List.of(host("b", 1, 0)))).isFalse();
    }

    @Test
    void whateverThePolicyAMachineGoesWhereItMayAndNeverPastRoom() {
        Random random = new Random(20261123);
        for (int round = 0; round < 2000; round++) {
            List<Candidate> hosts = new ArrayList<>();
            for (int i = random.nextInt(6); i >= 0; i--) {
                hosts.add(new Candidate(
                        "h" + i,
                        random.nextInt(2000),
                        random.nextInt(2000),
                        random.nextInt(5),
                        random.nextBoolean(),
                        random.nextInt(4) == 0));
            }
            PoolPlacement policy = new PoolPlacement(
                    random.nextBoolean() ? Strategy.DEPTH_FIRST : null,
                    random.nextBoolean() ? List.of("h0", "h1", "h2") : null,
                    random.nextBoolean() ? List.of("h1") : null);
            long mib = 1L + random.nextInt(500);
            Optional<Candidate> chosen = Placement.choose(policy, mib, hosts);
            List<Candidate> may = hosts.stream()
                    .filter(host -> host.takes() && policy.allows(host.host()))
                    .toList();
            assertThat(chosen.isPresent()).isEqualTo(!may.isEmpty());
            chosen.ifPresent(host -> {
                assertThat(may).contains(host);
                boolean roomSomewhere = may.stream().anyMatch(other -> other.welcomes() && other.hasRoomFor(mib));
                assertThat(host.welcomes() && host.hasRoomFor(mib)).isEqualTo(roomSomewhere);
            });
        }
    }
}
