package oriel.displayd.rfb;

/**
 * The bytes of one pixel on the wire: byte <i>i</i> is the pixel value shifted right by {@code shift(i)}. The three
 * kinds the protocol knows differ only in that.
 */
public final class PixelLayout {
    private final int[] shifts;

    private PixelLayout(int... shifts) {
        this.shifts = shifts;
    }

    /** PIXEL: every byte of the format (RFC 6143 §7.4). */
    public static PixelLayout full(PixelFormat format) {
        return switch (format.bitsPerPixel()) {
            case 8 -> new PixelLayout(0);
            case 16 -> format.bigEndian() ? new PixelLayout(8, 0) : new PixelLayout(0, 8);
            default -> format.bigEndian() ? new PixelLayout(24, 16, 8, 0) : new PixelLayout(0, 8, 16, 24);
        };
    }

    /** CPIXEL: without the byte that carries no colour (RFC 6143 §7.7.5). */
    public static PixelLayout compressed(PixelFormat format) {
        if (format.bitsPerPixel() != 32 || format.depth() > 24 || !format.trueColour()) {
            return full(format);
        }
        int used = format.redMax() << format.redShift()
                | format.greenMax() << format.greenShift()
                | format.blueMax() << format.blueShift();
        if ((used & 0xFF000000) == 0) {
            return format.bigEndian() ? new PixelLayout(16, 8, 0) : new PixelLayout(0, 8, 16);
        }
        if ((used & 0xFF) == 0) {
            return format.bigEndian() ? new PixelLayout(24, 16, 8) : new PixelLayout(8, 16, 24);
        }
        return full(format);
    }

    /** TPIXEL: red, green, blue where each is a whole byte. */
    public static PixelLayout tight(PixelFormat format) {
        return format.is888()
                ? new PixelLayout(format.redShift(), format.greenShift(), format.blueShift())
                : full(format);
    }

    /** Bytes per pixel. */
    public int bytes() {
        return shifts.length;
    }

    /** Writes one pixel. */
    public void write(WireBuffer out, int pixel) {
        for (int shift : shifts) {
            out.u8(pixel >>> shift);
        }
    }

    /** Writes {@code count} pixels. */
    public void write(WireBuffer out, int[] pixels, int offset, int count) {
        out.reserve(count * shifts.length);
        write(out.array(), out.size(), pixels, offset, count);
        out.advance(count * shifts.length);
    }

    /** Writes {@code count} pixels into an array. */
    public void write(byte[] to, int at, int[] pixels, int offset, int count) {
        int end = offset + count;
        int o = at;
        switch (shifts.length) {
            case 1 -> {
                for (int i = offset; i < end; i++) {
                    to[o++] = (byte) pixels[i];
                }
            }
            case 2 -> {
                int a = shifts[0];
                int b = shifts[1];
                for (int i = offset; i < end; i++) {
                    int pixel = pixels[i];
                    to[o] = (byte) (pixel >>> a);
                    to[o + 1] = (byte) (pixel >>> b);
                    o += 2;
                }
            }
            case 3 -> {
                int a = shifts[0];
                int b = shifts[1];
                int c = shifts[2];
                for (int i = offset; i < end; i++) {
                    int pixel = pixels[i];
                    to[o] = (byte) (pixel >>> a);
                    to[o + 1] = (byte) (pixel >>> b);
                    to[o + 2] = (byte) (pixel >>> c);
                    o += 3;
                }
            }
            default -> {
                int a = shifts[0];
                int b = shifts[1];
                int c = shifts[2];
                int d = shifts[3];
                for (int i = offset; i < end; i++) {
                    int pixel = pixels[i];
                    to[o] = (byte) (pixel >>> a);
                    to[o + 1] = (byte) (pixel >>> b);
                    to[o + 2] = (byte) (pixel >>> c);
                    to[o + 3] = (byte) (pixel >>> d);
                    o += 4;
                }
            }
        }
    }
}
