package oriel.displayd.recording;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How a session is recorded.
 *
 * @param file where to; must not exist
 * @param keyframes a complete picture, from which playing may start, at most this often while something changes
 * @param interval least time between two changes that are recorded: what bounds the work
 * @param maximumBytes the recording ends where the file would become longer
 */
public record RecordingSettings(Path file, Duration keyframes, Duration interval, long maximumBytes) {
    /** Checks the ranges. */
    public RecordingSettings {
        if (keyframes.toMillis() < 1000 || interval.toMillis() < 10 || maximumBytes < RecordingWriter.LEAST_BYTES) {
            throw new IllegalArgumentException(
                    "keyframes every %s, changes every %s, at most %d bytes: the least are 1 s, 10 ms and %d"
                            .formatted(keyframes, interval, maximumBytes, RecordingWriter.LEAST_BYTES));
        }
    }

    /** A keyframe every five seconds, ten changes a second, 1 GiB: hours of office work. */
    public static RecordingSettings to(Path file) {
        return new RecordingSettings(file, Duration.ofSeconds(5), Duration.ofMillis(100), 1L << 30);
    }
}
