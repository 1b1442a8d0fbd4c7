package oriel.hypervisor.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Machines on cores of which the test is the clock: a step is what an emulated processor does before it asks again. */
class CpuSchedulerTest {
    private static final long STEP = 150_000;
    private static final long SECOND = 1_000_000_000L;

    private long now;

    /** Wants to run for so long, sleeps for so long, again and again. */
    private final class Guest {
        final long work;
        final long sleep;
        final CpuAccount account;
        long used;
        long left;
        long wakesAt;
        long wokeAt;
        long slowest;
        boolean served;
        int turns;

        Guest(CpuScheduler scheduler, CpuPolicy policy, long work, long sleep) {
            this.work = work;
            this.sleep = sleep;
            this.left = work;
            this.account = scheduler.open(policy, () -> used, () -> turns++);
        }

        /** One step of its thread. Returns whether it ran. */
        boolean step() {
            if (left <= 0) {
                account.idle();
                wakesAt = now + sleep;
                wokeAt = wakesAt;
                left = work;
                served = false;
            }
            if (now < wakesAt || account.mayRun() != 0) {
                return false;
            }
            if (!served) {
                served = true;
                slowest = Math.max(slowest, now - wokeAt);
            }
            used += STEP;
            left -= STEP;
            return true;
        }
    }

    private final List<Guest> guests = new ArrayList<>();

    private Guest guest(CpuScheduler scheduler, CpuPolicy policy, long work, long sleep) {
        Guest guest = new Guest(scheduler, policy, work, sleep);
        guests.add(guest);
        return guest;
    }

    private Guest busy(CpuScheduler scheduler, CpuPolicy policy) {
        return guest(scheduler, policy, Long.MAX_VALUE, 0);
    }

    private static CpuPolicy shares(int shares) {
        return new CpuPolicy(shares, OptionalInt.empty(), 0);
    }

    private CpuScheduler cores(int cores) {
        return new CpuScheduler(cores, () -> now);
    }

    private void run(long nanos, int cores) {
        for (long end = now + nanos; now < end; now += STEP) {
            Set<Guest> ran = new HashSet<>();
            for (int pass = 0; pass < 3; pass++) { // whoever is let in by a later one runs in this step, too
                guests.stream()
                        .filter(guest -> !ran.contains(guest))
                        .filter(Guest::step)
                        .toList()
                        .forEach(ran::add);
            }
            assertThat(ran).hasSizeLessThanOrEqualTo(cores);
        }
    }

    @Test
    void sharesTwoToOneGiveTwoToOne() {
        CpuScheduler scheduler = cores(2);
        Guest a = busy(scheduler, shares(2000));
        Guest b = busy(scheduler, shares(1000));
        Guest c = busy(scheduler, shares(2000));
        Guest d = busy(scheduler, shares(1000));
        run(10 * SECOND, 2);
        assertThat((double) a.used / b.used).isCloseTo(2, within(0.05));
        assertThat((double) c.used / d.used).isCloseTo(2, within(0.05));
        assertThat(a.used + b.used + c.used + d.used).as("no core idles").isGreaterThan(19_900_000_000L);
        assertThat(b.account.waitedNanos() / (double) SECOND)
                .as("ready, not running")
                .isCloseTo(6.67, within(0.3));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void anySharesThatCanBeHadAreHad(long seed) {
        Random random = new Random(seed);
        CpuScheduler scheduler = cores(1 + random.nextInt(3));
        List<Integer> shares = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            shares.add(500 + random.nextInt(1000));
            busy(scheduler, shares.get(i));
        }
        run(20 * SECOND, 3);
        double used = guests.stream().mapToLong(guest -> guest.used).sum();
        int sum = shares.stream().mapToInt(Integer::intValue).sum();
        for (int i = 0; i < shares.size(); i++) {
            assertThat(guests.get(i).used / used).isCloseTo((double) shares.get(i) / sum, within(0.02));
        }
    }

    private Guest busy(CpuScheduler scheduler, int shares) {
        return busy(scheduler, shares(shares));
    }

    @Test
    void nobodyWaitsWhileThereAreCores() {
        CpuScheduler scheduler = cores(2);
        Guest a = busy(scheduler, shares(1));
        Guest b = busy(scheduler, shares(10_000));
        run(SECOND, 2);
        assertThat(a.account.waitedNanos() + b.account.waitedNanos()).isZero();
        assertThat(a.used).isEqualTo(b.used).isGreaterThanOrEqualTo(SECOND - STEP);
        assertThat(a.turns + b.turns).isZero();
    }

    @Test
    void aLimitHoldsWithAndWithoutContention() {
        CpuScheduler scheduler = cores(2);
        Guest limited = busy(scheduler, new CpuPolicy(1000, OptionalInt.of(50), 0));
        Guest other = busy(scheduler, CpuPolicy.NORMAL);
        run(10 * SECOND, 2);
        assertThat(limited.used).isCloseTo(5 * SECOND, within(SECOND / 4));
        assertThat(limited.account.limitedNanos()).isCloseTo(5 * SECOND, within(SECOND / 4));
        assertThat(other.used).isGreaterThan(9_900_000_000L);
        long before = limited.used;
        busy(scheduler, CpuPolicy.NORMAL);
        run(10 * SECOND, 2);
        assertThat(limited.used - before).isCloseTo(5 * SECOND, within(SECOND / 2));
    }

    @Test
    void aReservationComesBeforeShares() {
        CpuScheduler scheduler = cores(1);
        Guest reserved = busy(scheduler, new CpuPolicy(1, OptionalInt.empty(), 40));
        Guest rich = busy(scheduler, shares(10_000));
        run(10 * SECOND, 1);
        assertThat(reserved.used).isCloseTo(4 * SECOND, within(SECOND / 2));
        assertThat(rich.used).isCloseTo(6 * SECOND, within(SECOND / 2));
    }

    @Test
    void whoWakesIsServedAtOnceAndWhoSleepsCostsNothing() {
        CpuScheduler scheduler = cores(2);
        for (int i = 0; i < 6; i++) {
            busy(scheduler, CpuPolicy.NORMAL);
        }
        Guest interactive = guest(scheduler, CpuPolicy.NORMAL, 2_000_000, 18_000_000); // two of twenty milliseconds
        interactive.wakesAt = SECOND;
        interactive.wokeAt = SECOND;
        Guest asleep = guest(scheduler, CpuPolicy.NORMAL, STEP, Long.MAX_VALUE / 2);
        run(10 * SECOND, 2);
        assertThat(interactive.slowest).as("longest wait for a core").isLessThan(2_000_000);
        assertThat(interactive.used).as("has what it wants").isGreaterThan((long) (0.8 * SECOND));
        assertThat(asleep.used).isEqualTo(STEP);
        assertThat(guests.get(0).used).as("busy ones have the rest").isGreaterThan(3 * SECOND - SECOND / 10);
    }

    @Test
    void sleepIsNotSavedUp() {
        CpuScheduler scheduler = cores(1);
        Guest worker = busy(scheduler, CpuPolicy.NORMAL);
        Guest sleeper = guest(scheduler, CpuPolicy.NORMAL, Long.MAX_VALUE, 0);
        sleeper.wakesAt = 10 * SECOND;
        run(10 * SECOND, 1);
        long before = worker.used;
        run(SECOND, 1);
        assertThat(worker.used - before).isCloseTo(SECOND / 2, within(SECOND / 50));
    }

    @Test
    void sharesWorthMoreThanACoreAreNotSavedUp() {
        CpuScheduler scheduler = cores(2);
        Guest rich = busy(scheduler, shares(10_000));
        busy(scheduler, shares(1000));
        busy(scheduler, shares(1000));
        run(10 * SECOND, 2);
        assertThat(rich.used).isGreaterThan(9_900_000_000L);
        List<Guest> equals = List.of(busy(scheduler, 10_000), busy(scheduler, 10_000), busy(scheduler, 10_000));
        long before = rich.used;
        run(2 * SECOND, 2);
        assertThat(rich.used - before).isCloseTo(SECOND, within(SECOND / 10));
        assertThat(equals).allSatisfy(guest -> assertThat(guest.used).isCloseTo(SECOND, within(SECOND / 10)));
    }

    @Test
    void whoeverIsOverMakesRoom() {
        CpuScheduler scheduler = cores(1);
        Guest a = busy(scheduler, CpuPolicy.NORMAL);
        Guest b = busy(scheduler, CpuPolicy.NORMAL);
        run(SECOND, 1);
        guests.remove(a);
        a.account.close();
        long before = b.used;
        run(SECOND, 1);
        assertThat(b.used - before).isGreaterThanOrEqualTo(SECOND - 2 * STEP);
        assertThat(a.account.mayRun()).isZero();
    }
}
