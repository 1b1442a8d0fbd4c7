package oriel.hypervisor.machine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.memory.MemoryCopy;

/**
 * A machine on its way to a {@link SavedMachine}, while its guest runs: the RAM is copied, then what the guest has written
 * since, again and again until little is left. {@link Machine.Still#save(RunningSave)} copies the rest. Used by one thread,
 * and by the machine's while that one waits.
 */
public final class RunningSave implements AutoCloseable {
    /** So many pages are written in a few milliseconds: the machine may stand still for them. */
    private static final int FEW = 512;

    /** A guest that writes as fast as it is copied isn't waited for. */
    private static final int MOST_ROUNDS = 8;

    private static final Logger LOG = LoggerFactory.getLogger(RunningSave.class);

    private final Path folder;
    private final MemoryCopy copy;
    private final WrittenPages guest;

    /** The machine's log of written pages. */
    interface WrittenPages {
        /** Those since the last time; blocks. */
        BitSet take() throws IOException;

        /** Nobody asks for them any more. */
        void forget();
    }

    RunningSave(Path folder, MemoryCopy copy, WrittenPages guest) {
        this.folder = folder;
        this.copy = copy;
        this.guest = guest;
    }

    Path folder() {
        return folder;
    }

    void copyAhead() throws IOException {
        copy.copyAll();
        int before = Integer.MAX_VALUE;
        for (int round = 0; round < MOST_ROUNDS; round++) {
            BitSet written = guest.take();
            copy.copy(written);
            int pages = written.cardinality();
            if (pages <= FEW || pages > before / 2) {
                return;
            }
            before = pages;
        }
    }

    /** On the machine's thread, while it stands still. */
    List<BitSet> finish(BitSet written) throws IOException {
        return copy.finish(written);
    }

    /** The machine ends, and takes its memory along. */
    void abandon() {
        try {
            copy.close();
        } catch (IOException e) {
            LOG.warn("an unfinished copy of a machine's memory could not be closed: {}", e.getMessage());
        }
    }

    /** Ends the save, whatever came of it; files that it left are the caller's. */
    @Override
    public void close() throws IOException {
        guest.forget();
        copy.close();
    }
}
