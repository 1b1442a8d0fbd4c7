package oriel.hypervisor.device.virtio;

import java.util.ArrayList;
import java.util.List;

/** A request of a block driver (virtio 1.2 §5.2.6), checked against the disk's size. */
sealed interface BlockRequest {
    int SECTOR = 512;

    /** Bound on the data of a request: no conforming driver reaches it with the limits of {@link BlockConfig}. */
    int MAX_BYTES = 32 << 20;

    int STATUS_OK = 0;
    int STATUS_IOERR = 1;
    int STATUS_UNSUPPORTED = 2;

    /** Length of the identification string. */
    int ID_LENGTH = 20;

    /** Bytes of the disk. */
    record Range(long offset, long length) {}

    /** Disk to guest. */
    record Read(Range range) implements BlockRequest {}

    /** Guest to disk. */
    @SuppressWarnings("ArrayRecordComponent") // a buffer, never compared
    record Write(long offset, byte[] data) implements BlockRequest {}

    /** Makes completed writes durable. */
    record Flush() implements BlockRequest {}

    /** The ranges' content is no longer needed. */
    record Discard(List<Range> ranges) implements BlockRequest {}

    /** The ranges read as zeroes. */
    record WriteZeroes(List<Range> ranges) implements BlockRequest {}

    /** Asks for the serial number. */
    record GetId() implements BlockRequest {}

    /** Answered at once with an error. */
    record Refused(int status) implements BlockRequest {}

    private static BlockRequest ioError() {
        return new Refused(STATUS_IOERR);
    }

    /**
     * Reads a request from guest memory.
     *
     * @throws VirtioException if it has no room for a header and a status
     */
    static BlockRequest parse(DescriptorChain chain, long diskSize, boolean readOnly) {
        if (chain.readableBytes() < 16 || chain.writableBytes() < 1) {
            throw new VirtioException("block request without header or status");
        }
        byte[] header = new byte[16];
        chain.read(0, header, 0, 16);
        int type = LittleEndian.get32(header, 0);
        long sector = LittleEndian.get64(header, 8);
        long in = chain.writableBytes() - 1;
        long out = chain.readableBytes() - 16;
        return switch (type) {
            case 0 ->
                in <= MAX_BYTES && in % SECTOR == 0 && inside(sector, in, diskSize)
                        ? new Read(new Range(sector * SECTOR, in))
                        : ioError();
            case 1 ->
                !readOnly && out <= MAX_BYTES && out % SECTOR == 0 && inside(sector, out, diskSize)
                        ? new Write(sector * SECTOR, data(chain, (int) out))
                        : ioError();
            case 4 -> new Flush();
            case 8 -> in >= ID_LENGTH ? new GetId() : ioError();
            case 11, 13 -> readOnly ? ioError() : ranges(chain, out, type == 11, diskSize);
            default -> new Refused(STATUS_UNSUPPORTED);
        };
    }

    private static boolean inside(long sector, long bytes, long diskSize) {
        long sectors = diskSize / SECTOR;
        return sector >= 0 && sector <= sectors && bytes / SECTOR <= sectors - sector;
    }

    private static byte[] data(DescriptorChain chain, int length) {
        byte[] data = new byte[length];
        chain.read(16, data, 0, length);
        return data;
    }

    /** The segments of a discard or write-zeroes request (§5.2.6.2). */
    private static BlockRequest ranges(DescriptorChain chain, long length, boolean discard, long diskSize) {
        if (length == 0 || length % 16 != 0 || length / 16 > BlockConfig.MAX_RANGES) {
            return ioError();
        }
        byte[] segments = data(chain, (int) length);
        List<Range> ranges = new ArrayList<>();
        for (int at = 0; at < segments.length; at += 16) {
            long sector = LittleEndian.get64(segments, at);
            long bytes = (LittleEndian.get32(segments, at + 8) & 0xFFFF_FFFFL) * SECTOR;
            int flags = LittleEndian.get32(segments, at + 12);
            if ((flags & ~1) != 0 || (discard && flags != 0)) {
                return new Refused(STATUS_UNSUPPORTED);
            }
            if (bytes > BlockConfig.MAX_RANGE_SECTORS * (long) SECTOR || !inside(sector, bytes, diskSize)) {
                return ioError();
            }
            ranges.add(new Range(sector * SECTOR, bytes));
        }
        return discard ? new Discard(List.copyOf(ranges)) : new WriteZeroes(List.copyOf(ranges));
    }
}
