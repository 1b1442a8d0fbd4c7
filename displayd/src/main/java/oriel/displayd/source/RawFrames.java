package oriel.displayd.source;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/**
 * A file of pictures, one after the other without headers: 32 bits per pixel as blue, green, red and a byte that means
 * nothing, rows from top to bottom. It is mapped, so its length costs address space only. Thread-safe until closed.
 */
public final class RawFrames implements AutoCloseable {
    private static final ValueLayout.OfInt PIXEL = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes;
    private final DisplaySize size;
    private final int count;

    /**
     * Opens a file.
     *
     * @param file what to read; must not shrink while it is open
     * @param size of every picture
     * @throws IOException if it can't be read, or its length is no multiple of a picture's
     */
    public RawFrames(Path file, DisplaySize size) throws IOException {
        this.size = size;
        long frameBytes = 4L * size.width() * size.height();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long length = channel.size();
            if (length == 0 || length % frameBytes != 0 || length / frameBytes > Integer.MAX_VALUE) {
                throw new IOException(
                        "%s has %d bytes: a picture of %d×%d has %d, and there must be one or more whole ones"
                                .formatted(file, length, size.width(), size.height(), frameBytes));
            }
            count = (int) (length / frameBytes);
            bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, length, arena);
        }
    }

    /** Of every picture. */
    public DisplaySize size() {
        return size;
    }

    /** Number of pictures. */
    public int count() {
        return count;
    }

    /** Copies an area of a picture as 0x00RRGGBB. */
    public void copy(int frame, Rectangle area, int[] to, int offset, int stride) {
        for (int y = 0; y < area.height(); y++) {
            long row = ((long) frame * size.height() + area.y() + y) * size.width() + area.x();
            int at = offset + y * stride;
            MemorySegment.copy(bytes, PIXEL, row * 4, to, at, area.width());
            for (int x = 0; x < area.width(); x++) {
                to[at + x] &= 0xFFFFFF;
            }
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
