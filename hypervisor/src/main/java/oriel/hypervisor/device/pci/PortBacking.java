package oriel.hypervisor.device.pci;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.PortIo;
import oriel.hypervisor.memory.GuestMemory;

/**
 * Registers in I/O space.
 *
 * @param ports called with absolute port numbers; must not serve other ports by the same object
 */
public record PortBacking(PortIo ports) implements BarBacking {
    private static final Logger LOG = LoggerFactory.getLogger(PortBacking.class);

    @Override
    public void map(IoBus io, GuestMemory memory, long base, long size) {
        try {
            io.addPorts((int) base, (int) size, ports);
        } catch (IllegalArgumentException e) {
            // The guest moved the BAR over a chip of the board: the chip keeps its ports.
            io.removePorts((int) base, (int) size, ports);
            LOG.debug("I/O BAR at {} is not mapped: {}", Long.toHexString(base), e.getMessage());
        }
    }

    @Override
    public void unmap(IoBus io, GuestMemory memory, long base, long size) {
        io.removePorts((int) base, (int) size, ports);
    }
}
