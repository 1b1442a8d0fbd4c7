package oriel.hypervisor.device.pci;

/**
 * A base address register (PCI Local Bus 3.0 §6.2.5).
 *
 * @param kind address space and width
 * @param size in bytes: a power of two, ≥ 4 KiB for memory, 4–256 for I/O
 * @param prefetchable reads have no side effects
 * @param backing what answers
 */
public record PciBar(Kind kind, long size, boolean prefetchable, BarBacking backing) {
    /** Address space and width. */
    public enum Kind {
        /** Ports. */
        IO,
        /** 32-bit memory. */
        MEMORY,
        /** 64-bit memory; takes two registers. */
        MEMORY_64
    }

    /** Checks the size. */
    public PciBar {
        boolean plausible =
                kind == Kind.IO ? size >= 4 && size <= 256 : size >= 0x1000 && size <= PciBus.MEMORY_WINDOW_SIZE / 2;
        if (!plausible || Long.bitCount(size) != 1) {
            throw new IllegalArgumentException("BAR of " + size + " bytes");
        }
    }

    /** The low bits that tell software what it is. */
    int typeBits() {
        return switch (kind) {
            case IO -> 1;
            case MEMORY -> prefetchable ? 8 : 0;
            case MEMORY_64 -> prefetchable ? 0xC : 4;
        };
    }

    /** Where the bus lets it answer; elsewhere, as while its size is probed by writing ones, nothing does. */
    boolean routable(long base) {
        return kind == Kind.IO
                ? base >= 0x1000 && base + size <= 0x10000
                : Long.compareUnsigned(base, PciBus.MEMORY_WINDOW) >= 0
                        && Long.compareUnsigned(base, PciBus.MEMORY_WINDOW_END - size) <= 0;
    }
}
