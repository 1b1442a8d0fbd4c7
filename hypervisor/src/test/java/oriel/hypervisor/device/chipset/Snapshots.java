package oriel.hypervisor.device.chipset;

import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/** Saving and loading, for tests. */
public final class Snapshots {
    private Snapshots() {}

    /** What a device saves. */
    public static byte[] save(Device device) {
        StateWriter out = new StateWriter();
        device.save(out);
        return out.toByteArray();
    }

    /** Loads it into another. */
    public static void load(Device device, byte[] state) {
        device.load(new StateReader(device.name(), state));
    }
}
