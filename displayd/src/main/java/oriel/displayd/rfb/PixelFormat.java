package oriel.displayd.rfb;

/**
 * How a client wants its pixels (RFC 6143 §7.4). Colour-mapped clients are served a fixed 3-3-2 map, so that every
 * format that gets past {@link #read} is true colour to the encoders.
 *
 * @param bitsPerPixel 8, 16 or 32
 * @param depth useful bits, at most {@code bitsPerPixel}
 * @param bigEndian byte order of multi-byte pixels
 * @param trueColour false if the client wants a colour map (8 bits only)
 * @param redMax greatest red value; the same for the others
 * @param redShift shifts needed to reach red's lowest bit; the same for the others
 */
public record PixelFormat(
        int bitsPerPixel,
        int depth,
        boolean bigEndian,
        boolean trueColour,
        int redMax,
        int greenMax,
        int blueMax,
        int redShift,
        int greenShift,
        int blueShift) {

    /** Bytes of the structure on the wire. */
    public static final int WIRE_LENGTH = 16;

    /** What we offer: 0x00RRGGBB, little-endian; a display's own pixels. */
    public static final PixelFormat NATIVE = new PixelFormat(32, 24, false, true, 255, 255, 255, 16, 8, 0);

    /** What colour-mapped clients get: index = RRRGGGBB. */
    public static final PixelFormat MAPPED_332 = new PixelFormat(8, 8, false, false, 7, 7, 3, 5, 2, 0);

    /** Bytes of a pixel. */
    public int bytesPerPixel() {
        return bitsPerPixel / 8;
    }

    /** Whether red, green and blue are whole bytes of a 32-bit pixel: the condition for Tight's 3-byte pixels. */
    public boolean is888() {
        return trueColour && bitsPerPixel == 32 && depth == 24 && redMax == 255 && greenMax == 255 && blueMax == 255;
    }

    /** The pixel value of a colour 0x00RRGGBB. */
    public int toWire(int rgb) {
        return scale(rgb >>> 16 & 0xFF, redMax) << redShift
                | scale(rgb >>> 8 & 0xFF, greenMax) << greenShift
                | scale(rgb & 0xFF, blueMax) << blueShift;
    }

    /** The colour 0x00RRGGBB of a pixel value. */
    public int toRgb(int value) {
        return (value >>> redShift & redMax) * 255 / redMax << 16
                | (value >>> greenShift & greenMax) * 255 / greenMax << 8
                | (value >>> blueShift & blueMax) * 255 / blueMax;
    }

    private static int scale(int value, int max) {
        return (value * max + 127) / 255;
    }

    /** Writes the structure. */
    public void write(WireBuffer out) {
        out.u8(bitsPerPixel).u8(depth).u8(bigEndian ? 1 : 0).u8(trueColour ? 1 : 0);
        out.u16(redMax).u16(greenMax).u16(blueMax);
        out.u8(redShift).u8(greenShift).u8(blueShift).zeros(3);
    }

    /** Reads and checks the structure a client sent. */
    static PixelFormat read(byte[] from, int at) throws RfbProtocolException {
        int bits = from[at] & 0xFF;
        int depth = from[at + 1] & 0xFF;
        boolean bigEndian = from[at + 2] != 0;
        if (bits != 8 && bits != 16 && bits != 32) {
            throw new RfbProtocolException("pixel format with " + bits + " bits per pixel (8, 16 or 32 are possible)");
        }
        if (from[at + 3] == 0) {
            if (bits != 8) {
                throw new RfbProtocolException("a colour map with " + bits + " bits per pixel (only 8 is possible)");
            }
            return MAPPED_332;
        }
        if (depth < 1 || depth > bits) {
            throw new RfbProtocolException("pixel format with depth " + depth + " in " + bits + " bits");
        }
        PixelFormat format = new PixelFormat(
                bits,
                depth,
                bigEndian,
                true,
                u16(from, at + 4),
                u16(from, at + 6),
                u16(from, at + 8),
                from[at + 10] & 0xFF,
                from[at + 11] & 0xFF,
                from[at + 12] & 0xFF);
        format.checkFits("red", format.redMax, format.redShift);
        format.checkFits("green", format.greenMax, format.greenShift);
        format.checkFits("blue", format.blueMax, format.blueShift);
        return format;
    }

    private void checkFits(String colour, int max, int shift) throws RfbProtocolException {
        int length = 32 - Integer.numberOfLeadingZeros(max);
        if (max == 0 || shift + length > bitsPerPixel) {
            throw new RfbProtocolException(
                    "pixel format whose " + colour + " (max " + max + ", shift " + shift + ") doesn't fit the pixel");
        }
    }

    private static int u16(byte[] from, int at) {
        return (from[at] & 0xFF) << 8 | from[at + 1] & 0xFF;
    }
}
