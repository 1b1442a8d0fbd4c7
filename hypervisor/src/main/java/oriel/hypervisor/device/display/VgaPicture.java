package oriel.hypervisor.device.display;

import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.DisplaySize;

/** What VGA registers describe (IBM VGA technical reference, "CRT controller registers" and following). */
final class VgaPicture {
    private static final int CRTC_COLUMNS = 1, CRTC_OVERFLOW = 7, CRTC_CELL_HEIGHT = 9, CRTC_CURSOR_START = 0xA;
    private static final int CRTC_CURSOR_END = 0xB, CRTC_START = 0xC, CRTC_CURSOR = 0xE, CRTC_HEIGHT = 0x12;
    private static final int CRTC_OFFSET = 0x13, CRTC_MODE = 0x17, CRTC_LINE_COMPARE = 0x18;
    private static final int SEQUENCER_CLOCKING = 1, SEQUENCER_FONT = 3, SEQUENCER_MEMORY = 4;
    private static final int GRAPHICS_MODE = 5, GRAPHICS_MISCELLANEOUS = 6;
    private static final int ATTRIBUTE_MODE = 0x10, ATTRIBUTE_PLANES = 0x12, ATTRIBUTE_COLOUR = 0x14;
    private static final int SCREEN_OFF = 0x20, EIGHT_DOTS = 1, HALF_CLOCK = 8;
    private static final int CHAIN_4 = 8;
    private static final int LINE_GRAPHICS = 4, BLINK = 8, PALETTE_16 = 0x80;
    private static final int CURSOR_OFF = 0x20, DOUBLE_LINES = 0x80;

    private final VgaRegisters vga;

    VgaPicture(VgaRegisters vga) {
        this.vga = vga;
    }

    boolean on() {
        return vga.pictureOn() && (vga.sequencer[SEQUENCER_CLOCKING] & SCREEN_OFF) == 0;
    }

    boolean graphics() {
        return (vga.graphics[GRAPHICS_MISCELLANEOUS] & 1) != 0;
    }

    boolean chain4() {
        return (vga.sequencer[SEQUENCER_MEMORY] & CHAIN_4) != 0;
    }

    private int crtc(int register) {
        return vga.crtc[register];
    }

    private int pair(int high) {
        return crtc(high) << 8 | crtc(high + 1);
    }

    private int lines() {
        int overflow = crtc(CRTC_OVERFLOW);
        return (crtc(CRTC_HEIGHT) | overflow << 7 & 0x100 | overflow << 3 & 0x200) + 1;
    }

    private int columns() {
        return crtc(CRTC_COLUMNS) + 1;
    }

    /** What the registers describe; null if they describe nothing that a monitor would show. */
    @Nullable
    Scanout scanout(boolean eightBitColours) {
        if (columns() < 20 || lines() < 64) {
            return null;
        }
        return graphics() ? graphicsScanout(eightBitColours) : text(eightBitColours);
    }

    private @Nullable Scanout text(boolean eightBitColours) {
        int height = (crtc(CRTC_CELL_HEIGHT) & 0x1F) + 1;
        int rows = lines() / height;
        if (rows < 1) {
            return null;
        }
        int width = (vga.sequencer[SEQUENCER_CLOCKING] & EIGHT_DOTS) != 0 ? 8 : 9;
        int select = vga.sequencer[SEQUENCER_FONT];
        TextScanout.Fonts fonts =
                new TextScanout.Fonts(font(select & 3 | select >> 2 & 4), font(select >> 2 & 3 | select >> 3 & 4));
        boolean shown = (crtc(CRTC_CURSOR_START) & CURSOR_OFF) == 0;
        int last = Math.min(crtc(CRTC_CURSOR_END) & 0x1F, height - 1);
        TextScanout.Cursor cursor =
                new TextScanout.Cursor(shown ? pair(CRTC_CURSOR) : -1, crtc(CRTC_CURSOR_START) & 0x1F, last);
        int mode = vga.attribute[ATTRIBUTE_MODE];
        return new TextScanout(
                columns(),
                rows,
                new DisplaySize(width, height),
                pair(CRTC_START),
                crtc(CRTC_OFFSET) * 2,
                fonts,
                (mode & BLINK) == 0,
                (mode & LINE_GRAPHICS) != 0,
                cursor,
                sixteenColours(eightBitColours));
    }

    /** Where a font is in plane 2: bit 2 of its number counts least (IBM VGA technical reference, "Character map"). */
    private static int font(int number) {
        return (number & 3) * 0x4000 + (number >> 2) * 0x2000;
    }

    private Scanout graphicsScanout(boolean eightBitColours) {
        int shift = vga.graphics[GRAPHICS_MODE] >> 5 & 3;
        VgaScanout.Kind kind = switch (shift) {
            case 0 -> VgaScanout.Kind.PLANAR;
            case 1 -> VgaScanout.Kind.FOUR_COLOURS;
            default -> VgaScanout.Kind.BYTES;
        };
        boolean half = (vga.sequencer[SEQUENCER_CLOCKING] & HALF_CLOCK) != 0;
        int dots = kind == VgaScanout.Kind.BYTES || half ? 2 : 1;
        int width = columns() * 8 * (half && kind != VgaScanout.Kind.BYTES ? 2 : 1);
        int lines = (crtc(CRTC_CELL_HEIGHT) & 0x1F) + 1;
        int interleave = 1;
        int mode = crtc(CRTC_MODE);
        if ((mode & 3) != 3) { // the row within a character is part of the address: a CGA's or Hercules card's memory
            interleave = (mode & 1) != 0 ? 1 : (mode & 2) != 0 ? 2 : 4;
            lines = Math.max(1, lines / interleave);
        }
        if ((crtc(CRTC_CELL_HEIGHT) & DOUBLE_LINES) != 0) {
            lines *= 2;
        }
        int overflow = crtc(CRTC_OVERFLOW);
        int split = (crtc(CRTC_LINE_COMPARE) | overflow << 4 & 0x100 | crtc(CRTC_CELL_HEIGHT) << 3 & 0x200) + 1;
        return new VgaScanout(
                new DisplaySize(width, lines()),
                kind,
                new VgaScanout.Repeat(dots, lines),
                pair(CRTC_START),
                crtc(CRTC_OFFSET) * 2,
                interleave,
                split,
                vga.attribute[ATTRIBUTE_PLANES] & 0xF,
                kind == VgaScanout.Kind.BYTES ? allColours(eightBitColours) : sixteenColours(eightBitColours));
    }

    /** 16 colours in four planes in a mode of the Bochs interface. */
    Scanout planar(DisplaySize size, int pitch, boolean eightBitColours) {
        return new VgaScanout(
                size,
                VgaScanout.Kind.PLANAR,
                new VgaScanout.Repeat(1, 1),
                pair(CRTC_START),
                pitch,
                1,
                Integer.MAX_VALUE,
                0xF,
                sixteenColours(eightBitColours));
    }

    /** 256 colours. */
    Palette allColours(boolean eightBitColours) {
        int[] colours = new int[256];
        for (int i = 0; i < colours.length; i++) {
            colours[i] = colour(i & vga.paletteMask, eightBitColours);
        }
        return Palette.of(colours);
    }

    /** Through the attribute controller's palette. */
    private Palette sixteenColours(boolean eightBitColours) {
        int[] colours = new int[16];
        int select = vga.attribute[ATTRIBUTE_COLOUR];
        boolean four = (vga.attribute[ATTRIBUTE_MODE] & PALETTE_16) != 0;
        for (int i = 0; i < colours.length; i++) {
            int entry = vga.attribute[i];
            int number = four ? select << 4 & 0xF0 | entry & 0xF : select << 4 & 0xC0 | entry & 0x3F;
            colours[i] = colour(number & vga.paletteMask, eightBitColours);
        }
        return Palette.of(colours);
    }

    private int colour(int number, boolean eightBits) {
        int rgb = 0;
        for (int i = 0; i < 3; i++) {
            int component = vga.colours[number * 3 + i] & 0xFF;
            rgb = rgb << 8 | (eightBits ? component : component << 2 & 0xFC | component >> 4 & 3);
        }
        return rgb;
    }
}
