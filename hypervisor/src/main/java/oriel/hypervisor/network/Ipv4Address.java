package oriel.hypervisor.network;

/**
 * An IPv4 address.
 *
 * @param value its 32 bits
 */
public record Ipv4Address(int value) {
    /** "No address yet". */
    static final Ipv4Address ANY = new Ipv4Address(0);

    /** From four numbers. */
    public static Ipv4Address of(int a, int b, int c, int d) {
        return new Ipv4Address((a & 0xFF) << 24 | (b & 0xFF) << 16 | (c & 0xFF) << 8 | d & 0xFF);
    }

    @Override
    public String toString() {
        return "%d.%d.%d.%d".formatted(value >>> 24, value >>> 16 & 0xFF, value >>> 8 & 0xFF, value & 0xFF);
    }
}
