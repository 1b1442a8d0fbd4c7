package oriel.hypervisor.network;

/**
 * A machine on a segment.
 *
 * @param station its number in the segment's subnet, from 2; 0: the first that is free
 * @param isolated whether it reaches the segment's services and the way out only, and no other machine
 * @param bytesPerSecond what it may send, at least 16 KiB; it may have a tenth of a second's worth at once
 */
public record StationConfig(int station, boolean isolated, long bytesPerSecond) {
    /** Checks the ranges. */
    public StationConfig {
        if (station < 0 || station == 1) {
            throw new IllegalArgumentException("station " + station + " isn't a machine's");
        }
        if (bytesPerSecond < SegmentConfig.LEAST_RATE) {
            throw new IllegalArgumentException("a machine needs 16 KiB/s at least, not " + bytesPerSecond + " bytes");
        }
    }
}
