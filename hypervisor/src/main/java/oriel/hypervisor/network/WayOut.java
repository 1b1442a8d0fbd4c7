package oriel.hypervisor.network;

/** What takes a machine's packets out of its segment, and brings the answers: one for each machine that is plugged in. */
@FunctionalInterface
public interface WayOut {
    /**
     * The way out of one machine. It is given IPv4 packets to other networks and queries to the gateway for names that the
     * segment doesn't know, at the machine's rate, from its own addresses only; what it brings must be IPv4 packets to
     * the machine, the rest is dropped.
     */
    NetworkLink of(Gateway gateway);

    /**
     * A machine and the gateway that it sends by.
     *
     * @param hardware the gateway's Ethernet address
     * @param address the gateway's IPv4 address, which is the machine's resolver, too
     * @param subnet what the machine reaches without it
     * @param machine the machine's IPv4 address
     */
    record Gateway(MacAddress hardware, Ipv4Address address, Ipv4Subnet subnet, Ipv4Address machine) {}
}
