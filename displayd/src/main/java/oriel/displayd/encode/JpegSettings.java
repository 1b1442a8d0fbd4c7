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

    private static final int STEP = 12;
    /** Below this everything looks broken; better to lag. */
    private static final int MIN_REDUCED = 25;

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

    /** The same, some steps (0–5) worse: fewer bytes for a line that lags. */
    public JpegSettings reduced(int steps) {
        if (steps == 0) {
            return this;
        }
        Subsampling coarser = subsampling == Subsampling.GREY ? Subsampling.GREY : Subsampling.QUARTER;
        return new JpegSettings(Math.min(quality, Math.max(MIN_REDUCED, quality - STEP * steps)), coarser);
    }

    /** The same with other colour. */
    public JpegSettings with(Subsampling other) {
        return new JpegSettings(quality, other);
    }
}
