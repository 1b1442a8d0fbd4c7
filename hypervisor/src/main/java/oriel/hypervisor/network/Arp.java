package oriel.hypervisor.network;

/** Address resolution for IPv4 over Ethernet (RFC 826), within whole frames. */
final class Arp {
    static final int LENGTH = 28;
    static final int REQUEST = 1;
    static final int REPLY = 2;

    private static final int AT = EthernetFrame.HEADER;
    private static final long ETHERNET_IPV4 = 0x0001_0800_0604L; // hardware, protocol and their addresses' lengths

    private Arp() {}

    static boolean valid(byte[] frame) {
        return EthernetFrame.type(frame) == EthernetFrame.ARP
                && frame.length >= AT + LENGTH
                && MacAddress.of(frame, AT).value() == ETHERNET_IPV4;
    }

    static int operation(byte[] frame) {
        return BigEndian.get16(frame, AT + 6);
    }

    static MacAddress senderHardware(byte[] frame) {
        return MacAddress.of(frame, AT + 8);
    }

    static Ipv4Address sender(byte[] frame) {
        return new Ipv4Address(BigEndian.get32(frame, AT + 14));
    }

    static Ipv4Address target(byte[] frame) {
        return new Ipv4Address(BigEndian.get32(frame, AT + 24));
    }

    static byte[] reply(MacAddress ours, Ipv4Address our, MacAddress theirs, Ipv4Address their) {
        byte[] frame = EthernetFrame.create(theirs, ours, EthernetFrame.ARP, LENGTH);
        System.arraycopy(new MacAddress(ETHERNET_IPV4).bytes(), 0, frame, AT, 6);
        BigEndian.put16(frame, AT + 6, REPLY);
        System.arraycopy(ours.bytes(), 0, frame, AT + 8, 6);
        BigEndian.put32(frame, AT + 14, our.value());
        System.arraycopy(theirs.bytes(), 0, frame, AT + 18, 6);
        BigEndian.put32(frame, AT + 24, their.value());
        return frame;
    }
}
