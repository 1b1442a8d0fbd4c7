package oriel.hypervisor.bus;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Routes port and MMIO accesses to devices. Unclaimed reads give all ones and unclaimed writes vanish, as on a PC.
 * Confined to the machine's thread.
 */
public final class IoBus {
    private final @Nullable PortIo[] ports = new PortIo[0x10000];
    private final TreeMap<Long, Window> windows = new TreeMap<>();
    private @Nullable Window last;

    private record Window(long base, long size, Mmio device) {}

    /**
     * Claims ports {@code first} to {@code first + count - 1}.
     *
     * @throws IllegalArgumentException if another device has one of them
     */
    public void addPorts(int first, int count, PortIo device) {
        for (int port = first; port < first + count; port++) {
            PortIo owner = ports[port];
            if (owner != null && owner != device) {
                throw new IllegalArgumentException("port %#x already belongs to %s".formatted(port, owner));
            }
            ports[port] = device;
        }
    }

    /** Gives ports back (a PCI BAR that moves). */
    public void removePorts(int first, int count, PortIo device) {
        for (int port = first; port < first + count; port++) {
            if (ports[port] == device) {
                ports[port] = null;
            }
        }
    }

    /** Claims a window of guest physical addresses; a window added later at the same base replaces the earlier one. */
    public void addMmio(long base, long size, Mmio device) {
        windows.put(base, new Window(base, size, device));
        last = null;
    }

    /** Gives a window back. */
    public void removeMmio(long base) {
        windows.remove(base);
        last = null;
    }

    /** Port read; see {@link PortIo#readPort}. */
    public int readPort(int port, int size) {
        PortIo device = ports[port & 0xFFFF];
        if (device == null) {
            return size == 4 ? -1 : (1 << (size * 8)) - 1;
        }
        return device.readPort(port & 0xFFFF, size);
    }

    /** Port write; see {@link PortIo#writePort}. */
    public void writePort(int port, int size, int value) {
        PortIo device = ports[port & 0xFFFF];
        if (device != null) {
            device.writePort(port & 0xFFFF, size, value);
        }
    }

    /** MMIO read at a guest physical address. */
    public long readMmio(long address, int size) {
        Window window = window(address);
        return window == null ? -1L : window.device.readMmio(address - window.base, size);
    }

    /** MMIO write at a guest physical address. */
    public void writeMmio(long address, int size, long value) {
        Window window = window(address);
        if (window != null) {
            window.device.writeMmio(address - window.base, size, value);
        }
    }

    private @Nullable Window window(long address) {
        Window recent = last;
        if (recent != null && address - recent.base >= 0 && address - recent.base < recent.size) {
            return recent;
        }
        Map.Entry<Long, Window> entry = windows.floorEntry(address);
        if (entry == null || address - entry.getValue().base >= entry.getValue().size) {
            return null;
        }
        last = entry.getValue();
        return last;
    }
}
