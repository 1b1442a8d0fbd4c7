package oriel.hypervisor.network;

/** Fields of Ethernet frames (IEEE 802.3) without check sequence. */
final class EthernetFrame {
    static final int HEADER = 14;
    static final int MAX_LENGTH = HEADER + 1500;
    static final int IPV4 = 0x0800;
    static final int ARP = 0x0806;
    static final int IPV6 = 0x86DD;

    private EthernetFrame() {}

    /** Whether its length is one. */
    static boolean valid(byte[] frame) {
        return frame.length >= HEADER && frame.length <= MAX_LENGTH;
    }

    static MacAddress destination(byte[] frame) {
        return MacAddress.of(frame, 0);
    }

    static MacAddress source(byte[] frame) {
        return MacAddress.of(frame, 6);
    }

    static int type(byte[] frame) {
        return BigEndian.get16(frame, 12);
    }

    /** A frame with room for a payload behind its header. */
    static byte[] create(MacAddress destination, MacAddress source, int type, int payload) {
        byte[] frame = new byte[HEADER + payload];
        System.arraycopy(destination.bytes(), 0, frame, 0, 6);
        System.arraycopy(source.bytes(), 0, frame, 6, 6);
        BigEndian.put16(frame, 12, type);
        return frame;
    }
}
