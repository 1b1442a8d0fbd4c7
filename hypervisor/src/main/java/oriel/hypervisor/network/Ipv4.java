package oriel.hypervisor.network;

/** IPv4 packets (RFC 791) within whole frames. */
final class Ipv4 {
    static final int ICMP = 1;
    static final int UDP = 17;
    static final int HEADER = 20;

    private static final int AT = EthernetFrame.HEADER;
    private static final int MORE_FRAGMENTS_OR_OFFSET = 0x3FFF;
    private static final int TIME_TO_LIVE = 64;

    private Ipv4() {}

    /** Whether the frame has a packet whose header and length make sense. */
    static boolean valid(byte[] frame) {
        if (EthernetFrame.type(frame) != EthernetFrame.IPV4 || frame.length < AT + HEADER || frame[AT] >> 4 != 4) {
            return false;
        }
        int header = headerLength(frame);
        int total = BigEndian.get16(frame, AT + 2);
        return header >= HEADER && total >= header && AT + total <= frame.length;
    }

    static int headerLength(byte[] frame) {
        return (frame[AT] & 15) * 4;
    }

    static Ipv4Address source(byte[] frame) {
        return new Ipv4Address(BigEndian.get32(frame, AT + 12));
    }

    static Ipv4Address destination(byte[] frame) {
        return new Ipv4Address(BigEndian.get32(frame, AT + 16));
    }

    static int protocol(byte[] frame) {
        return frame[AT + 9] & 0xFF;
    }

    static boolean fragment(byte[] frame) {
        return (BigEndian.get16(frame, AT + 6) & MORE_FRAGMENTS_OR_OFFSET) != 0;
    }

    /** Where the packet's content begins in the frame. */
    static int payload(byte[] frame) {
        return AT + headerLength(frame);
    }

    /** Where it ends. */
    static int end(byte[] frame) {
        return AT + BigEndian.get16(frame, AT + 2);
    }

    /** A frame with room for the packet's content at {@code HEADER + EthernetFrame.HEADER}. */
    static byte[] create(
            MacAddress toHardware,
            MacAddress fromHardware,
            Ipv4Address to,
            Ipv4Address from,
            int protocol,
            int payload) {
        byte[] frame = EthernetFrame.create(toHardware, fromHardware, EthernetFrame.IPV4, HEADER + payload);
        frame[AT] = 0x45;
        BigEndian.put16(frame, AT + 2, HEADER + payload);
        frame[AT + 8] = TIME_TO_LIVE;
        frame[AT + 9] = (byte) protocol;
        BigEndian.put32(frame, AT + 12, from.value());
        BigEndian.put32(frame, AT + 16, to.value());
        BigEndian.put16(frame, AT + 10, checksum(frame, AT, AT + HEADER, 0));
        return frame;
    }

    /** The Internet checksum (RFC 1071) of some bytes. */
    static int checksum(byte[] bytes, int from, int to, int start) {
        int sum = start;
        for (int at = from; at < to; at += 2) {
            sum += (bytes[at] & 0xFF) << 8 | (at + 1 < to ? bytes[at + 1] & 0xFF : 0);
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return ~sum & 0xFFFF;
    }
}
