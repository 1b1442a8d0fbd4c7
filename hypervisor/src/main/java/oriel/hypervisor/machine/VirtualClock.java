package oriel.hypervisor.machine;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.LongSupplier;
import oriel.hypervisor.bus.MachineClock;

/**
 * A machine's time, made from a host clock that never runs backwards, and its timers. It can be stopped, and set to the
 * time of a saved machine. {@link #nanos} and {@link #wallNanos} are thread-safe; the rest belongs to the machine's
 * thread.
 */
final class VirtualClock implements MachineClock {
    private final LongSupplier hostNanos;
    private final LongSupplier wallNanos;
    private static final long RUNNING = -1;

    /** Host time at which this clock showed zero. */
    private volatile long origin;

    /** The time that it shows while it is stopped, else {@link #RUNNING}. */
    private volatile long stoppedAt = RUNNING;

    private final PriorityQueue<Entry> armed = new PriorityQueue<>(
            Comparator.comparingLong((Entry e) -> e.deadline).thenComparingLong(e -> e.order));
    private long arms;

    private static final class Entry {
        final MachineTimer timer;
        final long deadline;
        final long order;

        Entry(MachineTimer timer, long deadline, long order) {
            this.timer = timer;
            this.deadline = deadline;
            this.order = order;
        }
    }

    /**
     * Starts at zero.
     *
     * @param hostNanos monotonic nanoseconds
     * @param wallNanos nanoseconds since 1970-01-01 UTC
     */
    VirtualClock(LongSupplier hostNanos, LongSupplier wallNanos) {
        this.hostNanos = hostNanos;
        this.wallNanos = wallNanos;
        this.origin = hostNanos.getAsLong();
    }

    @Override
    public long nanos() {
        long stopped = stoppedAt;
        return stopped != RUNNING ? stopped : hostNanos.getAsLong() - origin;
    }

    /** Makes time stand still; twice is harmless. */
    void stop() {
        stoppedAt = nanos();
    }

    /** Lets a stopped clock run on from the time that it shows; harmless if it runs. */
    void run() {
        long stopped = stoppedAt;
        if (stopped != RUNNING) {
            origin = hostNanos.getAsLong() - stopped;
            stoppedAt = RUNNING;
        }
    }

    /**
     * Sets the time, before timers are armed.
     *
     * @param nanos at least 0
     */
    void set(long nanos) {
        origin = hostNanos.getAsLong() - nanos;
        if (stoppedAt != RUNNING) {
            stoppedAt = nanos;
        }
    }

    @Override
    public long wallNanos() {
        return wallNanos.getAsLong();
    }

    @Override
    public Timer newTimer(String name, Runnable expired) {
        return new MachineTimer(name, expired);
    }

    /** Deadline of the earliest armed timer, or {@link Long#MAX_VALUE}. */
    long nextDeadline() {
        Entry first = armed.peek();
        return first == null ? Long.MAX_VALUE : first.deadline;
    }

    /** Fires what is due, in order of deadlines. A timer that re-arms itself for the past fires at the next call. */
    void fireExpired() {
        if (armed.isEmpty()) {
            return;
        }
        long now = nanos();
        long newest = arms;
        Entry first = armed.peek();
        while (first != null && first.deadline <= now && first.order <= newest) {
            armed.poll();
            first.timer.entry = null;
            first.timer.expired.run();
            first = armed.peek();
        }
    }

    private final class MachineTimer implements Timer {
        private final String name;
        private final Runnable expired;
        private @org.jspecify.annotations.Nullable Entry entry;

        MachineTimer(String name, Runnable expired) {
            this.name = name;
            this.expired = expired;
        }

        @Override
        public void armAt(long deadlineNanos) {
            cancel();
            Entry next = new Entry(this, deadlineNanos, ++arms);
            entry = next;
            armed.add(next);
        }

        @Override
        public void cancel() {
            if (entry != null) {
                armed.remove(entry);
                entry = null;
            }
        }

        @Override
        public long deadline() {
            return entry == null ? Long.MAX_VALUE : entry.deadline;
        }

        @Override
        public String toString() {
            return name;
        }
    }
}
