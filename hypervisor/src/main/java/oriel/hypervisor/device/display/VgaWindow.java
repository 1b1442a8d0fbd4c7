package oriel.hypervisor.device.display;

import oriel.hypervisor.bus.Mmio;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.memory.NativeMemory;

/**
 * The window at A0000H–BFFFFH through which software reaches the planes of a VGA (IBM VGA technical reference, "Graphics
 * controller registers"), or a bank of 64 KiB while a mode of the Bochs interface is on. Every access is a call, so this
 * is slow; whoever draws much uses the linear window.
 */
final class VgaWindow implements Mmio {
    static final long BASE = 0xA0000;
    static final int SIZE = 0x20000;

    private static final int SET_RESET = 0, ENABLE_SET_RESET = 1, COMPARE = 2, ROTATE = 3, READ_MAP = 4;
    private static final int MODE = 5, MISCELLANEOUS = 6, DO_NOT_CARE = 7, BIT_MASK = 8;
    private static final int MAP_MASK = 2, ODD_EVEN = 0x10, READ_COMPARE = 8;
    private static final int BANK = 0x10000;

    private final VgaRegisters vga;
    private final VgaPicture picture;
    private final DispiRegisters dispi;
    private final VideoMemory memory;
    private final Runnable written;

    /** A byte of each plane, as last read. */
    private int latch;

    /** Over video memory; {@code written} is called after each change. */
    VgaWindow(VgaRegisters vga, VgaPicture picture, DispiRegisters dispi, VideoMemory memory, Runnable written) {
        this.vga = vga;
        this.picture = picture;
        this.dispi = dispi;
        this.memory = memory;
        this.written = written;
    }

    void reset() {
        latch = 0;
    }

    void save(StateWriter out) {
        out.i32(latch);
    }

    void load(StateReader in) {
        latch = in.i32();
    }

    @Override
    public long readMmio(long offset, int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (readByte((int) offset + i) & 0xFFL) << (8 * i);
        }
        return value;
    }

    @Override
    public void writeMmio(long offset, int size, long value) {
        for (int i = 0; i < size; i++) {
            writeByte((int) offset + i, (int) (value >>> (8 * i)) & 0xFF);
        }
        written.run();
    }

    /** Offset in the addressed window (it can be 128, 64 or 32 KiB long), or -1 outside it. */
    private int inside(int offset) {
        return switch (vga.graphics[MISCELLANEOUS] >> 2 & 3) {
            case 0 -> offset < SIZE ? offset : -1;
            case 1 -> offset < 0x10000 ? offset : -1;
            case 2 -> offset >= 0x10000 && offset < 0x18000 ? offset - 0x10000 : -1;
            default -> offset >= 0x18000 && offset < SIZE ? offset - 0x18000 : -1;
        };
    }

    /** Place in a bank of the Bochs interface, or -1 if it isn't on or in 16 colours. */
    private long banked(int offset) {
        if (!dispi.linear() || offset >= BANK) {
            return -1;
        }
        long place = (long) dispi.bank() * BANK + offset;
        return place < memory.size() ? place : -1;
    }

    private boolean oddEven() {
        return (vga.graphics[MODE] & ODD_EVEN) != 0;
    }

    /** Where an address of an odd/even mode (text, CGA) is: even bytes in plane 0 or 2, odd ones in 1 or 3. */
    private int interleaved(int address) {
        return (address & -2) << 1 | vga.graphics[READ_MAP] & 2 | address & 1;
    }

    private int readByte(int offset) {
        if (dispi.linear()) {
            long place = banked(offset);
            return place < 0 ? 0xFF : get(place);
        }
        int address = inside(offset);
        if (address < 0) {
            return 0xFF;
        }
        if (picture.chain4()) {
            return get(address & VgaRegisters.MEMORY - 1);
        }
        if (oddEven()) {
            return get(interleaved(address) & VgaRegisters.MEMORY - 1);
        }
        latch = NativeMemory.get32(memory.hostAddress() + ((long) address << 2 & VgaRegisters.MEMORY - 1));
        if ((vga.graphics[MODE] & READ_COMPARE) == 0) {
            return latch >>> (8 * vga.graphics[READ_MAP]) & 0xFF;
        }
        int differing = (latch ^ spread(vga.graphics[COMPARE])) & spread(vga.graphics[DO_NOT_CARE]);
        int any = differing | differing >>> 16;
        return ~(any | any >>> 8) & 0xFF;
    }

    private void writeByte(int offset, int value) {
        if (dispi.linear()) {
            long place = banked(offset);
            if (place >= 0) {
                put(place, value);
            }
            return;
        }
        int address = inside(offset);
        if (address < 0) {
            return;
        }
        int planes = vga.sequencer[MAP_MASK];
        if (picture.chain4() || oddEven()) {
            int place = (picture.chain4() ? address : interleaved(address)) & VgaRegisters.MEMORY - 1;
            if ((planes >> (place & 3) & 1) != 0) {
                put(place, value);
            }
            return;
        }
        long host = memory.hostAddress() + ((long) address << 2 & VgaRegisters.MEMORY - 1);
        int mask = spread(planes);
        NativeMemory.put32(host, NativeMemory.get32(host) & ~mask | planeBytes(value) & mask);
    }

    /** What a write of a byte puts into the four planes. */
    private int planeBytes(int value) {
        int bits = vga.graphics[BIT_MASK];
        int data;
        switch (vga.graphics[MODE] & 3) {
            case 0 -> {
                int set = spread(vga.graphics[ENABLE_SET_RESET]);
                data = combine(rotated(value) * 0x0101_0101 & ~set | spread(vga.graphics[SET_RESET]) & set);
            }
            case 1 -> {
                return latch;
            }
            case 2 -> data = combine(spread(value & 0xF));
            default -> {
                bits &= rotated(value);
                data = combine(spread(vga.graphics[SET_RESET]));
            }
        }
        int mask = bits * 0x0101_0101;
        return data & mask | latch & ~mask;
    }

    private int rotated(int value) {
        int by = vga.graphics[ROTATE] & 7;
        return (value >> by | value << 8 - by) & 0xFF;
    }

    private int combine(int data) {
        return switch (vga.graphics[ROTATE] >> 3 & 3) {
            case 0 -> data;
            case 1 -> data & latch;
            case 2 -> data | latch;
            default -> data ^ latch;
        };
    }

    /** Four bits as four bytes, all zeroes or all ones. */
    private static int spread(int bits) {
        int spread = 0;
        for (int plane = 0; plane < 4; plane++) {
            if ((bits >> plane & 1) != 0) {
                spread |= 0xFF << (8 * plane);
            }
        }
        return spread;
    }

    private int get(long place) {
        return NativeMemory.get8(memory.hostAddress() + place) & 0xFF;
    }

    private void put(long place, int value) {
        NativeMemory.put8(memory.hostAddress() + place, (byte) value);
    }
}
