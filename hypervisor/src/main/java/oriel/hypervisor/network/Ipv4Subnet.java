package oriel.hypervisor.network;

/**
 * A range of IPv4 addresses.
 *
 * @param first its lowest address, which no station has
 * @param prefix length of the common part, 8–30
 */
public record Ipv4Subnet(Ipv4Address first, int prefix) {
    /** Checks that they fit. */
    public Ipv4Subnet {
        if (prefix < 8 || prefix > 30) {
            throw new IllegalArgumentException("a segment's prefix has 8 to 30 bits, not " + prefix);
        }
        if ((first.value() & ~(-1 << 32 - prefix)) != 0) {
            throw new IllegalArgumentException(first + " isn't the first address of a range with prefix " + prefix);
        }
    }

    int mask() {
        return -1 << 32 - prefix;
    }

    /** The station with a number; 0 and the last aren't stations. */
    Ipv4Address station(int number) {
        return new Ipv4Address(first.value() + number);
    }

    /** How many stations there can be. */
    int stations() {
        return (1 << 32 - prefix) - 2;
    }

    boolean contains(Ipv4Address address) {
        return (address.value() & mask()) == first.value();
    }

    @Override
    public String toString() {
        return first + "/" + prefix;
    }
}
