package oriel.hypervisor.schedule;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Weighted fair shares of a number of cores. As long as no more machines want to run than there are cores, everybody
 * runs, and nothing is decided. Beyond that the one that has had least for its shares runs, for a slice; who wakes up is
 * let in before those that have been busy. Decisions are made on the threads that ask: there is no thread of its own.
 * Thread-safe.
 *
 * <p>Time is counted as start-time fair queueing does (Goyal, Vin, Cheng 1996; Linux' CFS): a machine's virtual time is
 * what it has used of a processor, divided by its shares.
 */
public final class CpuScheduler {
    /** How long one runs on while others wait. */
    static final long SLICE = TimeUnit.MILLISECONDS.toNanos(4);

    /** What one that slept is ahead of those that were busy: enough to answer a key, not to catch up on its sleep. */
    static final long WAKE_CREDIT = TimeUnit.MILLISECONDS.toNanos(3);

    /**
     * How far one can fall behind and catch up: one whose shares are worth more than a core can never have what they
     * are worth, and must not save it up.
     */
    private static final long MOST_LAG = TimeUnit.MILLISECONDS.toNanos(40);

    private static final Comparator<CpuAccount> NEXT = Comparator.comparing((CpuAccount account) -> !account.reserved())
            .thenComparingLong(account -> account.virtualTime);

    private final int cores;
    private final LongSupplier nanos;

    // All guarded by this, as is the state of accounts.
    private final List<CpuAccount> running = new ArrayList<>();
    private final List<CpuAccount> waiting = new ArrayList<>();

    /** The latest virtual time of any that was let in or went on: it never goes back. */
    private long virtualNow;

    /**
     * For a number of cores.
     *
     * @param nanos a monotonic clock
     */
    public CpuScheduler(int cores, LongSupplier nanos) {
        if (cores < 1) {
            throw new IllegalArgumentException(cores + " cores are too few");
        }
        this.cores = cores;
        this.nanos = nanos;
    }

    /**
     * An account for a machine.
     *
     * @param used CPU time that its thread has used so far; only asked on that thread
     * @param turn called, on any thread, when the machine may run after it was told to wait
     */
    public CpuAccount open(CpuPolicy policy, LongSupplier used, Runnable turn) {
        return new CpuAccount(this, policy, used, turn, nanos.getAsLong());
    }

    long now() {
        return nanos.getAsLong();
    }

    /** Wants to run. Returns whether it may. */
    boolean enter(CpuAccount account, long now) {
        account.virtualTime = Math.max(account.virtualTime, virtualNow - account.virtual(WAKE_CREDIT));
        if (running.size() < cores) {
            admit(account, now);
            return true;
        }
        waiting.add(account);
        // The one that has had most makes room, if it has had more.
        running.stream()
                .max(NEXT)
                .filter(victim -> NEXT.compare(account, victim) < 0)
                .ifPresent(victim -> victim.preempted = true);
        return false;
    }

    private void admit(CpuAccount account, long now) {
        running.add(account);
        account.admitted(now);
        virtualNow = Math.max(virtualNow, account.virtualTime);
    }

    /** Has had its slice. Returns whether it may go on. */
    boolean again(CpuAccount account, long now) {
        CpuAccount first = first(now);
        // Whoever waits first may be ahead by a slice of its own, and that is just.
        long lag = Math.max(account.virtual(MOST_LAG), first == null ? 0 : first.virtual(2 * SLICE));
        account.virtualTime = Math.max(account.virtualTime, (first == null ? virtualNow : first.virtualTime) - lag);
        if (first == null || NEXT.compare(account, first) <= 0) {
            virtualNow = Math.max(virtualNow, account.virtualTime);
            account.admitted(now);
            return true;
        }
        running.remove(account);
        waiting.add(account);
        account.waits(now);
        letIn(now);
        return false;
    }

    /** Runs no longer, and doesn't want to. */
    void leave(CpuAccount account, long now) {
        waiting.remove(account);
        if (running.remove(account)) {
            letIn(now);
        }
    }

    private void letIn(long now) {
        CpuAccount next = first(now);
        if (next != null && running.size() < cores) {
            waiting.remove(next);
            admit(next, now);
            next.wake();
        }
    }

    private @Nullable CpuAccount first(long now) {
        CpuAccount best = null;
        for (CpuAccount account : waiting) { // a few: those that are busy at this moment
            account.fill(now);
            if (best == null || NEXT.compare(account, best) < 0) {
                best = account;
            }
        }
        return best;
    }
}
