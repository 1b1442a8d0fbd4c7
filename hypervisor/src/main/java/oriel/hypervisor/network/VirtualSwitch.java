package oriel.hypervisor.network;

import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A switch: segments that never meet. A machine's port takes no tagged frames, so the VLAN of a frame is that of the port
 * it came in by, and no header that a guest could forge. Thread-safe.
 */
public final class VirtualSwitch {
    private final LongSupplier nanos;
    private final Map<Integer, Segment> segments = new HashMap<>(); // guarded by itself

    /**
     * A switch without segments.
     *
     * @param nanos a monotonic clock, for rate limits
     */
    public VirtualSwitch(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /**
     * The segment of a VLAN, made if it isn't there.
     *
     * @throws NetworkException if it is there with another configuration
     */
    public Segment segment(SegmentConfig config) {
        synchronized (segments) {
            Segment segment = segments.computeIfAbsent(config.vlan(), _ -> new Segment(config, nanos));
            if (!segment.config().equals(config)) {
                throw new NetworkException(
                        "VLAN %d is there with another configuration: give the segment another number"
                                .formatted(config.vlan()));
            }
            return segment;
        }
    }
}
