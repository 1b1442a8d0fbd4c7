package oriel.hypervisor.device.pci;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * A function on bus 0 with a type 0 header. A device extends it, declares BARs and capabilities in its constructor, and
 * is then given to {@link PciBus#add}. Confined to the machine's thread.
 */
public abstract class PciFunction implements Device {
    /** Base address registers of a type 0 header. */
    public static final int BARS = 6;

    private static final int VERSION = 1;
    private static final int COMMAND_WRITABLE = 0x0547; // I/O, memory, master, parity, SERR#, INTx disable
    private static final int MSIX_ID = 0x11;
    private static final int MSIX_ENABLE = 1 << 15;
    private static final int MSIX_MASK = 1 << 14;

    private final String name;
    private final ConfigSpace config = new ConfigSpace();
    private final @Nullable PciBar[] bars = new PciBar[BARS];
    private final long[] initialBase = new long[BARS];
    private @Nullable PciBus bus;
    private int slot;
    private int lastCapability;
    private int nextCapability = ConfigSpace.HEADER_END;
    private @Nullable MsixTable msix;
    private int msixCapability;
    private boolean interrupt;

    /** A function that isn't on a bus yet. */
    protected PciFunction(String name, PciIdentity identity) {
        this.name = name;
        config.set(0x00, 2, identity.vendor());
        config.set(0x02, 2, identity.device());
        config.set(0x08, 1, identity.revision());
        config.set(0x09, 1, identity.classCode());
        config.set(0x0A, 2, identity.classCode() >> 8);
        config.set(0x2C, 2, identity.subsystemVendor());
        config.set(0x2E, 2, identity.subsystem());
        config.set(ConfigSpace.INTERRUPT_PIN, 1, identity.interruptPin() ? 1 : 0);
        config.allow(ConfigSpace.COMMAND, 2, COMMAND_WRITABLE);
        config.allow(0x0C, 1, 0xFF); // cache line size: kept, without effect
        config.allow(ConfigSpace.INTERRUPT_LINE, 1, 0xFF);
    }

    /** Declares a BAR; a 64-bit one takes {@code index + 1} too. */
    protected final void addBar(int index, PciBar bar) {
        boolean wide = bar.kind() == PciBar.Kind.MEMORY_64;
        if (bus != null || bars[index] != null || (index > 0 && isWide(index - 1)) || (wide && index == BARS - 1)) {
            throw new IllegalStateException(name + ": BAR " + index + " can't be added");
        }
        bars[index] = bar;
        int offset = ConfigSpace.BAR0 + 4 * index;
        config.set(offset, 4, bar.typeBits());
        config.allow(offset, 4, (int) -bar.size());
        if (wide) {
            config.allow(offset + 4, 4, (int) (-bar.size() >>> 32));
        }
    }

    private boolean isWide(int index) {
        PciBar bar = bars[index];
        return bar != null && bar.kind() == PciBar.Kind.MEMORY_64;
    }

    /**
     * Appends a capability.
     *
     * @param id capability ID
     * @param body what follows the ID and next pointer
     * @return its offset in configuration space
     */
    protected final int addCapability(int id, byte[] body) {
        int offset = nextCapability;
        int end = (offset + 2 + body.length + 3) & ~3;
        if (end > ConfigSpace.SIZE) {
            throw new IllegalStateException(name + ": no room for another capability");
        }
        nextCapability = end;
        config.set(offset, 1, id);
        for (int i = 0; i < body.length; i++) {
            config.set(offset + 2 + i, 1, body[i]);
        }
        config.set(lastCapability == 0 ? ConfigSpace.CAPABILITIES : lastCapability + 1, 1, offset);
        config.set(ConfigSpace.STATUS, 2, ConfigSpace.STATUS_CAPABILITIES);
        lastCapability = offset;
        return offset;
    }

    /** Lets software change the bits of {@code mask} of a register (in a capability). */
    protected final void allowWrites(int offset, int size, int mask) {
        config.allow(offset, size, mask);
    }

    /** Adds MSI-X with its table and pending bits in a BAR of its own. */
    protected final void addMsix(int barIndex, int vectors) {
        MsixTable table = new MsixTable(vectors, (address, data) -> {
            if (busMaster()) {
                attachedBus().deliver(address, data);
            }
        });
        addBar(barIndex, new PciBar(PciBar.Kind.MEMORY, MsixTable.SIZE, false, new RegisterBacking(table)));
        byte[] body = new byte[10];
        body[0] = (byte) (vectors - 1);
        body[1] = (byte) (vectors - 1 >> 8);
        body[2] = (byte) barIndex; // table at offset 0
        body[6] = (byte) (MsixTable.PENDING_OFFSET | barIndex);
        body[7] = (byte) (MsixTable.PENDING_OFFSET >> 8);
        msixCapability = addCapability(MSIX_ID, body);
        allowWrites(msixCapability + 2, 2, MSIX_ENABLE | MSIX_MASK);
        msix = table;
    }

    /** Whether the guest switched MSI-X on; INTx is silent then. */
    protected final boolean msixEnabled() {
        return msix != null && msix.enabled();
    }

    /** Number of MSI-X vectors, 0 without MSI-X. */
    protected final int msixVectors() {
        return msix == null ? 0 : msix.vectors();
    }

    /** Sends an MSI-X message, or remembers it while masked. Vectors out of range are silent. */
    protected final void triggerMsix(int vector) {
        if (msix != null) {
            msix.trigger(vector);
        }
    }

    /** Sets the level of INTA#; without effect while MSI-X is on or the guest disabled INTx. */
    protected final void setInterrupt(boolean asserted) {
        interrupt = asserted;
        updateInterrupt();
    }

    private void updateInterrupt() {
        boolean pending = interrupt && !msixEnabled();
        int status = config.get(ConfigSpace.STATUS, 2) & ~ConfigSpace.STATUS_INTERRUPT;
        config.set(ConfigSpace.STATUS, 2, pending ? status | ConfigSpace.STATUS_INTERRUPT : status);
        boolean disabled = (config.get(ConfigSpace.COMMAND, 2) & ConfigSpace.COMMAND_INTX_DISABLE) != 0;
        if (bus != null) {
            bus.setInterrupt(slot, pending && !disabled);
        }
    }

    /** Whether the guest lets the function read and write memory and send messages. */
    protected final boolean busMaster() {
        return (config.get(ConfigSpace.COMMAND, 2) & ConfigSpace.COMMAND_BUS_MASTER) != 0;
    }

    /** Base that a BAR is programmed to, whether or not decoding is on. */
    public final long barBase(int index) {
        PciBar bar = bars[index];
        if (bar == null) {
            throw new IllegalArgumentException(name + " has no BAR " + index);
        }
        int offset = ConfigSpace.BAR0 + 4 * index;
        long low = config.get(offset, 4) & -bar.size() & 0xFFFF_FFFFL;
        return bar.kind() == PciBar.Kind.MEMORY_64 ? low | (long) config.get(offset + 4, 4) << 32 : low;
    }

    @Override
    public final String name() {
        return name;
    }

    /** Called before the guest reads configuration space. */
    protected void configReading(int offset, int size) {}

    /** Called after the guest wrote configuration space. */
    protected void configWritten(int offset, int size) {}

    /** Reads configuration space from inside. */
    protected final int configRegister(int offset, int size) {
        return config.get(offset, size);
    }

    /** Sets configuration space from inside, read-only bits too. */
    protected final void setConfigRegister(int offset, int size, int value) {
        config.set(offset, size, value);
    }

    final int readConfig(int offset, int size) {
        configReading(offset, size);
        return config.get(offset, size);
    }

    final void writeConfig(int offset, int size, int value) {
        boolean wasMaster = busMaster();
        config.write(offset, size, value);
        if (offset < ConfigSpace.BAR0 + 4 * BARS) {
            attachedBus().route();
        }
        if (msix != null && offset < msixCapability + 4 && offset + size > msixCapability) {
            applyMsixControl(msix);
        }
        updateInterrupt();
        configWritten(offset, size);
        if (!wasMaster && busMaster()) {
            busMasterEnabled();
        }
    }

    /** The guest lets the function master the bus from now on: work that waited can start. */
    protected void busMasterEnabled() {}

    private void applyMsixControl(MsixTable table) {
        int control = config.get(msixCapability + 2, 2);
        table.control((control & MSIX_ENABLE) != 0, (control & MSIX_MASK) != 0);
    }

    final @Nullable PciBar bar(int index) {
        return bars[index];
    }

    final boolean decodes(PciBar.Kind kind) {
        int bit = kind == PciBar.Kind.IO ? ConfigSpace.COMMAND_IO : ConfigSpace.COMMAND_MEMORY;
        return (config.get(ConfigSpace.COMMAND, 2) & bit) != 0;
    }

    final void attach(PciBus bus, int slot, long[] bases, int gsi) {
        this.bus = bus;
        this.slot = slot;
        System.arraycopy(bases, 0, initialBase, 0, BARS);
        if (config.get(ConfigSpace.INTERRUPT_PIN, 1) != 0) {
            config.set(ConfigSpace.INTERRUPT_LINE, 1, gsi);
        }
        programBars();
    }

    private PciBus attachedBus() {
        if (bus == null) {
            throw new IllegalStateException(name + " is on no bus");
        }
        return bus;
    }

    /** BARs and command register as a BIOS would leave them, assigned and decoding; all 0 if a BIOS is to come. */
    private void programBars() {
        int command = 0;
        for (int i = 0; i < BARS; i++) {
            PciBar bar = bars[i];
            if (bar != null) {
                if (attachedBus().assigns()) {
                    command |= bar.kind() == PciBar.Kind.IO ? ConfigSpace.COMMAND_IO : ConfigSpace.COMMAND_MEMORY;
                }
                config.set(ConfigSpace.BAR0 + 4 * i, 4, (int) initialBase[i] | bar.typeBits());
                if (bar.kind() == PciBar.Kind.MEMORY_64) {
                    config.set(ConfigSpace.BAR0 + 4 * i + 4, 4, (int) (initialBase[i] >>> 32));
                }
            }
        }
        config.set(ConfigSpace.COMMAND, 2, command);
        attachedBus().route();
    }

    @Override
    public void reset() {
        interrupt = false;
        if (msix != null) {
            msix.reset();
            config.write(msixCapability + 2, 2, 0);
        }
        programBars();
        updateInterrupt();
    }

    /** Answers at no address until the next reset: for a guest that found the bus without it. */
    public final void silence() {
        config.set(ConfigSpace.COMMAND, 2, 0);
        attachedBus().route();
    }

    @Override
    public final void save(StateWriter out) {
        out.version(VERSION).blob(config.copy()).bool(interrupt);
        if (msix != null) {
            msix.save(out);
        }
        saveFunction(out);
    }

    @Override
    public final void load(StateReader in) {
        in.version(VERSION);
        byte[] saved = in.blob();
        if (saved.length != ConfigSpace.SIZE || !Arrays.equals(saved, 0, 4, config.copy(), 0, 4)) {
            throw new StateException("saved state of " + name + " is of another PCI device");
        }
        config.restore(saved);
        interrupt = in.bool();
        if (msix != null) {
            int control = config.get(msixCapability + 2, 2);
            msix.load(in, (control & MSIX_ENABLE) != 0, (control & MSIX_MASK) != 0);
        }
        attachedBus().route();
        loadFunction(in);
        updateInterrupt();
    }

    /** Writes the state that isn't in configuration space; its own version first. */
    protected abstract void saveFunction(StateWriter out);

    /** Reads what {@link #saveFunction} wrote. */
    protected abstract void loadFunction(StateReader in);
}
