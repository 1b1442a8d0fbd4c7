package oriel.hypervisor.device.chipset;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import oriel.hypervisor.bus.MachineClock;

/** A clock that stands still until a test moves it, firing timers in order on the way. */
public final class FakeMachineClock implements MachineClock {
    private final List<FakeTimer> timers = new ArrayList<>();
    private long now;
    private long wallAtStart;
    private int fired;

    @Override
    public long nanos() {
        return now;
    }

    @Override
    public long wallNanos() {
        return wallAtStart + now;
    }

    /** Sets the wall clock. */
    public void setWall(long nanos) {
        wallAtStart = nanos - now;
    }

    /** How many timers have expired so far. */
    public int fired() {
        return fired;
    }

    /** Whether any timer is armed: an idle board must have none. */
    public boolean idle() {
        return timers.stream().allMatch(t -> t.deadline == Long.MAX_VALUE);
    }

    /** Moves on, firing what becomes due. */
    public void advance(long nanos) {
        long end = now + nanos;
        while (true) {
            FakeTimer next = timers.stream()
                    .min(Comparator.comparingLong(t -> t.deadline))
                    .orElse(null);
            if (next == null || next.deadline > end) {
                break;
            }
            now = Math.max(now, next.deadline);
            next.deadline = Long.MAX_VALUE;
            fired++;
            next.expired.run();
        }
        now = end;
    }

    @Override
    public Timer newTimer(String name, Runnable expired) {
        FakeTimer timer = new FakeTimer(expired);
        timers.add(timer);
        return timer;
    }

    private static final class FakeTimer implements Timer {
        private final Runnable expired;
        private long deadline = Long.MAX_VALUE;

        FakeTimer(Runnable expired) {
            this.expired = expired;
        }

        @Override
        public void armAt(long deadlineNanos) {
            deadline = deadlineNanos;
        }

        @Override
        public void cancel() {
            deadline = Long.MAX_VALUE;
        }

        @Override
        public long deadline() {
            return deadline;
        }
    }
}
