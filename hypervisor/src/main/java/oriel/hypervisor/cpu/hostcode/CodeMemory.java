package oriel.hypervisor.cpu.hostcode;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import oriel.hypervisor.memory.NativeMemory;

/**
 * Memory that code is run from. It is mapped twice, writable here and executable there, so that no page is both at once.
 * Takes host memory only where it has been written. Not thread-safe.
 */
@SuppressWarnings("restricted") // memfd_create and mmap by the foreign function interface
public final class CodeMemory implements AutoCloseable {
    private static final int PROT_READ_WRITE = 3, PROT_READ_EXECUTE = 5, MAP_SHARED = 1;
    private static final int MFD_CLOEXEC = 1, MFD_EXEC = 0x10;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle MEMFD_CREATE =
            call("memfd_create", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle FTRUNCATE =
            call("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MMAP =
            call("mmap", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = call("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle CLOSE = call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private final int size;
    private final long writable;
    private final long executable;
    private boolean closed;

    /**
     * Maps it.
     *
     * @param size in bytes, a multiple of 4096
     * @throws IOException if the host doesn't allow it
     */
    public CodeMemory(int size) throws IOException {
        this.size = size;
        try (Arena names = Arena.ofConfined()) {
            int file = (int) MEMFD_CREATE.invokeExact(names.allocateFrom("translated code"), MFD_CLOEXEC | MFD_EXEC);
            if (file < 0) {
                // Kernels before 6.3 don't know MFD_EXEC: all such files are executable there.
                file = (int) MEMFD_CREATE.invokeExact(names.allocateFrom("translated code"), MFD_CLOEXEC);
            }
            if (file < 0 || (int) FTRUNCATE.invokeExact(file, (long) size) != 0) {
                throw new IOException("the host gives no memory for translated code");
            }
            writable = map(size, PROT_READ_WRITE, file);
            executable = map(size, PROT_READ_EXECUTE, file);
            int _ = (int) CLOSE.invokeExact(file);
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static MethodHandle call(String name, FunctionDescriptor type) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type);
    }

    private static long map(long size, int protection, int file) throws Throwable {
        MemorySegment start =
                (MemorySegment) MMAP.invokeExact(MemorySegment.NULL, size, protection, MAP_SHARED, file, 0L);
        if (start.address() == -1L) {
            throw new IOException("the host doesn't let translated code be run (mmap with PROT_EXEC is refused)");
        }
        return start.address();
    }

    private static AssertionError unexpected(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new AssertionError(e);
    }

    /** Size in bytes. */
    public int size() {
        return size;
    }

    /** Where the first byte is run. */
    public long address() {
        return executable;
    }

    /**
     * Writes code.
     *
     * @param at offset in bytes
     */
    public void write(int at, byte[] code) {
        if (at < 0 || at + code.length > size) {
            throw new IndexOutOfBoundsException(at);
        }
        MemorySegment.copy(
                code,
                0,
                MemorySegment.ofAddress(writable + at).reinterpret(code.length),
                java.lang.foreign.ValueLayout.JAVA_BYTE,
                0,
                code.length);
    }

    /** Writes a jump (5 bytes) from one offset to another over what is there. */
    public void jump(int at, int to) {
        if (at < 0 || at + 5 > size) {
            throw new IndexOutOfBoundsException(at);
        }
        NativeMemory.put8(writable + at, (byte) 0xE9);
        NativeMemory.put32(writable + at + 1, to - (at + 5));
    }

    /** Adds to a number of four bytes. */
    public void add(int at, int value) {
        if (at < 0 || at + 4 > size) {
            throw new IndexOutOfBoundsException(at);
        }
        NativeMemory.put32(writable + at, NativeMemory.get32(writable + at) + value);
    }

    /** Unmaps. Nothing may run in it afterwards. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            int _ = (int) MUNMAP.invokeExact(MemorySegment.ofAddress(writable), (long) size);
            int _ = (int) MUNMAP.invokeExact(MemorySegment.ofAddress(executable), (long) size);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }
}
