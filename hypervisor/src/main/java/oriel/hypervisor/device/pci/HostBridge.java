package oriel.hypervisor.device.pci;

import java.util.function.Consumer;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The host bridge at slot 0: an Intel 82441FX of which there is the programmable attribute map, registers 59H–5FH, by
 * which firmware puts RAM in place of the BIOS. Linux trusts configuration mechanism 1 only if it finds a host bridge (or
 * VGA) by it; SeaBIOS takes this one, with this subsystem, for a virtual machine's.
 */
public final class HostBridge extends PciFunction {
    private static final int ATTRIBUTE_MAP = 0x59;
    private static final int SEGMENTS = 13;

    private final Consumer<int[]> attributes;

    /** A bridge of a machine without firmware: the map has no effect. */
    public HostBridge() {
        this(_ -> {});
    }

    /**
     * A bridge.
     *
     * @param attributes called with the attributes of the 13 segments from C0000H when they may have changed: bit 0 reads
     *     RAM, bit 1 writes RAM
     */
    public HostBridge(Consumer<int[]> attributes) {
        super("pci.host", new PciIdentity(0x8086, 0x1237, 0x060000, 2, 0x1AF4, 0x1100, false));
        this.attributes = attributes;
        allowWrites(ATTRIBUTE_MAP, 4, 0x3333_3330);
        allowWrites(ATTRIBUTE_MAP + 4, 3, 0x33_3333);
    }

    /** The first register's high half is the segment at F0000H; the others hold two segments each, from C0000H. */
    private void apply() {
        int[] segments = new int[SEGMENTS];
        segments[SEGMENTS - 1] = configRegister(ATTRIBUTE_MAP, 1) >> 4 & 3;
        for (int i = 0; i < SEGMENTS - 1; i++) {
            segments[i] = configRegister(ATTRIBUTE_MAP + 1 + i / 2, 1) >> (4 * (i & 1)) & 3;
        }
        attributes.accept(segments);
    }

    @Override
    protected void configWritten(int offset, int size) {
        if (offset < ATTRIBUTE_MAP + 7 && offset + size > ATTRIBUTE_MAP) {
            apply();
        }
    }

    @Override
    public void reset() {
        super.reset();
        setConfigRegister(ATTRIBUTE_MAP, 4, 0);
        setConfigRegister(ATTRIBUTE_MAP + 4, 3, 0);
        apply();
    }

    @Override
    protected void saveFunction(StateWriter out) {}

    @Override
    protected void loadFunction(StateReader in) {
        apply();
    }
}
