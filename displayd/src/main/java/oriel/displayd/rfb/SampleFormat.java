package oriel.displayd.rfb;

/** How a client wants a sample (rfbproto "QEMU Audio", in the order of its numbers); those of several bytes little-endian. */
public enum SampleFormat {
    U8(1, 0x80),
    S8(1, 0),
    U16(2, 0x8000),
    S16(2, 0),
    U32(4, 0x8000_0000),
    S32(4, 0);

    private final int bytes;
    private final int offset;

    SampleFormat(int bytes, int offset) {
        this.bytes = bytes;
        this.offset = offset;
    }

    /** Size of a sample. */
    public int bytes() {
        return bytes;
    }

    /** Appends a sample. */
    public void write(short sample, WireBuffer out) {
        int value = (bytes == 1 ? sample >> 8 : bytes == 4 ? sample << 16 : sample) + offset;
        for (int shift = 0; shift < 8 * bytes; shift += 8) {
            out.u8(value >>> shift);
        }
    }
}
