package oriel.hypervisor.device.pci;

import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.MemoryRegion;

/** Host memory (video memory) behind a BAR: the guest reads and writes it without an exit. */
public final class MemoryBacking implements BarBacking {
    private final LongFunction<MemoryRegion> regionAt;
    private @Nullable MemoryRegion region;

    /**
     * Backing by memory.
     *
     * @param regionAt makes the region for a guest physical base; called each time the BAR is mapped
     */
    public MemoryBacking(LongFunction<MemoryRegion> regionAt) {
        this.regionAt = regionAt;
    }

    /** The region while the BAR is mapped. */
    public @Nullable MemoryRegion region() {
        return region;
    }

    @Override
    public void map(IoBus io, GuestMemory memory, long base, long size) {
        MemoryRegion mapped = regionAt.apply(base);
        region = mapped;
        memory.add(mapped);
    }

    @Override
    public void unmap(IoBus io, GuestMemory memory, long base, long size) {
        if (region != null) {
            memory.remove(region);
            region = null;
        }
    }
}
