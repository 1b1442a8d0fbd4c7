package oriel.broker.recording;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where recordings are kept, and for how long.
 *
 * @param folder of their files
 * @param time after which they go
 * @param bytes of all files; beyond, the oldest go
 */
public record Retention(Path folder, Duration time, long bytes) {
    /** Thirty days, fifty GiB. */
    public static Retention in(Path folder) {
        return new Retention(folder, Duration.ofDays(30), 50L << 30);
    }
}
