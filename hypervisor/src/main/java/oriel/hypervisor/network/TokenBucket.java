package oriel.hypervisor.network;

/** Limits a rate and allows bursts. Not thread-safe. */
final class TokenBucket {
    private final long perSecond;
    private final long burst;
    private long tokens;
    private long filledAt; // nanoseconds

    /**
     * A full bucket.
     *
     * @param perSecond tokens that come in
     * @param burst tokens that it holds
     */
    TokenBucket(long perSecond, long burst, long now) {
        this.perSecond = perSecond;
        this.burst = burst;
        this.tokens = burst;
        this.filledAt = now;
    }

    /** Takes tokens if there are enough. */
    boolean take(long count, long now) {
        long elapsed = Math.clamp(now - filledAt, 0, 1_000_000_000L);
        long coming = perSecond * elapsed / 1_000_000_000L;
        if (coming > 0) {
            tokens = Math.min(burst, tokens + coming);
            filledAt = now;
        }
        if (tokens < count) {
            return false;
        }
        tokens -= count;
        return true;
    }
}
