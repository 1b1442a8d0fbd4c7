package oriel.hypervisor.network;

import java.util.function.LongSupplier;

/** What a machine may send: so many bytes a second, a tenth of them at once. Thread-safe. */
final class RateLimit {
    private static final int PARTS_OF_SECOND = 10;

    private final LongSupplier nanos;
    private final TokenBucket bucket; // guarded by itself

    RateLimit(long bytesPerSecond, LongSupplier nanos) {
        this.nanos = nanos;
        long burst = Math.max(bytesPerSecond / PARTS_OF_SECOND, 2L * EthernetFrame.MAX_LENGTH);
        this.bucket = new TokenBucket(bytesPerSecond, burst, nanos.getAsLong());
    }

    boolean allows(byte[] frame) {
        synchronized (bucket) {
            return bucket.take(frame.length, nanos.getAsLong());
        }
    }
}
