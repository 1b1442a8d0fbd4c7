package oriel.hypervisor.schedule;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One machine's part of the processors. The machine's thread asks {@link #mayRun} before each few instructions, and says
 * {@link #idle} when it has none. What the machine does besides, as devices, it does without asking.
 */
public final class CpuAccount implements AutoCloseable {
    /** {@link #mayRun}: wait for {@code turn}. */
    public static final long UNTIL_TURN = Long.MAX_VALUE;

    /** What a limited machine may use at once: small enough that a second shows its limit. */
    private static final long LIMIT_BURST = TimeUnit.MILLISECONDS.toNanos(20);

    /** A limited machine that has used its time up waits until it has this much again, so that it isn't woken in vain. */
    private static final long LIMIT_REFILL = TimeUnit.MILLISECONDS.toNanos(2);

    private static final long RESERVE_BURST = TimeUnit.MILLISECONDS.toNanos(50);

    private enum State {
        IDLE,
        WAITING,
        RUNNING,
        LIMITED,
        CLOSED
    }

    private final CpuScheduler scheduler;
    private final CpuPolicy policy;
    private final LongSupplier used;
    private final Runnable turn;

    /** Makes the running one ask again at once, though its slice isn't over. */
    volatile boolean preempted;

    private volatile State state = State.IDLE;
    private volatile long sliceEnd;

    // Guarded by the scheduler.
    long virtualTime;
    private final @Nullable CpuBudget limit;
    private final @Nullable CpuBudget reserve;
    private long charged;
    private long lastRan;
    private long stoppedAt;
    private long waited;
    private long limited;

    CpuAccount(CpuScheduler scheduler, CpuPolicy policy, LongSupplier used, Runnable turn, long now) {
        this.scheduler = scheduler;
        this.policy = policy;
        this.used = used;
        this.turn = turn;
        this.lastRan = now;
        this.limit = policy.limitPercent().isPresent()
                ? new CpuBudget(policy.limitPercent().getAsInt(), LIMIT_BURST, now)
                : null;
        this.reserve =
                policy.reservedPercent() > 0 ? new CpuBudget(policy.reservedPercent(), RESERVE_BURST, now) : null;
    }

    /** What it was opened with. */
    public CpuPolicy policy() {
        return policy;
    }

    /**
     * Whether the machine may run its processors now, for a little: well below a millisecond, then it asks again. On the
     * machine's thread.
     *
     * @return 0 if it may; else nanoseconds after which to ask again, or {@link #UNTIL_TURN}
     */
    public long mayRun() {
        long now = scheduler.now();
        if (state == State.RUNNING && !preempted && now - sliceEnd < 0) {
            return 0; // nearly always
        }
        synchronized (scheduler) {
            return decide(now);
        }
    }

    private long decide(long now) {
        return switch (state) {
            case RUNNING -> {
                charge(now);
                if (limit != null && limit.exhausted()) {
                    yield limit(now);
                }
                yield scheduler.again(this, now) ? 0 : UNTIL_TURN;
            }
            case WAITING -> UNTIL_TURN;
            case IDLE, LIMITED -> {
                charged = used.getAsLong(); // what its devices did isn't its processors' time
                fill(now);
                if (limit != null && (state == State.LIMITED ? limit.until(LIMIT_REFILL) > 1 : limit.exhausted())) {
                    yield limit(now);
                }
                if (state == State.LIMITED) {
                    limited += now - stoppedAt;
                }
                waits(now);
                yield scheduler.enter(this, now) ? 0 : UNTIL_TURN;
            }
            case CLOSED -> 0;
        };
    }

    private long limit(long now) {
        if (state != State.LIMITED) {
            state = State.LIMITED;
            stoppedAt = now;
            scheduler.leave(this, now);
        }
        return limit == null ? 0 : limit.until(LIMIT_REFILL);
    }

    /** What comes in by the clock has come in. */
    void fill(long now) {
        if (limit != null) {
            limit.fill(now);
        }
        if (reserve != null) {
            reserve.fill(now);
        }
    }

    private void charge(long now) {
        long total = used.getAsLong();
        long nanos = Math.max(0, total - charged);
        charged = total;
        lastRan = now;
        virtualTime += virtual(nanos);
        if (limit != null) {
            limit.use(nanos);
        }
        if (reserve != null) {
            reserve.use(Math.min(nanos, RESERVE_BURST)); // what it had beyond it is by its shares
        }
        fill(now);
    }

    /** The machine has nothing to run. On its thread. */
    public void idle() {
        if (state == State.IDLE) {
            return;
        }
        synchronized (scheduler) {
            long now = scheduler.now();
            switch (state) {
                case RUNNING -> charge(now);
                case WAITING -> waited += now - stoppedAt;
                case LIMITED -> limited += now - stoppedAt;
                case IDLE, CLOSED -> {}
            }
            state = State.IDLE;
            scheduler.leave(this, now);
        }
    }

    /** When it last ran, by the scheduler's clock: who has slept longest has the earliest time. */
    public long lastRanNanos() {
        synchronized (scheduler) {
            return state == State.RUNNING ? scheduler.now() : lastRan;
        }
    }

    /** Time that it wanted to run and others did. */
    public long waitedNanos() {
        synchronized (scheduler) {
            return waited + (state == State.WAITING ? scheduler.now() - stoppedAt : 0);
        }
    }

    /** Time that it wanted to run and its limit didn't let it. */
    public long limitedNanos() {
        synchronized (scheduler) {
            return limited + (state == State.LIMITED ? scheduler.now() - stoppedAt : 0);
        }
    }

    /** The machine is over: it makes room. Asked again, it says yes. */
    @Override
    public void close() {
        synchronized (scheduler) {
            state = State.CLOSED;
            scheduler.leave(this, scheduler.now());
        }
    }

    boolean reserved() {
        return reserve != null && !reserve.exhausted();
    }

    long virtual(long nanos) {
        return nanos * CpuPolicy.NORMAL_SHARES / policy.shares();
    }

    /** Its slice begins. */
    void admitted(long now) {
        if (state == State.WAITING) {
            waited += now - stoppedAt;
        }
        state = State.RUNNING;
        preempted = false;
        sliceEnd = now + CpuScheduler.SLICE;
    }

    void waits(long now) {
        state = State.WAITING;
        stoppedAt = now;
    }

    void wake() {
        turn.run();
    }
}
