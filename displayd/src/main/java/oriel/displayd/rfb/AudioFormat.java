package oriel.displayd.rfb;

/**
 * What a client wants to hear.
 *
 * @param samples how it wants them
 * @param channels 1 or 2
 * @param rate frames a second, 4000–48000
 */
public record AudioFormat(SampleFormat samples, int channels, int rate) {
    /** What QEMU's server sends to a client that says nothing. */
    public static final AudioFormat DEFAULT = new AudioFormat(SampleFormat.S16, 2, 44_100);

    /** Checks the ranges. */
    public AudioFormat {
        if (channels < 1 || channels > 2) {
            throw new IllegalArgumentException("a client hears 1 or 2 channels, not " + channels);
        }
        if (rate < 4000 || rate > 48_000) {
            throw new IllegalArgumentException("a client hears 4000 to 48000 frames a second, not " + rate);
        }
    }

    /** Bytes of a sample of each channel. */
    public int frameBytes() {
        return channels * samples.bytes();
    }
}
