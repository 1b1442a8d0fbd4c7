package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * A file of the kernel's: the KVM device, a virtual machine or a processor of one. One thread at a time, but not always
 * the same one.
 */
@SuppressWarnings("restricted") // open, ioctl, mmap by the foreign function interface
final class KernelFile implements AutoCloseable {
    /** Interrupted by a signal, errno of Linux. */
    static final int EINTR = 4;

    static final int EAGAIN = 11;

    private static final int O_RDWR_CLOEXEC = 0x80002;
    private static final int PROT_READ_WRITE = 3, MAP_SHARED = 1;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle OPEN = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("open"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
            Linker.Option.firstVariadicArg(2),
            Linker.Option.captureCallState("errno"));

    // Never critical(): a thread that is in there for long must not hold up the others' safepoints.
    private static final MethodHandle IOCTL = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("ioctl"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(2),
            Linker.Option.captureCallState("errno"));
    private static final MethodHandle MMAP = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("mmap"),
            FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("munmap"), FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle CLOSE = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("close"), FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private final String name;
    private final int descriptor;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment callState = arena.allocate(STATE);
    private MemorySegment mapped = MemorySegment.NULL;
    private boolean closed;

    private KernelFile(String name, int descriptor) {
        this.name = name;
        this.descriptor = descriptor;
    }

    /**
     * Opens a device.
     *
     * @throws KvmException if that isn't possible
     */
    static KernelFile open(String path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            int descriptor = (int) OPEN.invokeExact(state, arena.allocateFrom(path), O_RDWR_CLOEXEC);
            if (descriptor < 0) {
                throw new KvmException(
                        "%s can't be opened (error %d): load the module kvm_intel or kvm_amd, and be a member of group kvm"
                                .formatted(path, (int) ERRNO.get(state, 0L)));
            }
            return new KernelFile(path, descriptor);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Takes what a request created. */
    KernelFile create(String what, Request request, long argument) {
        return new KernelFile(what, call(request, argument));
    }

    /** Does a request that may be refused: at least 0, or the error's number, negative. */
    int tryCall(Request request, long argument) {
        try {
            int result = (int) IOCTL.invokeExact(callState, descriptor, request.number, argument);
            return result >= 0 ? result : -(int) ERRNO.get(callState, 0L);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Does a request.
     *
     * @throws KvmException if the kernel refuses
     */
    int call(Request request, long argument) {
        int result = tryCall(request, argument);
        if (result < 0) {
            throw new KvmException(
                    "%s refused KVM_%s (error %d): use --accel emulated".formatted(name, request, -result));
        }
        return result;
    }

    int call(Request request, MemorySegment argument) {
        return call(request, argument.address());
    }

    /** Maps what this shares with the kernel. Once. */
    MemorySegment map(long size) {
        try {
            MemorySegment start = (MemorySegment)
                    MMAP.invokeExact(MemorySegment.NULL, size, PROT_READ_WRITE, MAP_SHARED, descriptor, 0L);
            if (start.address() == -1L) {
                throw new KvmException(name + " can't be mapped");
            }
            mapped = start.reinterpret(size);
            return mapped;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static RuntimeException unexpected(Throwable e) {
        switch (e) {
            case RuntimeException known -> throw known;
            case Error error -> throw error;
            default -> throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (mapped.byteSize() != 0) {
                int _ = (int) MUNMAP.invokeExact(mapped.address(), mapped.byteSize());
            }
            int _ = (int) CLOSE.invokeExact(descriptor);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        arena.close();
    }
}
