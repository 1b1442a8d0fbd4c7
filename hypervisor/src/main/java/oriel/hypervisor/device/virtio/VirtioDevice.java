package oriel.hypervisor.device.virtio;

import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * A virtio device, apart from how it is attached. Confined to the machine's thread; {@link #notified} may throw
 * {@code VirtioException} and {@link oriel.hypervisor.memory.GuestMemoryException} when the driver breaks the rules.
 */
public abstract class VirtioDevice {
    private final String name;
    private final Type type;
    private VirtioTransport transport = Detached.INSTANCE;

    /**
     * Device types that exist here (virtio 1.2 §5).
     *
     * <p>Each has the PCI class that tells an administrator's {@code lspci} what it is; drivers look at the ID only.
     */
    public enum Type {
        /** Network card. */
        NETWORK(1, 0x020000),
        /** Block device. */
        BLOCK(2, 0x010000),
        /** Console and serial ports. */
        CONSOLE(3, 0x078000),
        /** Memory balloon. */
        BALLOON(5, 0x00FF00),
        /** Entropy source. */
        ENTROPY(4, 0x00FF00),
        /** Graphics adapter. */
        GPU(16, 0x038000),
        /** Keyboard or pointer. */
        INPUT(18, 0x098000);

        private final int id;
        private final int pciClass;

        Type(int id, int pciClass) {
            this.id = id;
            this.pciClass = pciClass;
        }

        /** The virtio device ID. */
        public int id() {
            return id;
        }

        /** The 24-bit PCI class code. */
        public int pciClass() {
            return pciClass;
        }
    }

    /**
     * A device that isn't attached yet.
     *
     * @param name unique in the machine: "virtio-blk.0"
     */
    protected VirtioDevice(String name, Type type) {
        this.name = name;
        this.type = type;
    }

    /** Unique name. */
    public final String name() {
        return name;
    }

    /** What it is. */
    public final Type type() {
        return type;
    }

    final void attach(VirtioTransport to) {
        transport = to;
    }

    /** Its attachment. */
    protected final VirtioTransport transport() {
        return transport;
    }

    /** Feature bits of the device type that are offered; the transport adds its own. */
    protected abstract long features();

    /** Largest size of each queue: powers of two. */
    protected abstract int[] queueSizes();

    /** The device-specific configuration, little-endian; read anew for each access. */
    protected abstract byte[] config();

    /** The driver writes a byte of the configuration; ignored unless the device has writable fields. */
    protected void writeConfig(int offset, byte value) {}

    /** The driver is ready (DRIVER_OK). */
    protected void activated() {}

    /** The driver made buffers of a queue available. */
    protected abstract void notified(int queue);

    /** The driver reset the device, or the machine was reset: forget everything about queues and requests. */
    protected abstract void reset();

    /** Waits for the host's work that is in flight, so that the state can be saved. */
    protected void quiesce() {}

    /** Writes the device's own state, its version first. */
    protected abstract void save(StateWriter out);

    /** Reads what {@link #save} wrote. */
    protected abstract void load(StateReader in);
}
