package oriel.hypervisor.network;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A tap device of the host (Linux, Documentation/networking/tuntap.rst): what is sent into it comes out of the host's
 * network interface of that name, which an administrator has made and, usually, plugged into a bridge. One cable at a time.
 */
@SuppressWarnings("restricted") // open, ioctl, poll, read, write by the foreign function interface
public final class TapLink implements NetworkLink {
    private static final Logger LOG = LoggerFactory.getLogger(TapLink.class);
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,14}"); // IFNAMSIZ

    private static final int O_RDWR_CLOEXEC_NONBLOCK = 0x80802;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final long TUNSETIFF = 0x4004_54CAL;
    private static final short IFF_TAP_NO_PI = 0x1002;
    private static final int IFREQ_SIZE = 40, IFREQ_FLAGS = 16;
    private static final int EBUSY = 16, EPERM = 1, EAGAIN = 11, EINTR = 4;
    private static final short POLLIN = 1;
    private static final int POLLFD_SIZE = 8, POLLFD_EVENTS = 4, POLLFD_REVENTS = 6;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
    private static final MethodHandle OPEN = call(
            "open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2), CAPTURE);
    private static final MethodHandle IOCTL = call(
            "ioctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
            Linker.Option.firstVariadicArg(2),
            CAPTURE);
    private static final MethodHandle IF_NAMETOINDEX = call("if_nametoindex", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle EVENTFD = call("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle POLL =
            call("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT), CAPTURE);
    private static final MethodHandle READ =
            call("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG), CAPTURE);
    private static final MethodHandle WRITE =
            call("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG), CAPTURE);
    private static final MethodHandle CLOSE = call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private final String device;
    private final Runnable lost;

    /**
     * The device of a name.
     *
     * @param lost what is done if the device goes away under a cable
     * @throws NetworkException if no device can have such a name
     */
    public TapLink(String device, Runnable lost) {
        if (!valid(device)) {
            throw new NetworkException(
                    "\"" + device + "\" is no network device's name: 1 to 15 letters, digits, _ . -");
        }
        this.device = device;
        this.lost = lost;
    }

    /** Whether a device can have this name. */
    public static boolean valid(String device) {
        return NAME.matcher(device).matches();
    }

    private static MethodHandle call(String name, FunctionDescriptor type, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, options);
    }

    @Override
    public Connection connect(Consumer<byte[]> toCard) {
        requireDevice();
        int tap = open();
        try {
            Cable cable = new Cable(device, tap, (int) EVENTFD.invokeExact(0, EFD_CLOEXEC), lost);
            Thread.ofPlatform().name("tap " + device).daemon().start(() -> cable.read(toCard));
            return cable;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Or the kernel would make one, which is in no bridge and gone with us. */
    private void requireDevice() {
        // Not java.net.NetworkInterface: it knows interfaces with addresses only.
        try (Arena arena = Arena.ofConfined()) {
            if ((int) IF_NAMETOINDEX.invokeExact(arena.allocateFrom(device)) == 0) {
                throw new NetworkException(
                        "this host has no tap device %1$s: make it (ip tuntap add %1$s mode tap user USER) and plug it into a bridge (ip link set %1$s master BRIDGE up)"
                                .formatted(device));
            }
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private int open() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            int tap = (int) OPEN.invokeExact(state, arena.allocateFrom("/dev/net/tun"), O_RDWR_CLOEXEC_NONBLOCK);
            if (tap < 0) {
                throw new NetworkException(
                        "/dev/net/tun can't be opened (error %d): load the module tun, and let Oriel's user read and write it"
                                .formatted((int) ERRNO.get(state, 0L)));
            }
            MemorySegment request = arena.allocate(IFREQ_SIZE, 8);
            request.setString(0, device, StandardCharsets.US_ASCII);
            request.set(JAVA_SHORT, IFREQ_FLAGS, IFF_TAP_NO_PI);
            if ((int) IOCTL.invokeExact(state, tap, TUNSETIFF, request) < 0) {
                int error = (int) ERRNO.get(state, 0L);
                int _ = (int) CLOSE.invokeExact(tap);
                throw new NetworkException("tap device %s can't be used: %s"
                        .formatted(
                                device,
                                switch (error) {
                                    case EBUSY -> "another program has it; a device serves one host process";
                                    case EPERM -> "it isn't this user's; make it with ip tuntap add … user USER";
                                    default -> "error " + error + "; is it a tap device?";
                                }));
            }
            return tap;
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

    /** An open device. The thread that reads closes it. */
    private static final class Cable implements Connection {
        private final String device;
        private final int tap;
        private final int stop; // an eventfd: readable once the cable is pulled
        private final Runnable lost;
        private final Arena arena = Arena.ofShared();
        private final MemorySegment outState = arena.allocate(STATE);
        private final MemorySegment out = arena.allocate(EthernetFrame.MAX_LENGTH, 8);
        private boolean closed; // guarded by this

        Cable(String device, int tap, int stop, Runnable lost) {
            this.device = device;
            this.tap = tap;
            this.stop = stop;
            this.lost = lost;
        }

        void read(Consumer<byte[]> toCard) {
            try (Arena reading = Arena.ofConfined()) {
                MemorySegment state = reading.allocate(STATE);
                MemorySegment in = reading.allocate(EthernetFrame.MAX_LENGTH + 4); // or a giant would look like a frame
                MemorySegment wait = reading.allocate(2 * POLLFD_SIZE, 4);
                wait.set(JAVA_INT, 0, tap);
                wait.set(JAVA_SHORT, POLLFD_EVENTS, POLLIN);
                wait.set(JAVA_INT, POLLFD_SIZE, stop);
                wait.set(JAVA_SHORT, POLLFD_SIZE + POLLFD_EVENTS, POLLIN);
                while (true) {
                    int ready = (int) POLL.invokeExact(state, wait, 2L, -1);
                    if (wait.get(JAVA_SHORT, POLLFD_SIZE + POLLFD_REVENTS) != 0 || !readFrames(state, in, toCard)) {
                        return;
                    }
                    if (ready < 0 && (int) ERRNO.get(state, 0L) != EINTR) {
                        LOG.warn("tap device {} can't be waited for", device);
                        return;
                    }
                }
            } catch (Throwable e) {
                throw unexpected(e);
            } finally {
                release();
            }
        }

        /** Whether there may be more later. */
        private boolean readFrames(MemorySegment state, MemorySegment in, Consumer<byte[]> toCard) throws Throwable {
            while (true) {
                long length = (long) READ.invokeExact(state, tap, in, in.byteSize());
                if (length < 0) {
                    int error = (int) ERRNO.get(state, 0L);
                    if (error != EAGAIN && error != EINTR) {
                        LOG.warn("tap device {} is lost (error {}): machines on it have no network", device, error);
                        lost.run();
                        return false;
                    }
                    return true;
                }
                toCard.accept(in.asSlice(0, length).toArray(JAVA_BYTE));
            }
        }

        @Override
        public synchronized void send(byte[] frame) {
            if (closed || frame.length > out.byteSize()) {
                return;
            }
            MemorySegment.copy(frame, 0, out, JAVA_BYTE, 0, frame.length);
            try {
                long _ = (long) WRITE.invokeExact(outState, tap, out, (long) frame.length);
            } catch (Throwable e) {
                throw unexpected(e);
            }
        }

        @Override
        public synchronized void close() {
            if (closed) {
                return;
            }
            closed = true;
            out.set(JAVA_LONG, 0, 1);
            try {
                long _ = (long) WRITE.invokeExact(outState, stop, out, 8L);
            } catch (Throwable e) {
                throw unexpected(e);
            }
        }

        private synchronized void release() {
            closed = true;
            try {
                int _ = (int) CLOSE.invokeExact(tap);
                int _ = (int) CLOSE.invokeExact(stop);
            } catch (Throwable e) {
                throw unexpected(e);
            }
            arena.close();
        }
    }
}
