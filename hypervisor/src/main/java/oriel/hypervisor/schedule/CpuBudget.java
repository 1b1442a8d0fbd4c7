package oriel.hypervisor.schedule;

/** Nanoseconds of a processor that come in at a rate and are used up. May be overdrawn. Not thread-safe. */
final class CpuBudget {
    private static final long PERCENT = 100;

    private final long percent;
    private final long most;
    private long left;
    private long filledAt;

    /**
     * A full one.
     *
     * @param percent of the time that comes in
     * @param most that it holds
     */
    CpuBudget(long percent, long most, long now) {
        this.percent = percent;
        this.most = most;
        this.left = most;
        this.filledAt = now;
    }

    void fill(long now) {
        // What is beyond the brim doesn't count, and a long sleep must not overflow.
        long elapsed = Math.clamp(now - filledAt, 0, (most - Math.min(left, 0)) * PERCENT / percent + PERCENT);
        left = Math.min(most, left + elapsed * percent / PERCENT);
        filledAt = now;
    }

    void use(long nanos) {
        left -= nanos;
    }

    boolean exhausted() {
        return left <= 0;
    }

    /** Time until there is {@code wanted} in it. */
    long until(long wanted) {
        return Math.max(0, (wanted - left) * PERCENT / percent + 1);
    }
}
