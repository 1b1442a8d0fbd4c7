package oriel.hypervisor.device.display;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.display.DisplaySize;

/** The registers of the Bochs VBE display interface, "dispi": a mode, and the window of memory that is shown. */
final class DispiRegisters {
    static final int ID = 0;
    static final int XRES = 1;
    static final int YRES = 2;
    static final int BPP = 3;
    static final int ENABLE = 4;
    static final int BANK = 5;
    static final int VIRT_WIDTH = 6;
    static final int VIRT_HEIGHT = 7;
    static final int X_OFFSET = 8;
    static final int Y_OFFSET = 9;
    static final int VIDEO_MEMORY_64K = 10;
    static final int COUNT = 11;

    static final int ENABLED = 1;
    static final int GET_CAPS = 2;
    static final int EIGHT_BIT_COLOURS = 0x20;
    static final int LINEAR = 0x40;
    static final int KEEP_MEMORY = 0x80;

    private static final int NEWEST_ID = 0xB0C5;
    private static final int OLDEST_ID = 0xB0C0;
    private static final int DEPTH = 32;
    private static final int PLANES = 4; // 16 colours, in the planes of the VGA
    private static final int MOST_PIXELS = 8192;
    private static final DisplaySize CAPABILITY = new DisplaySize(2560, 1600);

    private final int memory;
    private final int[] values = new int[COUNT];

    DispiRegisters(int memory) {
        this.memory = memory;
        reset();
    }

    void reset() {
        Arrays.fill(values, 0);
        values[ID] = NEWEST_ID;
    }

    int read(int index) {
        if (index < 0 || index >= COUNT) {
            return 0;
        }
        boolean capabilities = (values[ENABLE] & GET_CAPS) != 0;
        return switch (index) {
            case XRES -> capabilities ? CAPABILITY.width() : values[XRES];
            case YRES -> capabilities ? CAPABILITY.height() : values[YRES];
            case BPP -> capabilities ? DEPTH : values[BPP];
            case VIRT_HEIGHT -> virtualHeight();
            case VIDEO_MEMORY_64K -> memory >> 16;
            default -> values[index];
        };
    }

    private int virtualHeight() {
        int pitch = pitch();
        return pitch == 0 ? 0 : Math.min(0xFFFF, memory / pitch);
    }

    /**
     * Writes a register.
     *
     * @return whether the picture was switched on and its memory is to be cleared
     */
    boolean write(int index, int value) {
        switch (index) {
            case ID -> {
                if (value >= OLDEST_ID && value <= NEWEST_ID) {
                    values[ID] = value;
                }
            }
            case XRES, YRES, BPP, BANK, X_OFFSET, Y_OFFSET -> values[index] = value;
            case VIRT_WIDTH -> values[VIRT_WIDTH] = Math.max(value, values[XRES]);
            case ENABLE -> {
                boolean switchedOn = (value & ENABLED) != 0 && !enabled();
                values[ENABLE] = value;
                if (switchedOn) {
                    values[VIRT_WIDTH] = values[XRES];
                    values[X_OFFSET] = 0;
                    values[Y_OFFSET] = 0;
                    return (value & KEEP_MEMORY) == 0;
                }
            }
            default -> {}
        }
        return false;
    }

    boolean enabled() {
        return (values[ENABLE] & ENABLED) != 0;
    }

    boolean eightBitColours() {
        return (values[ENABLE] & EIGHT_BIT_COLOURS) != 0;
    }

    /** Whether a picture is on whose pixels lie one after the other. */
    boolean linear() {
        return enabled() && values[BPP] != PLANES;
    }

    /** Which 64 KiB of video memory are in the window at A0000H. */
    int bank() {
        return values[BANK];
    }

    private int pitch() {
        return values[BPP] == PLANES
                ? values[VIRT_WIDTH] / 8
                : values[VIRT_WIDTH]
                        * PixelFormat.ofDepth(values[BPP])
                                .orElse(PixelFormat.XRGB_8888)
                                .bytes();
    }

    /** What the registers describe; null if they describe nothing that can be shown. */
    @Nullable
    Scanout scanout(VgaPicture vga) {
        int width = values[XRES];
        int height = values[YRES];
        if (!enabled() || width < 1 || height < 1 || width > MOST_PIXELS || height > MOST_PIXELS) {
            return null;
        }
        DisplaySize size = new DisplaySize(width, height);
        if (values[BPP] == PLANES) {
            return vga.planar(size, pitch(), eightBitColours());
        }
        PixelFormat format = PixelFormat.ofDepth(values[BPP]).orElse(null);
        if (format == null) {
            return null;
        }
        long start = (long) values[Y_OFFSET] * pitch() + (long) values[X_OFFSET] * format.bytes();
        Palette palette = format == PixelFormat.INDEXED ? vga.allColours(eightBitColours()) : Palette.NONE;
        Scanout scanout = new LinearScanout(size, start, pitch(), format, palette);
        return scanout.fits(memory) ? scanout : null;
    }

    void save(StateWriter out) {
        out.u8(COUNT);
        for (int value : values) {
            out.u16(value);
        }
    }

    void load(StateReader in) {
        if (in.u8() != COUNT) {
            throw new StateException("saved display has another number of registers");
        }
        for (int i = 0; i < COUNT; i++) {
            values[i] = in.u16();
        }
    }
}
