package oriel.displayd.flow;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class LinkEstimateTest {
    private static final long MS = 1_000_000;

    private final LinkEstimate link = new LinkEstimate();
    private long now = 1_000_000 * MS;

    private void arrive(int count, long bytes, long millis) {
        for (int i = 0; i < count; i++) {
            now += 33 * MS;
            link.arrived(bytes, millis * MS, now);
        }
    }

    @Test
    void theShortestTimeIsTheRoundTrip() {
        arrive(1, 100, 25);
        arrive(1, 50_000, 90);
        assertThat(link.roundTripNanos()).isEqualTo(25 * MS);
        assertThat(link.lagNanos()).isPositive();
        assertThat(link.bytesPerSecond()).isBetween(500_000L, 600_000L);
    }

    @Test
    void aFarButQuickLineKeepsItsQuality() {
        arrive(200, 20_000, 180);
        assertThat(link.reduction()).isZero();
    }

    @Test
    void lagCostsQualityUntilItIsGoneForAWhile() {
        arrive(1, 100, 10);
        arrive(60, 200_000, 400);
        assertThat(link.reduction()).isEqualTo(5);
        arrive(20, 20_000, 15);
        int soon = link.reduction();
        assertThat(soon).isGreaterThanOrEqualTo(4);
        arrive(400, 20_000, 15);
        assertThat(link.reduction()).isZero();
    }

    @Test
    void anOldRoundTripIsForgotten() {
        arrive(1, 100, 5);
        arrive(1000, 100, 200);
        assertThat(link.roundTripNanos()).isEqualTo(200 * MS);
        assertThat(link.lagNanos()).isLessThan(MS);
    }
}
