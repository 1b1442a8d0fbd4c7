package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The signal that gets a thread out of the guest. A signal that is handled ends KVM_RUN, whatever its handler does; ours
 * does nothing: it is the C library's {@code abs}, so that no code of Java's, and none that we would have to make, runs in
 * a signal handler. The JDK interrupts blocked system calls by a real-time signal in the same way ({@code SIGRTMAX - 2});
 * this is the first of the others that nobody has.
 *
 * <p>A signal alone could come before the thread is in the guest, and be lost: whoever sends one sets
 * {@code immediate_exit} first.
 */
@SuppressWarnings("restricted") // signals by the foreign function interface
final class KickSignal {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle SIGACTION =
            call("sigaction", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle SIGMASK =
            call("pthread_sigmask", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle GETPID = call("getpid", FunctionDescriptor.of(JAVA_INT));
    private static final MethodHandle GETTID = call("gettid", FunctionDescriptor.of(JAVA_INT));
    private static final MethodHandle TGKILL =
            call("tgkill", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

    /** {@code struct sigaction} of glibc on x86-64: handler, 128 bytes of mask, flags, restorer. */
    private static final int ACTION_SIZE = 152, ACTION_FLAGS = 136, SET_SIZE = 128;

    /** KVM_RUN ends all the same, as it asks for no restart; other system calls of the thread go on. */
    private static final int SA_RESTART = 0x1000_0000;

    private static final int SIG_UNBLOCK = 1;

    /** Real-time signals that are free to programs; the C library keeps 32 and 33. */
    private static final int FIRST = 40, LAST = 60;

    private static final int NUMBER = install();

    private KickSignal() {}

    private static MethodHandle call(String name, FunctionDescriptor type) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type);
    }

    private static int install() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment action = arena.allocate(ACTION_SIZE, 8);
            for (int number = FIRST; number <= LAST; number++) {
                int asked = (int) SIGACTION.invokeExact(number, MemorySegment.NULL, action);
                if (asked == 0 && action.get(JAVA_LONG, 0) == 0) { // SIG_DFL
                    action.fill((byte) 0);
                    action.set(ADDRESS, 0, LINKER.defaultLookup().findOrThrow("abs"));
                    action.set(JAVA_INT, ACTION_FLAGS, SA_RESTART);
                    if ((int) SIGACTION.invokeExact(number, action, MemorySegment.NULL) == 0) {
                        return number;
                    }
                }
            }
            throw new KvmException("no real-time signal from %d to %d is free".formatted(FIRST, LAST));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Lets the present thread be kicked, and says by which number. */
    static int thread() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = arena.allocate(SET_SIZE, 8);
            set.set(JAVA_LONG, 0, 1L << NUMBER - 1);
            int _ = (int) SIGMASK.invokeExact(SIG_UNBLOCK, set, MemorySegment.NULL);
            return (int) GETTID.invokeExact();
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Sends it. A thread that is gone doesn't matter. */
    static void send(int thread) {
        try {
            int _ = (int) TGKILL.invokeExact((int) GETPID.invokeExact(), thread, NUMBER);
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
}
