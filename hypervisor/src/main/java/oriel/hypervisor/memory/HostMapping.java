package oriel.hypervisor.memory;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Anonymous, private, zero-filled host memory that takes no space until it is touched (mmap(2), MAP_NORESERVE). An
 * {@code Arena} allocation would touch every page to clear it.
 */
@SuppressWarnings("restricted") // mmap and munmap by the foreign function interface
public final class HostMapping implements AutoCloseable {
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle MMAP = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("mmap"),
            FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("munmap"), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));

    private final MemorySegment start;
    private final long size;
    private boolean closed;

    private HostMapping(MemorySegment start, long size) {
        this.start = start;
        this.size = size;
    }

    /**
     * Maps memory.
     *
     * @param size in bytes, a multiple of 4096
     * @throws OutOfMemoryError if the host refuses
     */
    public static HostMapping anonymous(long size) {
        try {
            MemorySegment start = (MemorySegment) MMAP.invokeExact(
                    MemorySegment.NULL, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
            if (start.address() == -1L) {
                throw new OutOfMemoryError("the host refused to map " + (size >> 20) + " MiB of guest memory");
            }
            return new HostMapping(start, size);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Host address of the first byte. */
    public long address() {
        return start.address();
    }

    /** Size in bytes. */
    public long size() {
        return size;
    }

    /** Unmaps. Every host address made from this mapping is invalid afterwards. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            int _ = (int) MUNMAP.invokeExact(start, size);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
