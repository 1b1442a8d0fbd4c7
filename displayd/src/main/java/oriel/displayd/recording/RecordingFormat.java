package oriel.displayd.recording;

/**
 * The file of a recorded session. All numbers are big-endian, as RFB's are.
 *
 * <pre>
 * header    "OrielRec", u32 version (1), u32 0, u64 start in milliseconds since 1970
 * records   u8 kind, u24 length of the payload, u32 milliseconds since the start, payload
 * trailer   u64 position of the index record, "OrielIdx"
 * </pre>
 *
 * A record of kind {@link #SEGMENT} begins a whole RFB 3.8 session as its server sends it, from the protocol version on,
 * with a complete picture first; what follows of it is in records of kind {@link #DATA}. A player may start at any
 * segment, and feeds it to a decoder of RFB that knows Tight, CopyRect, LastRect and DesktopSize. The last record is the
 * {@link #INDEX}: for each segment u32 milliseconds and u64 position of its record. A file without trailer was not
 * finished; its records are still good.
 */
final class RecordingFormat {
    static final long HEADER_MAGIC = 0x4F7269656C526563L;
    static final long TRAILER_MAGIC = 0x4F7269656C496478L;
    static final int VERSION = 1;

    static final int HEADER_BYTES = 24;
    static final int RECORD_HEADER_BYTES = 8;
    static final int INDEX_ENTRY_BYTES = 12;
    static final int TRAILER_BYTES = 16;
    /** Length has 24 bits. */
    static final int MAX_PAYLOAD = (1 << 24) - 1;

    static final int SEGMENT = 'K';
    static final int DATA = 'D';
    static final int INDEX = 'I';

    private RecordingFormat() {}
}
