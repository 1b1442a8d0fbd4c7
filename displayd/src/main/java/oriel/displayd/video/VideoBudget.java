package oriel.displayd.video;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many films a process encodes at once: each keeps pictures in native memory and a core busy. Those beyond are sent
 * as JPEG. Thread-safe.
 */
public final class VideoBudget {
    private static final Logger log = LoggerFactory.getLogger(VideoBudget.class);

    private final @Nullable OpenH264 codec;
    private final int most;
    private final AtomicInteger open = new AtomicInteger();

    /** @param most films at once */
    public VideoBudget(int most) {
        this.most = most;
        codec = OpenH264.open();
    }

    /** Whether H.264 can be offered at all. */
    public boolean available() {
        return codec != null;
    }

    @Nullable
    H264Encoder open(int width, int height, int quantiser) {
        if (codec == null) {
            return null;
        }
        if (open.incrementAndGet() > most) {
            open.decrementAndGet();
            return null;
        }
        try {
            return codec.encoder(width, height, quantiser);
        } catch (IllegalStateException e) {
            open.decrementAndGet();
            log.warn("a film of {}×{} is sent as JPEG: {}", width, height, e.getMessage());
            return null;
        }
    }

    void closed() {
        open.decrementAndGet();
    }
}
