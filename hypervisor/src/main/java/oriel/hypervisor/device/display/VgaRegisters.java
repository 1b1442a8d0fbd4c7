package oriel.hypervisor.device.display;

import java.util.Arrays;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The registers of a VGA, ports 3B4H–3DFH (IBM VGA technical reference): sequencer, CRT controller, graphics controller,
 * attribute controller and palette. They hold what software wrote; {@link VgaPicture} says what it means and
 * {@link VgaWindow} what it does to memory accesses.
 */
final class VgaRegisters {
    /** Bytes of the four planes. */
    static final int MEMORY = 256 << 10;

    static final int FIRST_PORT = 0x3B4, LAST_PORT = 0x3DF;
    private static final int MONO_INDEX = 0x3B4, MONO_DATA = 0x3B5, MONO_STATUS = 0x3BA;
    private static final int ATTRIBUTE_WRITE = 0x3C0, ATTRIBUTE_READ = 0x3C1;
    private static final int STATUS_0 = 0x3C2, SEQUENCER_INDEX = 0x3C4, SEQUENCER_DATA = 0x3C5;
    private static final int PALETTE_MASK = 0x3C6, PALETTE_READ = 0x3C7, PALETTE_WRITE = 0x3C8, PALETTE_DATA = 0x3C9;
    private static final int MISCELLANEOUS = 0x3CC, GRAPHICS_INDEX = 0x3CE, GRAPHICS_DATA = 0x3CF;
    private static final int COLOUR_INDEX = 0x3D4, COLOUR_DATA = 0x3D5, COLOUR_STATUS = 0x3DA;

    private static final int[] SEQUENCER_MASKS = {3, 0x3D, 0xF, 0x3F, 0xE};
    private static final int[] GRAPHICS_MASKS = {0xF, 0xF, 0xF, 0x1F, 3, 0x7B, 0xF, 0xF, 0xFF};
    private static final int CRTC_COUNT = 25, ATTRIBUTE_COUNT = 21;
    private static final int PROTECT = 0x80, LINE_COMPARE_BIT_8 = 0x10;
    private static final int COLOUR_PORTS = 1;
    private static final int DISPLAY_DISABLED = 1, VERTICAL_RETRACE = 8;
    private static final int PICTURE_ON = 0x20;

    final int[] sequencer = new int[SEQUENCER_MASKS.length];
    final int[] graphics = new int[GRAPHICS_MASKS.length];
    final int[] crtc = new int[CRTC_COUNT];
    final int[] attribute = new int[ATTRIBUTE_COUNT];

    /** Red, green and blue of 256 colours, 6 bits each (8 where the Bochs interface says so). */
    final byte[] colours = new byte[256 * 3];

    int paletteMask;
    private int miscellaneous;
    private int sequencerIndex;
    private int graphicsIndex;
    private int crtcIndex;
    private int attributeIndex;
    private boolean attributeDataNext;
    private int paletteWriteAt;
    private int paletteReadAt;
    private boolean paletteReading;
    private int status;

    VgaRegisters() {
        reset();
    }

    void reset() {
        Arrays.fill(sequencer, 0);
        Arrays.fill(graphics, 0);
        Arrays.fill(crtc, 0);
        Arrays.fill(attribute, 0);
        Arrays.fill(colours, (byte) 0);
        paletteMask = 0xFF;
        miscellaneous = COLOUR_PORTS;
        sequencerIndex = 0;
        graphicsIndex = 0;
        crtcIndex = 0;
        attributeIndex = PICTURE_ON; // without a video BIOS nobody else sets it
        attributeDataNext = false;
        paletteWriteAt = 0;
        paletteReadAt = 0;
        paletteReading = false;
        status = 0;
    }

    /** Whether the attribute controller lets the picture through. */
    boolean pictureOn() {
        return (attributeIndex & PICTURE_ON) != 0;
    }

    void showPicture(boolean on) {
        attributeIndex = on ? attributeIndex | PICTURE_ON : attributeIndex & ~PICTURE_ON;
    }

    private boolean otherAddress(int port) {
        boolean colour = (miscellaneous & COLOUR_PORTS) != 0;
        return colour ? port <= MONO_STATUS : port >= COLOUR_INDEX;
    }

    /** Reads a port; FFH where there is no register. */
    int read(int port) {
        if (otherAddress(port)) {
            return 0xFF;
        }
        return switch (port) {
            case ATTRIBUTE_WRITE -> attributeDataNext ? 0 : attributeIndex;
            case ATTRIBUTE_READ -> (attributeIndex & 0x1F) < ATTRIBUTE_COUNT ? attribute[attributeIndex & 0x1F] : 0;
            case STATUS_0 -> 0;
            case SEQUENCER_INDEX -> sequencerIndex;
            case SEQUENCER_DATA -> sequencerIndex < sequencer.length ? sequencer[sequencerIndex] : 0;
            case PALETTE_MASK -> paletteMask;
            case PALETTE_READ -> paletteReading ? 3 : 0;
            case PALETTE_WRITE -> paletteWriteAt / 3;
            case PALETTE_DATA -> {
                int value = colours[paletteReadAt] & 0xFF;
                paletteReadAt = (paletteReadAt + 1) % colours.length;
                yield value;
            }
            case MISCELLANEOUS -> miscellaneous;
            case GRAPHICS_INDEX -> graphicsIndex;
            case GRAPHICS_DATA -> graphicsIndex < graphics.length ? graphics[graphicsIndex] : 0;
            case MONO_INDEX, COLOUR_INDEX -> crtcIndex;
            case MONO_DATA, COLOUR_DATA -> crtcIndex < CRTC_COUNT ? crtc[crtcIndex] : 0;
            case MONO_STATUS, COLOUR_STATUS -> {
                attributeDataNext = false;
                // Whoever waits for a retrace, or for its end, doesn't wait long: there is no beam.
                status ^= DISPLAY_DISABLED | VERTICAL_RETRACE;
                yield status;
            }
            default -> 0xFF;
        };
    }

    /** Writes a port. */
    void write(int port, int value) {
        if (otherAddress(port)) {
            return;
        }
        switch (port) {
            case ATTRIBUTE_WRITE -> writeAttribute(value);
            case STATUS_0 -> miscellaneous = value & ~0x10;
            case SEQUENCER_INDEX -> sequencerIndex = value & 7;
            case SEQUENCER_DATA -> {
                if (sequencerIndex < sequencer.length) {
                    sequencer[sequencerIndex] = value & SEQUENCER_MASKS[sequencerIndex];
                }
            }
            case PALETTE_MASK -> paletteMask = value;
            case PALETTE_READ -> {
                paletteReadAt = value * 3;
                paletteReading = true;
            }
            case PALETTE_WRITE -> {
                paletteWriteAt = value * 3;
                paletteReading = false;
            }
            case PALETTE_DATA -> {
                colours[paletteWriteAt] = (byte) value;
                paletteWriteAt = (paletteWriteAt + 1) % colours.length;
            }
            case GRAPHICS_INDEX -> graphicsIndex = value & 0xF;
            case GRAPHICS_DATA -> {
                if (graphicsIndex < graphics.length) {
                    graphics[graphicsIndex] = value & GRAPHICS_MASKS[graphicsIndex];
                }
            }
            case MONO_INDEX, COLOUR_INDEX -> crtcIndex = value & 0x1F;
            case MONO_DATA, COLOUR_DATA -> writeCrtc(value);
            default -> {}
        }
    }

    private void writeAttribute(int value) {
        int index = attributeIndex & 0x1F;
        if (!attributeDataNext) {
            attributeIndex = value & 0x3F;
        } else if (index < ATTRIBUTE_COUNT) {
            attribute[index] = value & 0x3F;
            if (index == 0x10) {
                attribute[index] = value & 0xEF;
            } else if (index == 0x11) {
                attribute[index] = value;
            }
        }
        attributeDataNext = !attributeDataNext;
    }

    private void writeCrtc(int value) {
        if (crtcIndex >= CRTC_COUNT) {
            return;
        }
        if (crtcIndex <= 7 && (crtc[0x11] & PROTECT) != 0) {
            if (crtcIndex == 7) {
                crtc[7] = crtc[7] & ~LINE_COMPARE_BIT_8 | value & LINE_COMPARE_BIT_8;
            }
            return;
        }
        crtc[crtcIndex] = value;
    }

    private int[][] banks() {
        return new int[][] {sequencer, graphics, crtc, attribute};
    }

    void save(StateWriter out) {
        for (int[] bank : banks()) {
            byte[] bytes = new byte[bank.length];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) bank[i];
            }
            out.blob(bytes);
        }
        out.blob(colours).u8(paletteMask).u8(miscellaneous);
        out.u8(sequencerIndex)
                .u8(graphicsIndex)
                .u8(crtcIndex)
                .u8(attributeIndex)
                .bool(attributeDataNext);
        out.u16(paletteWriteAt).u16(paletteReadAt).bool(paletteReading).u8(status);
    }

    void load(StateReader in) {
        for (int[] bank : banks()) {
            byte[] bytes = in.blob();
            requireLength(bytes, bank.length);
            for (int i = 0; i < bytes.length; i++) {
                bank[i] = bytes[i] & 0xFF;
            }
        }
        byte[] saved = in.blob();
        requireLength(saved, colours.length);
        System.arraycopy(saved, 0, colours, 0, colours.length);
        paletteMask = in.u8();
        miscellaneous = in.u8();
        sequencerIndex = in.u8() & 7;
        graphicsIndex = in.u8() & 0xF;
        crtcIndex = in.u8() & 0x1F;
        attributeIndex = in.u8() & 0x3F;
        attributeDataNext = in.bool();
        paletteWriteAt = in.u16() % colours.length;
        paletteReadAt = in.u16() % colours.length;
        paletteReading = in.bool();
        status = in.u8();
    }

    private static void requireLength(byte[] bytes, int length) {
        if (bytes.length != length) {
            throw new StateException("saved VGA has another number of registers");
        }
    }
}
