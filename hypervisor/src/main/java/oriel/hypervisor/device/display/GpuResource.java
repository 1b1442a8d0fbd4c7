package oriel.hypervisor.device.display;

import java.util.Arrays;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;
import oriel.hypervisor.memory.GuestMemory;

/** A picture of the guest: the host's copy in video memory, and the guest's own in pieces of its RAM. */
final class GpuResource {
    static final int PIXEL = 4;

    /** Pieces of the guest's copy: a driver gives one for each page at most. */
    static final int MOST_PIECES = 16_384;

    private static final int CHUNK = 1 << 16;

    final GpuFormat format;
    final DisplaySize size;

    /** Of the host's copy, in bytes from the start of video memory. */
    final long start;

    private long[] addresses = {};
    private long[] ends = {}; // of the pieces, counted from the first

    GpuResource(GpuFormat format, DisplaySize size, long start) {
        this.format = format;
        this.size = size;
        this.start = start;
    }

    static long bytes(DisplaySize size) {
        return (long) PIXEL * size.width() * size.height();
    }

    int pitch() {
        return PIXEL * size.width();
    }

    /**
     * Sets the guest's copy.
     *
     * @param lengths unsigned, of the pieces
     */
    void attach(long[] pieces, int[] lengths) {
        addresses = pieces;
        ends = new long[pieces.length];
        long end = 0;
        for (int i = 0; i < pieces.length; i++) {
            end += Integer.toUnsignedLong(lengths[i]);
            ends[i] = end;
        }
    }

    void detach() {
        addresses = new long[0];
        ends = new long[0];
    }

    int pieces() {
        return addresses.length;
    }

    /** Whether the guest's copy has so many bytes from there. */
    boolean covers(long offset, Rectangle area) {
        long last = offset + (long) (area.height() - 1) * pitch() + (long) PIXEL * area.width();
        return offset >= 0 && last >= offset && ends.length > 0 && last <= ends[ends.length - 1];
    }

    /**
     * Copies from the guest's copy to the host's.
     *
     * @param offset of the area's first pixel in the guest's copy; {@link #covers} it
     */
    void transfer(GuestMemory guest, VideoMemory video, long offset, Rectangle area) {
        if (area.width() == size.width()) {
            copy(guest, video, offset, start + (long) area.y() * pitch(), (long) pitch() * area.height());
            return;
        }
        for (int row = 0; row < area.height(); row++) {
            long to = start + (long) (area.y() + row) * pitch() + (long) PIXEL * area.x();
            copy(guest, video, offset + (long) row * pitch(), to, (long) PIXEL * area.width());
        }
    }

    private void copy(GuestMemory guest, VideoMemory video, long from, long to, long length) {
        byte[] chunk = new byte[(int) Math.min(length, CHUNK)];
        for (long done = 0; done < length; done += chunk.length) {
            int part = (int) Math.min(chunk.length, length - done);
            read(guest, from + done, chunk, part);
            format.reorder(chunk, part);
            video.write(to + done, chunk, part);
        }
    }

    private void read(GuestMemory guest, long from, byte[] to, int length) {
        int piece = Arrays.binarySearch(ends, from + 1);
        piece = piece < 0 ? -piece - 1 : piece;
        int done = 0;
        while (done < length) {
            long begin = piece == 0 ? 0 : ends[piece - 1];
            long inPiece = from + done - begin;
            int part = (int) Math.min(length - done, ends[piece] - begin - inPiece);
            if (part > 0) {
                guest.read(addresses[piece] + inPiece, to, done, part);
                done += part;
            }
            piece++;
        }
    }

    void save(StateWriter out) {
        out.i32(format.id()).u16(size.width()).u16(size.height()).i64(start).i32(addresses.length);
        for (int i = 0; i < addresses.length; i++) {
            out.i64(addresses[i]).i64(ends[i]);
        }
    }

    static GpuResource load(StateReader in, long memory) {
        GpuFormat format = GpuFormat.of(in.i32()).orElse(null);
        DisplaySize size = new DisplaySize(Math.max(1, in.u16() & 0x3FFF), Math.max(1, in.u16() & 0x3FFF));
        long start = in.i64();
        int pieces = in.i32();
        if (format == null || start < 0 || start + bytes(size) > memory || pieces < 0 || pieces > MOST_PIECES) {
            throw new StateException("a saved picture of the graphics adapter is impossible");
        }
        GpuResource resource = new GpuResource(format, size, start);
        resource.addresses = new long[pieces];
        resource.ends = new long[pieces];
        for (int i = 0; i < pieces; i++) {
            resource.addresses[i] = in.i64();
            resource.ends[i] = in.i64();
            if (resource.ends[i] < (i == 0 ? 0 : resource.ends[i - 1])) {
                throw new StateException("a saved picture of the graphics adapter has impossible pieces");
            }
        }
        return resource;
    }
}
