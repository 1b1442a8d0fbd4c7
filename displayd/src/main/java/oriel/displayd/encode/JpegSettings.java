package oriel.displayd.encode;

/**
 * How good a JPEG is to be.
 *
 * @param quality 1–100, on libjpeg's scale
 * @param subsampling of colour
 */
public record JpegSettings(int quality, Subsampling subsampling) {
    /** RFB quality levels 0–9 as TurboVNC measured them to be evenly spaced to the eye. */
    private static final int[] QUALITY = {15, 29, 41, 42, 62, 77, 79, 86, 92, 100};

    private static final Subsampling[] SUBSAMPLING = {
        Subsampling.QUARTER,
        Subsampling.QUARTER,
        Subsampling.QUARTER,
        Subsampling.HALF,
        Subsampling.HALF,
        Subsampling.HALF,
        Subsampling.NONE,
        Subsampling.NONE,
        Subsampling.NONE,
        Subsampling.NONE
    };

    /** Checks the range. */
    public JpegSettings {
        if (quality < 1 || quality > 100) {
            throw new IllegalArgumentException("JPEG quality " + quality + " is not within 1–100");
        }
    }

    /** What a coarse quality level (0–9) stands for. */
    public static JpegSettings ofLevel(int level) {
        return new JpegSettings(QUALITY[level], SUBSAMPLING[level]);
    }

    /** The same with other colour. */
    public JpegSettings with(Subsampling other) {
        return new JpegSettings(quality, other);
    }
}
