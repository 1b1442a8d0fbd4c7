package oriel.hypervisor.sound;

/**
 * Linear PCM: signed 16-bit little-endian samples, those of a frame's channels one after the other (left, right, …).
 *
 * @param rate frames a second, 4000–192000
 * @param channels 1–8
 */
public record PcmFormat(int rate, int channels) {
    /** Bytes of one sample of one channel. */
    public static final int SAMPLE_BYTES = 2;

    /** Checks the ranges. */
    public PcmFormat {
        if (rate < 4000 || rate > 192_000) {
            throw new IllegalArgumentException("a rate must be 4000 to 192000 frames a second, not " + rate);
        }
        if (channels < 1 || channels > 8) {
            throw new IllegalArgumentException("sound has 1 to 8 channels, not " + channels);
        }
    }

    /** Bytes of a frame: a sample of each channel. */
    public int frameBytes() {
        return SAMPLE_BYTES * channels;
    }

    /** How long so many bytes play, in nanoseconds, rounded down. */
    public long nanos(long bytes) {
        long frames = bytes / frameBytes();
        return Math.addExact(Math.multiplyExact(frames / rate, 1_000_000_000L), frames % rate * 1_000_000_000L / rate);
    }
}
