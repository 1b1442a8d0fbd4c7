package oriel.hypervisor.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Which pages of a range the process has a copy of its own of, as Linux tells in /proc/self/pagemap
 * (Documentation/admin-guide/mm/pagemap.rst). Where it doesn't, every page counts as private.
 */
final class PageResidency {
    private static final Path PAGEMAP = Path.of("/proc/self/pagemap");
    private static final long PRESENT = 1L << 63;
    private static final long SWAPPED = 1L << 62;
    private static final long OF_A_FILE = 1L << 61;

    private final LongBuffer entries;

    private PageResidency(LongBuffer entries) {
        this.entries = entries;
    }

    static PageResidency of(long address, int pages) {
        ByteBuffer bytes = ByteBuffer.allocate(pages * Long.BYTES).order(ByteOrder.nativeOrder());
        try (FileChannel pagemap = FileChannel.open(PAGEMAP, StandardOpenOption.READ)) {
            long at = address / HostMapping.PAGE * Long.BYTES;
            while (bytes.hasRemaining() && pagemap.read(bytes, at + bytes.position()) > 0) {
                // until it is full
            }
        } catch (IOException e) {
            bytes.position(0);
        }
        return new PageResidency(bytes.flip().asLongBuffer());
    }

    /** Whether the page is in memory, and the file's: whoever else maps it has the same one. */
    boolean isShared(int page) {
        return page < entries.limit() && (entries.get(page) & (PRESENT | OF_A_FILE)) == (PRESENT | OF_A_FILE);
    }

    boolean isPrivate(int page) {
        if (page >= entries.limit()) {
            return true;
        }
        long entry = entries.get(page);
        return (entry & (PRESENT | SWAPPED)) != 0 && (entry & OF_A_FILE) == 0;
    }
}
