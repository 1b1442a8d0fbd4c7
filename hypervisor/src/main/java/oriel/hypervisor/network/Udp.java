package oriel.hypervisor.network;

/** UDP datagrams (RFC 768) within whole frames whose IPv4 packet was found {@link Ipv4#valid valid}. */
final class Udp {
    static final int HEADER = 8;

    private Udp() {}

    static boolean valid(byte[] frame) {
        if (Ipv4.protocol(frame) != Ipv4.UDP || Ipv4.fragment(frame)) {
            return false;
        }
        int at = Ipv4.payload(frame);
        return Ipv4.end(frame) - at >= HEADER && length(frame) >= HEADER && at + length(frame) <= Ipv4.end(frame);
    }

    private static int length(byte[] frame) {
        return BigEndian.get16(frame, Ipv4.payload(frame) + 4);
    }

    static int sourcePort(byte[] frame) {
        return BigEndian.get16(frame, Ipv4.payload(frame));
    }

    static int destinationPort(byte[] frame) {
        return BigEndian.get16(frame, Ipv4.payload(frame) + 2);
    }

    static byte[] data(byte[] frame) {
        int at = Ipv4.payload(frame);
        byte[] data = new byte[length(frame) - HEADER];
        System.arraycopy(frame, at + HEADER, data, 0, data.length);
        return data;
    }

    /** A frame with a datagram. Its checksum is left out, which IPv4 allows. */
    static byte[] create(
            MacAddress toHardware,
            MacAddress fromHardware,
            Ipv4Address to,
            int toPort,
            Ipv4Address from,
            int fromPort,
            byte[] data) {
        byte[] frame = Ipv4.create(toHardware, fromHardware, to, from, Ipv4.UDP, HEADER + data.length);
        int at = EthernetFrame.HEADER + Ipv4.HEADER;
        BigEndian.put16(frame, at, fromPort);
        BigEndian.put16(frame, at + 2, toPort);
        BigEndian.put16(frame, at + 4, HEADER + data.length);
        System.arraycopy(data, 0, frame, at + HEADER, data.length);
        return frame;
    }
}
