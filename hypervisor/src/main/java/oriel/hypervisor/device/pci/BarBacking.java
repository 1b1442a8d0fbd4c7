package oriel.hypervisor.device.pci;

import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.memory.GuestMemory;

/** What answers behind a base address register. Mapped and unmapped as the guest switches decoding or moves it. */
public interface BarBacking {
    /** Makes it answer at {@code base}. */
    void map(IoBus io, GuestMemory memory, long base, long size);

    /** Takes it away from {@code base}, where {@link #map} put it. */
    void unmap(IoBus io, GuestMemory memory, long base, long size);
}
