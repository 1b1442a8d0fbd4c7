package oriel.hypervisor.network;

/** Numbers in network byte order. */
final class BigEndian {
    private BigEndian() {}

    static int get16(byte[] from, int at) {
        return (from[at] & 0xFF) << 8 | from[at + 1] & 0xFF;
    }

    static int get32(byte[] from, int at) {
        return get16(from, at) << 16 | get16(from, at + 2);
    }

    static void put16(byte[] to, int at, int value) {
        to[at] = (byte) (value >>> 8);
        to[at + 1] = (byte) value;
    }

    static void put32(byte[] to, int at, int value) {
        put16(to, at, value >>> 16);
        put16(to, at + 2, value);
    }
}
