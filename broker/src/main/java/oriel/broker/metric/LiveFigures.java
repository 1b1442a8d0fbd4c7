package oriel.broker.metric;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import oriel.broker.display.LiveDisplays;
import oriel.displayd.viewer.LinkState;
import oriel.displayd.viewer.ViewerStatistics;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.MachineUsage;

/**
 * What machines use just now, and how quickly their displays answer. A machine is measured every two seconds while
 * somebody wants to know, and for a minute after that; the last five minutes are kept. Nobody asks: nothing is measured.
 * Thread-safe.
 */
public final class LiveFigures implements AutoCloseable {
    /** Time between two samples. */
    public static final Duration INTERVAL = Duration.ofSeconds(2);

    private static final Duration KEPT = Duration.ofMinutes(5);
    private static final Duration INTEREST = Duration.ofMinutes(1);
    private static final int MOST_MACHINES = 512;

    private final HypervisorHost host;
    private final LiveDisplays displays;
    private final Clock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition sampled = lock.newCondition();
    /** Guarded by the lock. */
    private final Map<String, Watch> watches = new HashMap<>();

    private @Nullable Thread sampler;
    private boolean closed;

    /** Of the machines of a host and the displays of this process. */
    public LiveFigures(HypervisorHost host, LiveDisplays displays, Clock clock) {
        this.host = host;
        this.displays = displays;
        this.clock = clock;
    }

    /**
     * One look at a machine.
     *
     * @param at when
     * @param cpuPercent of one core of the host, since the look before; null at the first one
     * @param memoryBytes RAM that it was given
     * @param hostMemoryBytes of the host's memory, its alone
     * @param guestUsedBytes what programs in the guest hold; null if the guest doesn't say
     * @param cpuReadyPercent of one core that it wanted and others had, since the look before; null at the first one
     * @param sharedMemoryBytes that it has touched and shares with other clones
     * @param balloonedBytes that its guest has lent back
     * @param traffic its disks' and cards', since the look before; null at the first one
     * @param display the display of the session's user; null if nobody looks
     */
    public record Sample(
            Instant at,
            @Nullable Double cpuPercent,
            long memoryBytes,
            long hostMemoryBytes,
            @Nullable Long guestUsedBytes,
            @Nullable Double cpuReadyPercent,
            long sharedMemoryBytes,
            long balloonedBytes,
            @Nullable TrafficSample traffic,
            @Nullable DisplaySample display) {}

    /** Bytes a second, as the machine sees them. */
    public record TrafficSample(long diskRead, long diskWritten, long networkReceived, long networkSent) {}

    /**
     * One look at a display.
     *
     * @param roundTripMs to the client and back, the network's part; null if the client has not confirmed an update yet
     * @param lagMs what updates took beyond that; null like it
     * @param bytesPerSecond that were sent, since the look before; null at the first one
     * @param updatesPerSecond the same, of updates
     * @param backlogBytes that the network has not taken
     */
    public record DisplaySample(
            @Nullable Double roundTripMs,
            @Nullable Double lagMs,
            @Nullable Long bytesPerSecond,
            @Nullable Double updatesPerSecond,
            long backlogBytes) {}

    /**
     * What is known of a machine.
     *
     * @param machine its name
     * @param intervalMs between two samples
     * @param samples oldest first, at least one
     */
    public record Figures(String machine, long intervalMs, List<Sample> samples) {
        /** Copies the samples. */
        public Figures {
            samples = List.copyOf(samples);
        }
    }

    private static final class Watch {
        final ArrayDeque<Sample> samples = new ArrayDeque<>();
        Instant wanted;

        @Nullable
        MachineUsage usage;

        @Nullable
        Counted counted;

        Watch(Instant wanted) {
            this.wanted = wanted;
        }
    }

    /** A display's counters at a time. */
    private record Counted(UUID connection, Instant at, ViewerStatistics statistics) {}

    /** A machine's samples, with one of now if there is none yet; empty if it doesn't run here. */
    public Optional<Figures> of(String machine) {
        if (!want(machine)) {
            sample(machine);
        }
        lock.lock();
        try {
            Watch watch = watches.get(machine);
            return watch == null || watch.samples.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new Figures(machine, INTERVAL.toMillis(), new ArrayList<>(watch.samples)));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for a sample that is newer than a time.
     *
     * @return empty if there is none within the time: the machine doesn't run, or this broker stops
     */
    public Optional<Sample> next(String machine, Instant after, Duration patience) throws InterruptedException {
        want(machine);
        long left = patience.toNanos();
        lock.lockInterruptibly();
        try {
            while (!closed) {
                Watch watch = watches.get(machine);
                Sample last = watch == null ? null : watch.samples.peekLast();
                if (last != null && last.at().isAfter(after)) {
                    return Optional.of(last);
                }
                if (left <= 0) {
                    break;
                }
                left = sampled.awaitNanos(left);
            }
            return Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /** Somebody wants to know. Returns whether it is measured already. */
    private boolean want(String machine) {
        lock.lock();
        try {
            Instant now = clock.instant();
            Watch known = watches.get(machine);
            if (known == null && watches.size() < MOST_MACHINES && !closed) {
                watches.put(machine, new Watch(now));
                if (sampler == null) {
                    sampler = Thread.ofVirtual().name("live-figures").start(this::run);
                }
                return false;
            }
            if (known != null) {
                known.wanted = now;
            }
            return known != null && !known.samples.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        while (true) {
            List<String> machines;
            lock.lock();
            try {
                Instant now = clock.instant();
                watches.values().removeIf(watch -> watch.wanted.plus(INTEREST).isBefore(now));
                if (closed || watches.isEmpty()) {
                    sampler = null;
                    return;
                }
                machines = List.copyOf(watches.keySet());
            } finally {
                lock.unlock();
            }
            machines.forEach(this::sample);
            try {
                TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Measures a machine once. */
    private void sample(String machine) {
        Optional<MachineUsage> usage = host.usage(machine);
        Counted counted = displays.of(machine).stream()
                .filter(grant -> grant.shadow() == null)
                .findFirst()
                .flatMap(grant -> displays.statistics(grant.connection())
                        .map(statistics -> new Counted(grant.connection(), clock.instant(), statistics)))
                .orElse(null);
        lock.lock();
        try {
            Watch watch = watches.get(machine);
            Instant now = clock.instant();
            Sample last = watch == null ? null : watch.samples.peekLast();
            // Whoever asks first and the sampler may measure at the same moment: rates over nothing say nothing.
            if (watch == null
                    || (last != null && last.at().plus(INTERVAL.dividedBy(2)).isAfter(now))) {
                return;
            }
            if (usage.isPresent()) {
                watch.samples.add(sample(now, usage.get(), watch.usage, counted, watch.counted));
                watch.samples.removeIf(old -> old.at().plus(KEPT).isBefore(now));
            }
            watch.usage = usage.orElse(null);
            watch.counted = counted;
            sampled.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static Sample sample(
            Instant now,
            MachineUsage usage,
            @Nullable MachineUsage before,
            @Nullable Counted counted,
            @Nullable Counted countedBefore) {
        OptionalLong available = usage.guestAvailable();
        return new Sample(
                now,
                before == null ? null : percent(usage, before, usage.cpu(), before.cpu()),
                usage.memory(),
                usage.privateMemory(),
                available.isEmpty()
                        ? null
                        : Math.max(0, usage.memory() - usage.balloonedMemory() - available.getAsLong()),
                before == null
                        ? null
                        : percent(
                                usage,
                                before,
                                usage.processors().ready(),
                                before.processors().ready()),
                usage.sharedMemory(),
                usage.balloonedMemory(),
                before == null ? null : traffic(usage, before),
                counted == null ? null : display(counted, countedBefore));
    }

    private static @Nullable Double percent(
            MachineUsage now, MachineUsage before, Duration counted, Duration countedBefore) {
        long wall = now.up().minus(before.up()).toNanos();
        // A machine that was powered on again has begun to count anew.
        return wall <= 0 || counted.compareTo(countedBefore) < 0
                ? null
                : tenth(100.0 * counted.minus(countedBefore).toNanos() / wall);
    }

    private static @Nullable TrafficSample traffic(MachineUsage now, MachineUsage before) {
        double seconds = now.up().minus(before.up()).toNanos() / 1e9;
        return seconds <= 0
                ? null
                : new TrafficSample(
                        rate(now.disk().in(), before.disk().in(), seconds),
                        rate(now.disk().out(), before.disk().out(), seconds),
                        rate(now.network().in(), before.network().in(), seconds),
                        rate(now.network().out(), before.network().out(), seconds));
    }

    private static long rate(long now, long before, double seconds) {
        return Math.max(0, Math.round((now - before) / seconds));
    }

    private static DisplaySample display(Counted now, @Nullable Counted before) {
        LinkState link = now.statistics().link();
        Long bytes = null;
        Double updates = null;
        if (before != null && before.connection().equals(now.connection())) {
            double seconds = Math.max(1, Duration.between(before.at(), now.at()).toMillis()) / 1000.0;
            bytes = Math.round(
                    (now.statistics().bytesSent() - before.statistics().bytesSent()) / seconds);
            updates = tenth((now.statistics().updates() - before.statistics().updates()) / seconds);
        }
        return new DisplaySample(
                link == null ? null : tenth(link.roundTrip().toNanos() / 1e6),
                link == null ? null : tenth(link.lag().toNanos() / 1e6),
                bytes,
                updates,
                now.statistics().backlog());
    }

    private static double tenth(double value) {
        return Math.round(value * 10) / 10.0;
    }

    /** Wakes everybody who waits, for good. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            sampled.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
