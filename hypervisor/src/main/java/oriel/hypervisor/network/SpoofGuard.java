package oriel.hypervisor.network;

/**
 * Lets a machine speak for itself only: from its own Ethernet and IPv4 address, as no router, no DHCP server and in no VLAN
 * but its own. IPv6 has no place in these segments and is dropped, as is every other protocol.
 *
 * @param hardware the machine's Ethernet address
 * @param address its IPv4 address
 */
record SpoofGuard(MacAddress hardware, Ipv4Address address) {
    private static final int DHCP_SERVER = 67;

    boolean allows(byte[] frame) {
        if (!EthernetFrame.source(frame).equals(hardware)) {
            return false;
        }
        if (Arp.valid(frame)) {
            // 0.0.0.0 asks whether an address is free (RFC 5227 §2.1.1).
            return Arp.senderHardware(frame).equals(hardware) && own(Arp.sender(frame));
        }
        if (!Ipv4.valid(frame)) {
            return false;
        }
        boolean server = Udp.valid(frame) && Udp.sourcePort(frame) == DHCP_SERVER;
        return !server && (own(Ipv4.source(frame)) && (!Ipv4.source(frame).equals(Ipv4Address.ANY) || dhcp(frame)));
    }

    private boolean own(Ipv4Address claimed) {
        return claimed.equals(address) || claimed.equals(Ipv4Address.ANY);
    }

    private static boolean dhcp(byte[] frame) {
        return Udp.valid(frame) && Udp.destinationPort(frame) == DHCP_SERVER;
    }
}
