package oriel.hypervisor.device.display;

import java.util.Arrays;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.Mmio;
import oriel.hypervisor.bus.PortIo;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.chipset.BytePorts;
import oriel.hypervisor.device.pci.BarBacking;
import oriel.hypervisor.device.pci.MemoryBacking;
import oriel.hypervisor.device.pci.PciBar;
import oriel.hypervisor.device.pci.PciFunction;
import oriel.hypervisor.device.pci.PciIdentity;
import oriel.hypervisor.device.pci.RegisterBacking;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.MemoryRegion;

/**
 * The Bochs VBE graphics adapter, as Linux's bochs-drm and SeaBIOS's VGA BIOS drive it: BAR 0 is video memory, BAR 2 has
 * the EDID at 0, VGA ports at 400H, mode registers at 500H and extensions at 600H; the mode registers are at ports
 * 1CEH/1CFH too. While no mode of these is on it is a VGA: ports 3B4H–3DFH, window at A0000H. Confined to the machine's
 * thread.
 */
public final class BochsDisplay extends PciFunction implements PortIo {
    private static final int REGISTERS_SIZE = 0x1000;
    private static final int VGA = 0x400;
    private static final int VGA_END = 0x420;
    private static final int VGA_PORT = 0x3C0;
    private static final int DISPI = 0x500;
    private static final int DISPI_END = DISPI + 2 * DispiRegisters.COUNT;
    private static final int EXTENSION_SIZE = 0x600;
    private static final int EXTENSION_ENDIAN = 0x604;
    private static final int EXTENSION_BYTES = 8;
    private static final int LITTLE_ENDIAN = 0x1E1E1E1E;

    private static final int INDEX_PORT = 0x1CE;
    private static final int PORTS = 3; // index, data, and data again at an even address

    private static final int STATE_VERSION = 2;

    private final VideoMemory memory;
    private final FramebufferDisplay display;
    private final DispiRegisters dispi;
    private final VgaRegisters vga = new VgaRegisters();
    private final VgaPicture picture = new VgaPicture(vga);
    private final VgaWindow window;
    private byte[] edid;
    private int index;

    /**
     * Where the picture lies before the guest sets a mode of its own: what a boot loader writes to screen_info.
     *
     * @param address guest physical
     * @param size in pixels of 32 bits, blue in the lowest byte
     * @param pitch bytes from row to row
     */
    public record BootFramebuffer(long address, DisplaySize size, int pitch) {}

    /**
     * An adapter; add it to the bus.
     *
     * @param display shows it, over the same video memory
     * @param io where it claims its ports and the VGA's window
     * @param guest memory in which the window hides the RAM
     */
    public BochsDisplay(String name, FramebufferDisplay display, IoBus io, GuestMemory guest) {
        super(name, new PciIdentity(0x1234, 0x1111, 0x030000, 2, 0x1AF4, 0x1100, false));
        this.display = display;
        this.memory = display.memory();
        this.dispi = new DispiRegisters(memory.size());
        this.edid = Edid.of(display.size());
        addBar(0, new PciBar(PciBar.Kind.MEMORY, memory.size(), true, new TrackedMemory()));
        addBar(2, new PciBar(PciBar.Kind.MEMORY, REGISTERS_SIZE, false, new RegisterBacking(new Registers())));
        this.window = new VgaWindow(vga, picture, dispi, memory, display::everythingChanged);
        io.addPorts(INDEX_PORT, PORTS, this);
        attachVga(io, guest);
        display.onSizeRequest(this::prefer);
    }

    private void attachVga(IoBus io, GuestMemory guest) {
        BytePorts ports = new VgaPorts();
        for (int port = VgaRegisters.FIRST_PORT; port <= VgaRegisters.LAST_PORT; port++) {
            if (port < 0x3BB || port >= VGA_PORT) { // 3BCH–3BFH is a printer port
                io.addPorts(port, 1, ports);
            }
        }
        guest.add(MemoryRegion.hole("vga", VgaWindow.BASE, VgaWindow.SIZE));
        io.addMmio(VgaWindow.BASE, VgaWindow.SIZE, window);
    }

    private final class VgaPorts implements BytePorts {
        @Override
        public int readByte(int port) {
            return vga.read(port);
        }

        @Override
        public void writeByte(int port, int value) {
            vga.write(port, value);
            update();
        }
    }

    /** Tells the display through which region the guest writes, as it comes and goes. */
    private final class TrackedMemory implements BarBacking {
        private final MemoryBacking backing = new MemoryBacking(
                base -> MemoryRegion.tracked(name(), base, memory.size(), memory.hostAddress(), display::written));

        @Override
        public void map(IoBus io, GuestMemory guest, long base, long size) {
            backing.map(io, guest, base, size);
            display.region(backing.region());
        }

        @Override
        public void unmap(IoBus io, GuestMemory guest, long base, long size) {
            backing.unmap(io, guest, base, size);
            display.region(null);
        }
    }

    /**
     * Sets the mode that a kernel without a driver draws in: called before the guest starts, after each reset.
     *
     * @throws IllegalArgumentException if the picture doesn't fit video memory
     */
    public BootFramebuffer boot(DisplaySize size) {
        edid = Edid.of(size);
        dispi.reset();
        vga.reset();
        window.reset();
        dispi.write(DispiRegisters.XRES, size.width());
        dispi.write(DispiRegisters.YRES, size.height());
        dispi.write(DispiRegisters.BPP, 32);
        dispi.write(DispiRegisters.ENABLE, DispiRegisters.ENABLED | DispiRegisters.LINEAR);
        vga.showPicture(true);
        if (!(dispi.scanout(picture) instanceof LinearScanout scanout)) {
            throw new IllegalArgumentException("a picture of %d×%d doesn't fit %d MiB of video memory"
                    .formatted(size.width(), size.height(), memory.size() >> 20));
        }
        memory.clear(0, scanout.length());
        display.show(scanout);
        return new BootFramebuffer(barBase(0), size, scanout.pitch());
    }

    /** The monitor prefers another size from now on: a driver that looks again (or starts) may follow. */
    private void prefer(DisplaySize size) {
        if (size.width() <= Edid.MOST_PIXELS && size.height() <= Edid.MOST_PIXELS) {
            edid = Edid.of(size);
        }
    }

    private void update() {
        if (!picture.on()) {
            display.show(new BlankScanout(display.size()));
            return;
        }
        Scanout described = dispi.enabled() ? dispi.scanout(picture) : picture.scanout(dispi.eightBitColours());
        if (described != null) {
            display.show(described);
        } else if (!dispi.enabled()) {
            display.show(new BlankScanout(display.size())); // no video BIOS has set a mode
        }
        // Otherwise the registers are half-way from one picture to another: the old one stays.
    }

    private void writeDispi(int register, int value) {
        boolean clear = dispi.write(register, value & 0xFFFF);
        if (clear) {
            if (dispi.scanout(picture) instanceof LinearScanout linear) {
                memory.clear(linear.start(), linear.length());
            }
            display.everythingChanged();
        }
        update();
    }

    private final class Registers implements Mmio {
        @Override
        public long readMmio(long offset, int size) {
            long value = 0;
            int at = (int) offset;
            if (at >= DISPI && at < DISPI_END && size == 2) {
                return dispi.read((at - DISPI) >> 1);
            }
            for (int i = size - 1; i >= 0; i--) {
                value = value << 8 | readByte(at + i);
            }
            return value;
        }

        private int readByte(int at) {
            if (at < edid.length) {
                return edid[at] & 0xFF;
            } else if (at >= VGA && at < VGA_END) {
                return vga.read(at - VGA + VGA_PORT);
            } else if (at >= DISPI && at < DISPI_END) {
                return dispi.read((at - DISPI) >> 1) >> (8 * (at & 1)) & 0xFF;
            } else if (at >= EXTENSION_SIZE && at < EXTENSION_ENDIAN) {
                return EXTENSION_BYTES >> (8 * (at & 3)) & 0xFF;
            } else if (at >= EXTENSION_ENDIAN && at < EXTENSION_ENDIAN + 4) {
                return LITTLE_ENDIAN & 0xFF;
            }
            return 0;
        }

        @Override
        public void writeMmio(long offset, int size, long value) {
            int at = (int) offset;
            if (at >= DISPI && at < DISPI_END && size == 2 && (at & 1) == 0) {
                writeDispi((at - DISPI) >> 1, (int) value);
            } else if (at >= VGA && at < VGA_END) {
                vga.write(at - VGA + VGA_PORT, (int) value & 0xFF);
                update();
            }
            // The endianness stays little: the driver of an x86 guest never asks for another.
        }
    }

    @Override
    public int readPort(int port, int size) {
        if (size != 2) {
            return -1 >>> (32 - 8 * size); // registers are 16 bits wide
        }
        return port == INDEX_PORT ? index : dispi.read(index);
    }

    @Override
    public void writePort(int port, int size, int value) {
        if (size != 2) {
            return;
        }
        if (port == INDEX_PORT) {
            index = value & 0xFFFF;
        } else {
            writeDispi(index, value);
        }
    }

    @Override
    public void reset() {
        super.reset();
        dispi.reset();
        vga.reset();
        window.reset();
        index = 0;
        update();
    }

    @Override
    protected void saveFunction(StateWriter out) {
        out.version(STATE_VERSION).u16(index).blob(edid);
        dispi.save(out);
        vga.save(out);
        window.save(out);
        out.u16(display.size().width()).u16(display.size().height());
        memory.save(out);
    }

    @Override
    protected void loadFunction(StateReader in) {
        int version = in.version(STATE_VERSION);
        index = in.u16();
        byte[] saved = in.blob();
        edid = Arrays.copyOf(saved, Edid.LENGTH);
        dispi.load(in);
        if (version == 1) { // of VGA there was but the switch for the picture
            vga.reset();
            vga.showPicture(in.bool());
            in.bool();
        } else {
            vga.load(in);
            window.load(in);
        }
        int width = Math.clamp(in.u16(), 1, 16384);
        int height = Math.clamp(in.u16(), 1, 16384);
        memory.load(in);
        display.show(new BlankScanout(new DisplaySize(width, height))); // a blanked display keeps its size
        update();
        display.everythingChanged();
    }
}
