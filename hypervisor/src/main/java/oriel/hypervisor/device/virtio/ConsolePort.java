package oriel.hypervisor.device.virtio;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The host's end of a port of {@link VirtioConsole}: a byte stream to a program in the guest that has opened
 * {@code /dev/virtio-ports/<name>}. Confined to the machine's thread.
 */
public final class ConsolePort {
    /** Bytes that wait for the guest to read them. */
    static final int MAX_WAITING = 2 << 20;

    private final String name;
    private final Listener listener;
    private final Deque<byte[]> waiting = new ArrayDeque<>();
    private int firstOffset; // into the first of waiting
    private int waitingBytes;
    private boolean hostOpen;
    private boolean guestOpen;
    private Runnable changed = () -> {};
    private Runnable filled = () -> {};

    /** What the guest does. Called on the machine's thread: it must not block. */
    public interface Listener {
        /**
         * Bytes from the guest, which may be anything.
         *
         * @param bytes the receiver's to keep; at most 64 KiB
         */
        void received(byte[] bytes);

        /** A program in the guest opened or closed the port. */
        void guestOpened(boolean open);
    }

    /**
     * A closed port.
     *
     * @param name ASCII, what the guest's udev makes a link of: "org.qemu.guest_agent.0", "com.redhat.spice.0"
     */
    public ConsolePort(String name, Listener listener) {
        this.name = name;
        this.listener = listener;
    }

    /** Its name. */
    public String name() {
        return name;
    }

    /** Opens or closes the host's end. The guest's program sees a hang-up while it is closed. */
    public void open(boolean open) {
        if (hostOpen != open) {
            hostOpen = open;
            clear();
            changed.run();
        }
    }

    /** Whether a program in the guest has it open. */
    public boolean guestOpen() {
        return guestOpen;
    }

    /**
     * Sends bytes to the guest.
     *
     * @param bytes not to be changed afterwards
     * @return false if nobody has the port open or the guest reads too slowly: then none of them is sent
     */
    public boolean send(byte[] bytes) {
        if (!hostOpen || !guestOpen || bytes.length > MAX_WAITING - waitingBytes) {
            return false;
        }
        if (bytes.length > 0) {
            waiting.add(bytes);
            waitingBytes += bytes.length;
            filled.run();
        }
        return true;
    }

    void attach(Runnable hostOpenChanged, Runnable sendFilled) {
        changed = hostOpenChanged;
        filled = sendFilled;
    }

    boolean hostOpen() {
        return hostOpen;
    }

    void guestOpened(boolean open) {
        if (guestOpen != open) {
            guestOpen = open;
            clear();
            listener.guestOpened(open);
        }
    }

    /** Bytes from the guest; without a host they go nowhere, as on a line that isn't connected. */
    void received(byte[] bytes) {
        if (hostOpen) {
            listener.received(bytes);
        }
    }

    boolean hasWaiting() {
        return waitingBytes > 0;
    }

    /** Moves what is waiting to a buffer of the guest, as much as fits. */
    int fill(DescriptorChain chain) {
        long room = chain.writableBytes();
        int moved = 0;
        for (byte[] first = waiting.peek(); first != null && room > moved; first = waiting.peek()) {
            int part = (int) Math.min(first.length - firstOffset, room - moved);
            chain.write(moved, first, firstOffset, part);
            moved += part;
            firstOffset += part;
            if (firstOffset == first.length) {
                waiting.remove();
                firstOffset = 0;
            }
        }
        waitingBytes -= moved;
        return moved;
    }

    private void clear() {
        waiting.clear();
        firstOffset = 0;
        waitingBytes = 0;
    }
}
