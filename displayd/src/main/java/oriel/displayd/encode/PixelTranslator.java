package oriel.displayd.encode;

import oriel.displayd.rfb.PixelFormat;

/** Turns a display's 0x00RRGGBB into a client's pixel values, by a table per colour. Immutable. */
public final class PixelTranslator {
    private final boolean identity;
    private final int[] red = new int[256];
    private final int[] green = new int[256];
    private final int[] blue = new int[256];

    /** Prepares the tables. */
    public PixelTranslator(PixelFormat format) {
        for (int i = 0; i < 256; i++) {
            red[i] = format.toWire(i << 16);
            green[i] = format.toWire(i << 8);
            blue[i] = format.toWire(i);
        }
        identity = format.toWire(0x123456) == 0x123456 && format.toWire(0xFEDCBA) == 0xFEDCBA;
    }

    /** Whether the client's format is the display's own. */
    public boolean isIdentity() {
        return identity;
    }

    /** Translates {@code count} pixels. */
    public void translate(int[] from, int offset, int[] to, int at, int count) {
        if (identity) {
            for (int i = 0; i < count; i++) {
                to[at + i] = from[offset + i] & 0xFFFFFF;
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            int rgb = from[offset + i];
            to[at + i] = red[rgb >>> 16 & 0xFF] | green[rgb >>> 8 & 0xFF] | blue[rgb & 0xFF];
        }
    }
}
