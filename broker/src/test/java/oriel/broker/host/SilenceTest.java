package oriel.broker.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** For how long a host has been silent. */
class SilenceTest {
    private static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
    private static final Instant SEEN = START.minusSeconds(50);

    private final Silence silence = new Silence();

    private Duration unheard(Instant seen, long seconds) {
        return silence.unheard("h", seen, START.plusSeconds(seconds));
    }

    @Test
    void lastsWhileSomebodyListens() {
        assertThat(unheard(SEEN, 0)).isZero();
        assertThat(unheard(SEEN, 50)).isEqualTo(Duration.ofSeconds(50));
        assertThat(unheard(SEEN, 100)).isEqualTo(Duration.ofSeconds(100));
    }

    @Test
    void doesNotCountWhileNobodyListened() {
        unheard(SEEN, 0);
        unheard(SEEN, 50);
        assertThat(unheard(SEEN, 3600)).as("the database was away").isZero();
        assertThat(unheard(SEEN, 3650)).isEqualTo(Duration.ofSeconds(50));
    }

    @Test
    void endsWithASignOfLife() {
        unheard(SEEN, 0);
        unheard(SEEN, 50);
        assertThat(unheard(START, 60)).isZero();
        silence.only(Set.of());
        assertThat(unheard(START, 70)).as("it was heard of meanwhile").isZero();
    }

    @Test
    void isNoLongerForAClockThatIsSetBack() {
        unheard(SEEN, 50);
        assertThat(unheard(SEEN, 0)).isZero();
    }
}
