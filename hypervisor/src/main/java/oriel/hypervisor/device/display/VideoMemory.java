package oriel.hypervisor.device.display;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.display.Rectangle;
import oriel.hypervisor.memory.HostMapping;

/**
 * Memory that a graphics adapter shows. Takes no space until it is written. The guest writes it on the machine's thread;
 * any thread may copy pixels out of it, torn if the guest writes them at that moment, and never after {@link #close}.
 */
public final class VideoMemory implements AutoCloseable {
    /** Enough for a 2560×1600 desktop: bochs-drm offers modes only up to half of the memory. */
    public static final int DEFAULT_SIZE = 32 << 20;

    private static final int PAGE = 4096;
    private static final int SAVED_BY_OWNER = -1;
    private static final ValueLayout.OfInt WORD_32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

    private final HostMapping mapping;
    private final MemorySegment bytes;

    /** Whoever saves the machine saves the pixels, by its mapping. */
    private final boolean savedByOwner;

    private final ReadWriteLock lifetime = new ReentrantReadWriteLock();
    private boolean closed; // guarded by lifetime

    /**
     * Zeroed memory.
     *
     * @param size in bytes: a power of two of at least 4 MiB, the least that bochs-drm accepts
     */
    public VideoMemory(int size) {
        this(HostMapping.anonymous(checked(size)), false);
    }

    /**
     * Memory that its owner saves and restores with the machine's RAM: {@link #save} leaves the pixels out. It is closed
     * with this.
     *
     * @param mapping of a size that {@link #VideoMemory(int)} allows
     */
    public VideoMemory(HostMapping mapping) {
        this(mapping, true);
    }

    private VideoMemory(HostMapping mapping, boolean savedByOwner) {
        checked(mapping.size());
        this.mapping = mapping;
        this.bytes = mapping.bytes();
        this.savedByOwner = savedByOwner;
    }

    private static long checked(long size) {
        if (size < 4 << 20 || size > 1 << 30 || Long.bitCount(size) != 1) {
            throw new IllegalArgumentException("video memory of " + size + " bytes");
        }
        return size;
    }

    /** In bytes. */
    public int size() {
        return (int) mapping.size();
    }

    long hostAddress() {
        return mapping.address();
    }

    /**
     * Draws part of a picture as 0x00RRGGBB.
     *
     * @return false if the memory is gone
     */
    boolean draw(Scanout scanout, Rectangle area, int[] to, int at, int stride) {
        lifetime.readLock().lock();
        try {
            if (closed) {
                return false;
            }
            scanout.draw(bytes, area, to, at, stride);
            return true;
        } finally {
            lifetime.readLock().unlock();
        }
    }

    /** Writes bytes; on the machine's thread. */
    void write(long start, byte[] from, int length) {
        MemorySegment.copy(from, 0, bytes, JAVA_BYTE, start, length);
    }

    /** Reads little-endian words of 32 bits; on the machine's thread. */
    void words(long start, int[] to) {
        MemorySegment.copy(bytes, WORD_32, start, to, 0, to.length);
    }

    void clear(long start, long length) {
        bytes.asSlice(start, length).fill((byte) 0);
    }

    /** Writes the pages that aren't all zero, each behind its number; or that its owner has them. */
    void save(StateWriter out) {
        if (savedByOwner) {
            out.i32(size()).i32(SAVED_BY_OWNER);
            return;
        }
        BitSet used = new BitSet();
        for (int page = 0; page < size() / PAGE; page++) {
            used.set(page, !isZero(page));
        }
        out.i32(size()).i32(used.cardinality());
        byte[] content = new byte[PAGE];
        used.stream().forEach(page -> {
            MemorySegment.copy(bytes, JAVA_BYTE, (long) page * PAGE, content, 0, PAGE);
            out.i32(page).blob(content);
        });
    }

    private boolean isZero(int page) {
        for (long at = (long) page * PAGE; at < (long) (page + 1) * PAGE; at += 8) {
            if (bytes.get(WORD, at) != 0) {
                return false;
            }
        }
        return true;
    }

    void load(StateReader in) {
        if (in.i32() != size()) {
            throw new StateException("saved video memory has another size than this machine's " + size() + " bytes");
        }
        int count = in.i32();
        if (count == SAVED_BY_OWNER) {
            return;
        }
        clear(0, size());
        for (int i = 0; i < count; i++) {
            int page = in.i32();
            byte[] content = in.blob();
            if (page < 0 || page >= size() / PAGE || content.length != PAGE) {
                throw new StateException("saved video memory has an impossible page " + page);
            }
            MemorySegment.copy(content, 0, bytes, JAVA_BYTE, (long) page * PAGE, PAGE);
        }
    }

    /** Gives the host memory back, once no copy is under way. */
    @Override
    public void close() {
        lifetime.writeLock().lock();
        try {
            closed = true;
            mapping.close();
        } finally {
            lifetime.writeLock().unlock();
        }
    }
}
