package oriel.displayd.flow;

/**
 * Round trip, bandwidth and lag of one client, from the times its fences took. Lag is what an update took beyond the
 * round trip of an idle line: its own bytes, and whatever queued up before them. Its owner synchronises.
 */
public final class LinkEstimate {
    /** Beyond this lag a picture is felt to trail behind the hand. */
    private static final long LAGGING_NANOS = 120_000_000;
    /** Below it there is room for more. */
    private static final long QUICK_NANOS = 40_000_000;
    /** A worse picture comes soon, a better one only after it has been good for a while: no flicker between two. */
    private static final long WORSE_AFTER_NANOS = 150_000_000;

    private static final long BETTER_AFTER_NANOS = 1_000_000_000;
    /** The shortest round trip is forgotten after this time: routes change. */
    private static final long MEMORY_NANOS = 30_000_000_000L;
    /** Smaller updates say nothing of bandwidth. */
    private static final long MIN_BYTES = 8 * 1024;

    private static final int MAX_REDUCTION = 5;

    private long baseNanos = Long.MAX_VALUE;
    private long baseAt;
    private long lagNanos;
    private double bytesPerNano;
    private int reduction;
    private long reductionAt;

    /**
     * An update was confirmed.
     *
     * @param bytes its size
     * @param tookNanos from its last byte being queued to its fence's return
     * @param now {@link System#nanoTime}
     */
    public void arrived(long bytes, long tookNanos, long now) {
        if (tookNanos <= baseNanos || now - baseAt > MEMORY_NANOS) {
            baseNanos = tookNanos;
            baseAt = now;
        }
        long lag = tookNanos - baseNanos;
        lagNanos += (lag - lagNanos) / 4;
        if (bytes >= MIN_BYTES) {
            double sample = bytes / (double) Math.max(1_000, tookNanos);
            bytesPerNano = bytesPerNano == 0 ? sample : bytesPerNano + (sample - bytesPerNano) / 8;
        }
        long sinceChange = now - reductionAt;
        if (lagNanos > LAGGING_NANOS && reduction < MAX_REDUCTION && sinceChange > WORSE_AFTER_NANOS) {
            reduction++;
            reductionAt = now;
        } else if (lagNanos < QUICK_NANOS && reduction > 0 && sinceChange > BETTER_AFTER_NANOS) {
            reduction--;
            reductionAt = now;
        } else if (lagNanos >= QUICK_NANOS) {
            reductionAt = Math.max(reductionAt, now - BETTER_AFTER_NANOS / 2);
        }
    }

    /** Shortest round trip of late in nanoseconds, or {@link Long#MAX_VALUE} before the first confirmation. */
    public long roundTripNanos() {
        return baseNanos;
    }

    /** What updates lately took beyond that, in nanoseconds, smoothed. */
    public long lagNanos() {
        return lagNanos;
    }

    /** Bytes per second that arrived, or 0 before the first large update. A lower bound where updates were few. */
    public long bytesPerSecond() {
        return Math.round(bytesPerNano * 1e9);
    }

    /** How many steps (0–5) worse than asked for pictures should be compressed, so that lag goes away. */
    public int reduction() {
        return reduction;
    }
}
