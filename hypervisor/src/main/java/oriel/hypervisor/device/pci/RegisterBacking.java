package oriel.hypervisor.device.pci;

import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.Mmio;
import oriel.hypervisor.memory.GuestMemory;

/**
 * Registers in memory space.
 *
 * @param registers called with offsets from the start of the BAR
 */
public record RegisterBacking(Mmio registers) implements BarBacking {
    @Override
    public void map(IoBus io, GuestMemory memory, long base, long size) {
        io.addMmio(base, size, registers);
    }

    @Override
    public void unmap(IoBus io, GuestMemory memory, long base, long size) {
        io.removeMmio(base);
    }
}
