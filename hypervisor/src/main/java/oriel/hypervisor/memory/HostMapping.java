package oriel.hypervisor.memory;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Private host memory that takes no space until it is written (mmap(2), MAP_NORESERVE): zero-filled, or a copy-on-write
 * view of a frozen file that any number of machines share. An {@code Arena} allocation would touch every page to clear
 * it.
 */
@SuppressWarnings("restricted") // mmap and munmap by the foreign function interface
public final class HostMapping implements AutoCloseable {
    /** Granularity of sharing and of {@link #usedPages}. */
    public static final int PAGE = 4096;

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE = 0x02, MAP_ANONYMOUS = 0x20, MAP_NORESERVE = 0x4000;
    private static final int O_RDONLY_CLOEXEC = 0x80000;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle MMAP = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("mmap"),
            FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("munmap"), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    private static final int MADV_DONTNEED = 4;
    private static final MethodHandle MADVISE = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("madvise"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle OPEN = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("open"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("close"), FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private final MemorySegment bytes;

    /** Pages of the file behind it that aren't all zero; null where there is no file. */
    private final @Nullable BitSet usedInFile;

    private boolean closed;

    private HostMapping(MemorySegment start, long size, @Nullable BitSet usedInFile) {
        this.bytes = start.reinterpret(size);
        this.usedInFile = usedInFile;
    }

    /**
     * Maps zeroed memory.
     *
     * @param size in bytes, a multiple of 4096
     * @throws OutOfMemoryError if the host refuses
     */
    public static HostMapping anonymous(long size) {
        MemorySegment start = map(size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        return new HostMapping(start, size, null);
    }

    /**
     * Maps a part of a file, copy-on-write: what is written here is seen here only. The file must never change or shrink
     * while it is mapped; deleting it is fine.
     *
     * @param offset in bytes, a multiple of 4096
     * @param size in bytes, a multiple of 4096
     * @param used pages of the part that aren't all zero
     * @throws IOException if the file is missing, unreadable or shorter than it must be
     * @throws OutOfMemoryError if the host refuses
     */
    public static HostMapping copyOnWrite(Path file, long offset, long size, BitSet used) throws IOException {
        // Behind the end of a file there is no memory: an access would be a SIGBUS.
        if (Files.size(file) < offset + size) {
            throw new IOException(
                    "%s is cut: it has %d bytes of at least %d".formatted(file, Files.size(file), offset + size));
        }
        int descriptor = open(file);
        try {
            return new HostMapping(
                    map(size, MAP_PRIVATE | MAP_NORESERVE, descriptor, offset), size, (BitSet) used.clone());
        } finally {
            close(descriptor); // the mapping keeps the file
        }
    }

    private static MemorySegment map(long size, int flags, int descriptor, long offset) {
        try {
            MemorySegment start = (MemorySegment)
                    MMAP.invokeExact(MemorySegment.NULL, size, PROT_READ_WRITE, flags, descriptor, offset);
            if (start.address() == -1L) {
                throw new OutOfMemoryError("the host refused to map " + (size >> 20) + " MiB of guest memory");
            }
            return start;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** By open(2): a read-only channel of Java's makes no private mapping, and a frozen file needn't be writable. */
    private static int open(Path file) throws IOException {
        int descriptor;
        try (Arena arena = Arena.ofConfined()) {
            descriptor = (int) OPEN.invokeExact(arena.allocateFrom(file.toString()), O_RDONLY_CLOEXEC, 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        if (descriptor < 0) {
            throw new NoSuchFileException(file.toString(), null, "can't be opened");
        }
        return descriptor;
    }

    private static void close(int descriptor) {
        try {
            int _ = (int) CLOSE.invokeExact(descriptor);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static AssertionError unexpected(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new AssertionError(e);
    }

    /** Host address of the first byte. */
    public long address() {
        return bytes.address();
    }

    /** Size in bytes. */
    public long size() {
        return bytes.byteSize();
    }

    /**
     * The memory itself, bounds-checked.
     *
     * <p>Nothing may use it after {@link #close}.
     */
    public MemorySegment bytes() {
        return bytes;
    }

    /**
     * Numbers of pages that aren't all zero. Of pages that are written meanwhile the answer means nothing. Pages that were never touched aren't looked at,
     * so that looking takes no memory.
     */
    public BitSet usedPages() {
        int pages = Math.toIntExact(size() / PAGE);
        PageResidency residency = PageResidency.of(address(), pages);
        BitSet used = new BitSet(pages);
        for (int page = 0; page < pages; page++) {
            if (residency.isPrivate(page)) {
                used.set(page, !isZero(page));
            } else {
                used.set(page, usedInFile != null && usedInFile.get(page));
            }
        }
        return used;
    }

    /** Which of these pages aren't all zero. They are looked at, and so take memory. */
    BitSet usedAmong(BitSet pages) {
        BitSet used = new BitSet();
        pages.stream().filter(page -> !isZero(page)).forEach(used::set);
        return used;
    }

    private boolean isZero(int page) {
        long start = address() + (long) page * PAGE;
        for (long at = start; at < start + PAGE; at += Long.BYTES) {
            if (NativeMemory.get64(at) != 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * What a mapping has of the host's memory, in bytes.
     *
     * @param own this mapping alone
     * @param shared it and whoever else maps the file
     */
    public record Resident(long own, long shared) {
        /** Both. */
        public Resident plus(Resident other) {
            return new Resident(own + other.own, shared + other.shared);
        }
    }

    /** What it has now. */
    public Resident resident() {
        int pages = Math.toIntExact(size() / PAGE);
        PageResidency residency = PageResidency.of(address(), pages);
        long own = 0, shared = 0;
        for (int page = 0; page < pages; page++) {
            own += residency.isPrivate(page) ? PAGE : 0;
            shared += residency.isShared(page) ? PAGE : 0;
        }
        return new Resident(own, shared);
    }

    /** Bytes of the host's memory that this mapping alone has: not what it shares with a file. */
    public long privateBytes() {
        return resident().own();
    }

    /**
     * Writes pages to the same places in a file, as few calls as there are runs of them.
     *
     * @param at where this memory begins in the file
     */
    void write(BitSet pages, FileChannel file, long at) throws IOException {
        for (int page = pages.nextSetBit(0); page >= 0; ) {
            int end = pages.nextClearBit(page);
            long from = (long) page * PAGE;
            for (long length = (long) (end - page) * PAGE; length > 0; ) {
                int part = (int) Math.min(length, 1 << 30);
                ByteBuffer run = bytes.asSlice(from, part).asByteBuffer();
                while (run.hasRemaining()) {
                    file.write(run, at + from + run.position());
                }
                from += part;
                length -= part;
            }
            page = pages.nextSetBit(end);
        }
    }

    /**
     * Gives pages back to the host. They read as zero afterwards, or as the file behind them has them.
     *
     * @param offset a multiple of {@link #PAGE}
     * @param length the same; within the mapping
     */
    public void discard(long offset, long length) {
        if ((offset | length) % PAGE != 0) {
            throw new IllegalArgumentException("only whole pages can be given back");
        }
        MemorySegment pages = bytes.asSlice(offset, length);
        try {
            int _ = (int) MADVISE.invokeExact(pages, length, MADV_DONTNEED); // refused: they stay, which is no harm
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Unmaps. Every host address made from this mapping is invalid afterwards. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            int _ = (int) MUNMAP.invokeExact(MemorySegment.ofAddress(address()), size());
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }
}
