package oriel.hypervisor.device.chipset;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.HostMapping;
import oriel.hypervisor.memory.MemoryRegion;
import oriel.hypervisor.memory.NativeMemory;

/**
 * The BIOS in its flash memory at the end of the 32-bit address space, and what lies at C0000H–FFFFFH: its last 128 KiB,
 * nothing, or RAM ("shadow RAM"), in 13 segments as the programmable attribute map of an Intel 82441FX says (data sheet
 * §3.2.18). Confined to the machine's thread.
 *
 * <p>Reading the flash while writing the RAM beneath isn't there: such a segment reads the flash, and writes vanish.
 */
public final class ShadowMemory implements AutoCloseable {
    /** How many segments there are. */
    public static final int SEGMENTS = 13;

    /** Bits of a segment's attributes. */
    public static final int READ_RAM = 1, WRITE_RAM = 2;

    private static final long END = 1L << 32;
    private static final long FIRST = 0xC0000, BIOS = 0xE0000, LAST = 0xF0000;
    private static final int SMALL = 0x4000, LARGE = 0x10000;

    private final GuestMemory memory;
    private final HostMapping flash;
    private final int[] attributes = new int[SEGMENTS];
    private final List<MemoryRegion> overlays = new ArrayList<>();

    /** Maps the BIOS; all segments show it. */
    public ShadowMemory(GuestMemory memory, byte[] bios) {
        this.memory = memory;
        flash = HostMapping.anonymous(bios.length);
        NativeMemory.write(flash.address(), bios, 0, bios.length);
        memory.add(MemoryRegion.rom("bios", END - bios.length, bios.length, flash.address()));
        overlay();
    }

    /** First address of a segment: twelve of 16 KiB, and the last of 64 KiB. */
    static long base(int segment) {
        return FIRST + (long) segment * SMALL;
    }

    private static int size(int segment) {
        return base(segment) == LAST ? LARGE : SMALL;
    }

    /**
     * Sets the attributes of all segments.
     *
     * @param next for each segment {@link #READ_RAM}, {@link #WRITE_RAM}, both or none
     */
    public void set(int[] next) {
        if (!Arrays.equals(next, attributes)) {
            System.arraycopy(next, 0, attributes, 0, SEGMENTS);
            overlay();
        }
    }

    private void overlay() {
        overlays.forEach(memory::remove);
        overlays.clear();
        for (int segment = 0; segment < SEGMENTS; segment++) {
            boolean read = (attributes[segment] & READ_RAM) != 0;
            boolean write = (attributes[segment] & WRITE_RAM) != 0;
            if (!read || !write) {
                overlays.add(cover(base(segment), size(segment), read));
            }
        }
        overlays.forEach(memory::add);
    }

    private MemoryRegion cover(long base, int size, boolean ram) {
        if (ram) {
            return memory.writeProtected("shadow", base, size);
        }
        long behind = 0x100000 - base; // from here to the end of the first MiB, where the flash ends too
        if (base >= BIOS && behind <= flash.size()) {
            return MemoryRegion.rom("bios-low", base, size, flash.address() + flash.size() - behind);
        }
        return MemoryRegion.hole("no-rom", base, size);
    }

    /** Gives the host memory back; the guest's memory must be gone, or never be touched again. */
    @Override
    public void close() {
        flash.close();
    }
}
