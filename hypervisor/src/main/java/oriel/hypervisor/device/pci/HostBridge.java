package oriel.hypervisor.device.pci;

import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The host bridge at slot 0: Intel 440FX by name, without any of its registers. Linux trusts configuration mechanism 1
 * only if it finds a host bridge (or VGA) by it.
 */
public final class HostBridge extends PciFunction {
    /** The bridge. */
    public HostBridge() {
        super("pci.host", new PciIdentity(0x8086, 0x1237, 0x060000, 2, 0x1AF4, 0x1100, false));
    }

    @Override
    protected void saveFunction(StateWriter out) {}

    @Override
    protected void loadFunction(StateReader in) {}
}
