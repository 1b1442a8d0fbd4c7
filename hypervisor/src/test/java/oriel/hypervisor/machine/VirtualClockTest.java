package oriel.hypervisor.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.MachineClock.Timer;

class VirtualClockTest {
    private final AtomicLong host = new AtomicLong(5_000);
    private final VirtualClock clock = new VirtualClock(host::get, () -> 0);
    private final List<String> fired = new ArrayList<>();

    private Timer timer(String name) {
        return clock.newTimer(name, () -> fired.add(name));
    }

    @Test
    void startsAtZeroWhateverTheHostClockSays() {
        assertThat(clock.nanos()).isZero();
        host.addAndGet(7);
        assertThat(clock.nanos()).isEqualTo(7);
    }

    @Test
    void firesInOrderOfDeadlinesAndOnlyWhatIsDue() {
        timer("late").armAt(30);
        timer("early").armAt(10);
        timer("never").armAt(1_000);
        assertThat(clock.nextDeadline()).isEqualTo(10);
        host.addAndGet(30);
        clock.fireExpired();
        assertThat(fired).containsExactly("early", "late");
        assertThat(clock.nextDeadline()).isEqualTo(1_000);
    }

    @Test
    void rearmingReplacesTheDeadlineAndCancelForgetsIt() {
        Timer timer = timer("t");
        timer.armAt(10);
        timer.armAt(50);
        assertThat(timer.deadline()).isEqualTo(50);
        host.addAndGet(20);
        clock.fireExpired();
        assertThat(fired).isEmpty();
        timer.cancel();
        host.addAndGet(100);
        clock.fireExpired();
        assertThat(fired).isEmpty();
        assertThat(timer.deadline()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aTimerThatRearmsItselfForThePastDoesNotHoldTheClockUp() {
        Timer[] self = new Timer[1];
        self[0] = clock.newTimer("self", () -> {
            fired.add("self");
            self[0].armAt(0);
        });
        self[0].armAt(0);
        clock.fireExpired();
        assertThat(fired).hasSize(1);
        clock.fireExpired();
        assertThat(fired).hasSize(2);
    }
}
