package oriel.hypervisor.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A machine's memories on their way to a file, one behind the other; sparse, so that pages of zeroes take no space. The
 * first of them, its RAM, may be written to meanwhile: a page may be torn when it is copied, and whoever knows that it was
 * written to has it copied again. Thread-safe.
 */
public final class MemoryCopy implements AutoCloseable {
    /** Pages that are copied before {@link #close} gets its turn. */
    private static final int PIECE = 1024;

    private final List<HostMapping> memories;
    private final FileChannel out;

    /** Pages of the RAM that weren't all zero when they were looked at last. */
    private final BitSet used = new BitSet();

    /** Pages of the RAM that the file has something for. */
    private final BitSet copied = new BitSet();

    private boolean closed;

    /**
     * Opens the file.
     *
     * @param file must not exist
     * @param memories RAM, then others
     * @throws IOException if the file exists or can't be written
     */
    public MemoryCopy(Path file, List<HostMapping> memories) throws IOException {
        this.memories = List.copyOf(memories);
        this.out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    private HostMapping ram() {
        return memories.getFirst();
    }

    /**
     * Copies the RAM.
     *
     * @throws IOException if the file can't be written, or this is closed
     */
    public void copyAll() throws IOException {
        write(look());
    }

    private synchronized BitSet look() throws IOException {
        requireOpen();
        BitSet pages = ram().usedPages();
        used.or(pages);
        return pages;
    }

    /**
     * Copies pages of the RAM again.
     *
     * @throws IOException if the file can't be written, or this is closed
     */
    public void copy(BitSet pages) throws IOException {
        write(lookAgain(pages));
    }

    private synchronized BitSet lookAgain(BitSet pages) throws IOException {
        requireOpen();
        BitSet now = ram().usedAmong(pages);
        used.andNot(pages);
        used.or(now);
        BitSet stale = (BitSet) pages.clone(); // what was there and is zero now: the file needs the zeroes
        stale.and(copied);
        stale.or(now);
        return stale;
    }

    private void write(BitSet pages) throws IOException {
        for (int first = pages.nextSetBit(0); first >= 0; first = pages.nextSetBit(first + PIECE)) {
            BitSet piece = new BitSet();
            for (int page = first; page >= 0 && page < first + PIECE; page = pages.nextSetBit(page + 1)) {
                piece.set(page);
            }
            writePiece(piece);
        }
    }

    private synchronized void writePiece(BitSet pages) throws IOException {
        requireOpen();
        ram().write(pages, out, 0);
        copied.or(pages);
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new IOException("the machine has ended while its memory was copied");
        }
    }

    /**
     * Copies what is left, of memories that nobody writes to meanwhile. The file isn't durable yet: {@link FileChannel#force}
     * it before something relies on it.
     *
     * @param written pages of the RAM, since they were copied
     * @return for each memory, the pages that aren't all zero
     * @throws IOException if the file can't be written, or this is closed
     */
    public List<BitSet> finish(BitSet written) throws IOException {
        copy(written);
        return writeOthers();
    }

    private synchronized List<BitSet> writeOthers() throws IOException {
        requireOpen();
        List<BitSet> all = new ArrayList<>(List.of((BitSet) used.clone()));
        long at = ram().size();
        for (HostMapping memory : memories.subList(1, memories.size())) {
            BitSet pages = memory.usedPages();
            memory.write(pages, out, at);
            all.add(pages);
            at += memory.size();
        }
        if (out.size() < at) {
            out.write(ByteBuffer.allocate(1), at - 1); // Java can't lengthen a file otherwise
        }
        return all;
    }

    /** Waits for what is being copied, and copies nothing any more: the memories may go. */
    @Override
    public synchronized void close() throws IOException {
        closed = true;
        out.close();
    }
}
