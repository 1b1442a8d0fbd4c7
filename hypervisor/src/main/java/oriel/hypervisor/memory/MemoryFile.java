package oriel.hypervisor.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** A machine's memories in a file, one behind the other; sparse, so that pages of zeroes take no space. Stateless. */
public final class MemoryFile {
    private MemoryFile() {}

    /**
     * Writes memories that nobody writes to meanwhile. It isn't durable yet: {@link FileChannel#force} the file before
     * something relies on it.
     *
     * @param file must not exist
     * @return for each memory, the pages that aren't all zero
     * @throws IOException if the file exists or can't be written; it is there then, incomplete
     */
    public static List<BitSet> write(Path file, List<HostMapping> memories) throws IOException {
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            List<BitSet> used = new ArrayList<>();
            long at = 0;
            for (HostMapping memory : memories) {
                BitSet pages = memory.usedPages();
                memory.write(pages, out, at);
                used.add(pages);
                at += memory.size();
            }
            if (out.size() < at) {
                out.write(ByteBuffer.allocate(1), at - 1); // Java can't lengthen a file otherwise
            }
            return used;
        }
    }
}
