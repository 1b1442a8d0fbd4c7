package oriel.hypervisor.network;

/**
 * A segment of a switch: the machines of a pool.
 *
 * @param vlan its number, 1–4094
 * @param subnet addresses of its machines; the first station is the segment's own services
 * @param isolated whether its machines reach the segment's services and the way out only, and not each other, unless
 *     their {@link StationConfig} says otherwise
 * @param bytesPerSecond what one machine may send, at least 16 KiB, unless its {@link StationConfig} says otherwise; it
 *     may have a tenth of a second's worth at once
 * @param domain of its machines' names: "desktops.internal"
 */
public record SegmentConfig(int vlan, Ipv4Subnet subnet, boolean isolated, long bytesPerSecond, String domain) {
    /** 100 Mbit/s. */
    public static final long DEFAULT_RATE = 12_500_000;

    /** Below this a machine couldn't even be told its address in time. */
    public static final long LEAST_RATE = 16 << 10;

    /** Checks the ranges. */
    public SegmentConfig {
        if (vlan < 1 || vlan > 4094) {
            throw new IllegalArgumentException("a VLAN's number is 1 to 4094, not " + vlan);
        }
        if (bytesPerSecond < LEAST_RATE) {
            throw new IllegalArgumentException("a machine needs 16 KiB/s at least, not " + bytesPerSecond + " bytes");
        }
    }

    /** An isolated segment with defaults for the rest: a range of 1,024 addresses from 10.64.0.0 on for each VLAN. */
    public static SegmentConfig isolated(int vlan) {
        Ipv4Address first = new Ipv4Address(Ipv4Address.of(10, 64, 0, 0).value() + (vlan << 10));
        return new SegmentConfig(vlan, new Ipv4Subnet(first, 22), true, DEFAULT_RATE, "desktops.internal");
    }
}
