package oriel.hypervisor.device.pci;

import oriel.hypervisor.bus.IoBus;

/** Configuration space as software reaches it: by the ports. */
public final class PciPorts {
    private final IoBus io;

    public PciPorts(IoBus io) {
        this.io = io;
    }

    public int read(int slot, int offset, int size) {
        select(slot, offset);
        return io.readPort(0xCFC + (offset & 3), size);
    }

    public void write(int slot, int offset, int size, int value) {
        select(slot, offset);
        io.writePort(0xCFC + (offset & 3), size, value);
    }

    private void select(int slot, int offset) {
        io.writePort(0xCF8, 4, 0x8000_0000 | slot << 11 | offset & 0xFC);
    }
}
