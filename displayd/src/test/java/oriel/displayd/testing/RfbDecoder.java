package oriel.displayd.testing;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import javax.imageio.ImageIO;
import oriel.displayd.rfb.PixelFormat;

/**
 * A client's side of every encoding, written from RFC 6143 and rfbproto and sharing nothing with the encoders but the
 * description of a pixel format. It holds pixel values as they came.
 */
public final class RfbDecoder {
    private final PixelFormat format;
    private final Inflater zlib = new Inflater();
    private final Inflater zrle = new Inflater();
    private final Inflater[] tight = {new Inflater(), new Inflater(), new Inflater(), new Inflater()};
    private int width;
    private int height;
    private int[] pixels;
    private final Map<String, OpenH264Decoder> films = new HashMap<>();
    private int jpegRectangles;
    private int filmRectangles;

    public RfbDecoder(PixelFormat format, int width, int height) {
        this.format = format;
        resize(width, height);
    }

    public void resize(int newWidth, int newHeight) {
        width = newWidth;
        height = newHeight;
        pixels = new int[newWidth * newHeight];
    }

    public int[] pixels() {
        return pixels;
    }

    public int width() {
        return width;
    }

    public int height() {
        return height;
    }

    public int jpegRectangles() {
        return jpegRectangles;
    }

    /** Decodes the data of one rectangle. */
    public void decode(int encoding, int x, int y, int w, int h, DataInputStream in) throws IOException {
        if (x + w > width || y + h > height) {
            throw new IOException("rectangle outside the picture");
        }
        switch (encoding) {
            case 0 -> raw(x, y, w, h, in);
            case 1 -> copyRect(x, y, w, h, in);
            case 2 -> rre(x, y, w, h, in);
            case 5 -> hextile(x, y, w, h, in);
            case 6 -> {
                byte[] plain = inflate(zlib, in.readNBytes(in.readInt()), w * h * format.bitsPerPixel() / 8);
                raw(x, y, w, h, new DataInputStream(new ByteArrayInputStream(plain)));
            }
            case 7 -> tight(x, y, w, h, in);
            case 16 -> zrle(x, y, w, h, in);
            case 21 -> image(x, y, w, h, jpegStream(in));
            case 50 -> film(x, y, w, h, in);
            case -260 -> tightPng(x, y, w, h, in);
            default -> throw new IOException("unknown encoding " + encoding);
        }
    }

    private int pixel(DataInputStream in) throws IOException {
        return number(in, format.bitsPerPixel() / 8);
    }

    private int number(DataInputStream in, int bytes) throws IOException {
        int value = 0;
        for (int i = 0; i < bytes; i++) {
            int b = in.readUnsignedByte();
            value = format.bigEndian() ? value << 8 | b : value | b << 8 * i;
        }
        return value;
    }

    private int cpixel(DataInputStream in) throws IOException {
        if (format.bitsPerPixel() != 32 || format.depth() > 24) {
            return pixel(in);
        }
        long used = (long) format.redMax() << format.redShift()
                | (long) format.greenMax() << format.greenShift()
                | (long) format.blueMax() << format.blueShift();
        if (used <= 0xFFFFFF) {
            return number(in, 3);
        }
        return (used & 0xFF) == 0 ? number(in, 3) << 8 : pixel(in);
    }

    private boolean threeByteTight() {
        return format.bitsPerPixel() == 32
                && format.depth() == 24
                && format.redMax() == 255
                && format.greenMax() == 255
                && format.blueMax() == 255;
    }

    private int tpixel(DataInputStream in) throws IOException {
        if (!threeByteTight()) {
            return pixel(in);
        }
        int r = in.readUnsignedByte();
        int g = in.readUnsignedByte();
        int b = in.readUnsignedByte();
        return r << format.redShift() | g << format.greenShift() | b << format.blueShift();
    }

    private void fill(int x, int y, int w, int h, int value) throws IOException {
        if (x < 0 || y < 0 || x + w > width || y + h > height) {
            throw new IOException("fill outside the picture");
        }
        for (int row = y; row < y + h; row++) {
            for (int column = x; column < x + w; column++) {
                pixels[row * width + column] = value;
            }
        }
    }

    private void raw(int x, int y, int w, int h, DataInputStream in) throws IOException {
        for (int row = y; row < y + h; row++) {
            for (int column = x; column < x + w; column++) {
                pixels[row * width + column] = pixel(in);
            }
        }
    }

    private void copyRect(int x, int y, int w, int h, DataInputStream in) throws IOException {
        int fromX = in.readUnsignedShort();
        int fromY = in.readUnsignedShort();
        int[] before = pixels.clone();
        for (int row = 0; row < h; row++) {
            System.arraycopy(before, (fromY + row) * width + fromX, pixels, (y + row) * width + x, w);
        }
    }

    private void rre(int x, int y, int w, int h, DataInputStream in) throws IOException {
        int count = in.readInt();
        fill(x, y, w, h, pixel(in));
        for (int i = 0; i < count; i++) {
            int colour = pixel(in);
            int sx = in.readUnsignedShort();
            int sy = in.readUnsignedShort();
            int sw = in.readUnsignedShort();
            int sh = in.readUnsignedShort();
            fill(x + sx, y + sy, sw, sh, colour);
        }
    }

    private void hextile(int x, int y, int w, int h, DataInputStream in) throws IOException {
        int background = 0xBAD;
        int foreground = 0xBAD;
        for (int ty = y; ty < y + h; ty += 16) {
            for (int tx = x; tx < x + w; tx += 16) {
                int tw = Math.min(16, x + w - tx);
                int th = Math.min(16, y + h - ty);
                int flags = in.readUnsignedByte();
                if ((flags & 1) != 0) {
                    raw(tx, ty, tw, th, in);
                    background = 0xBAD;
                    foreground = 0xBAD;
                    continue;
                }
                if ((flags & 2) != 0) {
                    background = pixel(in);
                }
                if ((flags & 4) != 0) {
                    foreground = pixel(in);
                }
                fill(tx, ty, tw, th, background);
                int count = (flags & 8) != 0 ? in.readUnsignedByte() : 0;
                for (int i = 0; i < count; i++) {
                    int colour = (flags & 16) != 0 ? pixel(in) : foreground;
                    int position = in.readUnsignedByte();
                    int size = in.readUnsignedByte();
                    fill(tx + (position >> 4), ty + (position & 15), (size >> 4) + 1, (size & 15) + 1, colour);
                }
            }
        }
    }

    private void zrle(int x, int y, int w, int h, DataInputStream in) throws IOException {
        byte[] plain = inflate(zrle, in.readNBytes(in.readInt()), -1);
        DataInputStream data = new DataInputStream(new ByteArrayInputStream(plain));
        for (int ty = y; ty < y + h; ty += 64) {
            for (int tx = x; tx < x + w; tx += 64) {
                zrleTile(tx, ty, Math.min(64, x + w - tx), Math.min(64, y + h - ty), data);
            }
        }
        if (data.available() > 0) {
            throw new IOException(data.available() + " bytes too many in a ZRLE rectangle");
        }
    }

    private void zrleTile(int x, int y, int w, int h, DataInputStream in) throws IOException {
        int type = in.readUnsignedByte();
        int size = type & 127;
        if (size == 1 && type < 128 || type == 129 || type > 16 && type < 128) {
            if (type != 1) {
                throw new IOException("unused ZRLE type " + type);
            }
            fill(x, y, w, h, cpixel(in));
            return;
        }
        int[] palette = new int[size];
        for (int i = 0; i < size; i++) {
            palette[i] = cpixel(in);
        }
        if (type == 0) {
            for (int i = 0; i < w * h; i++) {
                pixels[(y + i / w) * width + x + i % w] = cpixel(in);
            }
        } else if (type < 128) {
            int bits = size == 2 ? 1 : size <= 4 ? 2 : 4;
            for (int row = 0; row < h; row++) {
                int left = 0;
                int current = 0;
                for (int column = 0; column < w; column++) {
                    if (left == 0) {
                        current = in.readUnsignedByte();
                        left = 8;
                    }
                    left -= bits;
                    pixels[(y + row) * width + x + column] = palette[current >> left & (1 << bits) - 1];
                }
            }
        } else {
            int done = 0;
            while (done < w * h) {
                int colour;
                boolean run = true;
                if (size == 0) {
                    colour = cpixel(in);
                } else {
                    int index = in.readUnsignedByte();
                    run = index >= 128;
                    colour = palette[index & 127];
                }
                int length = 1;
                if (run) {
                    int b = in.readUnsignedByte();
                    while (b == 255) {
                        length += 255;
                        b = in.readUnsignedByte();
                    }
                    length += b;
                }
                for (int i = 0; i < length; i++, done++) {
                    pixels[(y + done / w) * width + x + done % w] = colour;
                }
            }
        }
    }

    private void tight(int x, int y, int w, int h, DataInputStream in) throws IOException {
        int control = in.readUnsignedByte();
        for (int i = 0; i < 4; i++) {
            if ((control >> i & 1) != 0) {
                tight[i].reset();
            }
        }
        int kind = control >> 4;
        if (kind == 8) {
            fill(x, y, w, h, tpixel(in));
            return;
        }
        if (kind == 9) {
            image(x, y, w, h, in.readNBytes(compactLength(in)));
            return;
        }
        if (kind > 7) {
            throw new IOException("invalid Tight control " + control);
        }
        int filter = (kind & 4) != 0 ? in.readUnsignedByte() : 0;
        Inflater stream = tight[kind & 3];
        int pixelBytes = threeByteTight() ? 3 : format.bitsPerPixel() / 8;
        if (filter == 0) {
            DataInputStream data = tightData(stream, w * h * pixelBytes, in);
            for (int i = 0; i < w * h; i++) {
                pixels[(y + i / w) * width + x + i % w] = tpixel(data);
            }
            return;
        }
        if (filter == 2) {
            gradient(x, y, w, h, tightData(stream, w * h * pixelBytes, in));
            return;
        }
        if (filter != 1) {
            throw new IOException("unexpected Tight filter " + filter);
        }
        int[] palette = new int[in.readUnsignedByte() + 1];
        for (int i = 0; i < palette.length; i++) {
            palette[i] = tpixel(in);
        }
        int rowBytes = palette.length == 2 ? (w + 7) / 8 : w;
        byte[] data = tightData(stream, rowBytes * h, in).readAllBytes();
        for (int row = 0; row < h; row++) {
            for (int column = 0; column < w; column++) {
                int index = palette.length == 2
                        ? data[row * rowBytes + column / 8] >> 7 - column % 8 & 1
                        : data[row * rowBytes + column] & 0xFF;
                pixels[(y + row) * width + x + column] = palette[index];
            }
        }
    }

    private void gradient(int x, int y, int w, int h, DataInputStream in) throws IOException {
        if (!threeByteTight()) {
            throw new IOException("gradient filter with other than three bytes a pixel");
        }
        int[][] above = new int[w + 1][3];
        for (int row = 0; row < h; row++) {
            int[][] now = new int[w + 1][3];
            for (int column = 1; column <= w; column++) {
                for (int c = 0; c < 3; c++) {
                    int foretold = now[column - 1][c] + above[column][c] - above[column - 1][c];
                    now[column][c] = Math.clamp(foretold, 0, 255) + in.readUnsignedByte() & 0xFF;
                }
                pixels[(y + row) * width + x + column - 1] = now[column][0] << format.redShift()
                        | now[column][1] << format.greenShift()
                        | now[column][2] << format.blueShift();
            }
            above = now;
        }
    }

    private void tightPng(int x, int y, int w, int h, DataInputStream in) throws IOException {
        int control = in.readUnsignedByte();
        switch (control) {
            case 0x80 -> fill(x, y, w, h, tpixel(in));
            case 0x90, 0xA0 -> image(x, y, w, h, in.readNBytes(compactLength(in)));
            default -> throw new IOException("invalid Tight PNG control " + control);
        }
    }

    private void film(int x, int y, int w, int h, DataInputStream in) throws IOException {
        int length = in.readInt();
        boolean reset = (in.readInt() & 1) != 0;
        byte[] stream = in.readNBytes(length);
        String place = x + "," + y + " " + w + "×" + h;
        if (reset || !films.containsKey(place)) {
            films.put(place, new OpenH264Decoder());
        }
        films.get(place).decode(stream, pixels, y * width + x, width, w, h);
        filmRectangles++;
    }

    /** Rectangles decoded as H.264. */
    public int filmRectangles() {
        return filmRectangles;
    }

    /** A JPEG ends with the marker FFD9, which can't occur in its data. */
    private static byte[] jpegStream(DataInputStream in) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int last = 0;
        int now = in.readUnsignedByte();
        while (last != 0xFF || now != 0xD9) {
            bytes.write(now);
            last = now;
            now = in.readUnsignedByte();
        }
        bytes.write(now);
        return bytes.toByteArray();
    }

    private static DataInputStream tightData(Inflater stream, int size, DataInputStream in) throws IOException {
        byte[] data = size < 12 ? in.readNBytes(size) : inflate(stream, in.readNBytes(compactLength(in)), size);
        return new DataInputStream(new ByteArrayInputStream(data));
    }

    private static int compactLength(DataInputStream in) throws IOException {
        int b = in.readUnsignedByte();
        int length = b & 0x7F;
        if ((b & 0x80) != 0) {
            b = in.readUnsignedByte();
            length |= (b & 0x7F) << 7;
            if ((b & 0x80) != 0) {
                length |= in.readUnsignedByte() << 14;
            }
        }
        return length;
    }

    private void image(int x, int y, int w, int h, byte[] data) throws IOException {
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(data));
        if (image.getWidth() != w || image.getHeight() != h) {
            throw new IOException("picture of another size than its rectangle");
        }
        jpegRectangles += (data[0] & 0xFF) == 0xFF ? 1 : 0;
        for (int row = 0; row < h; row++) {
            for (int column = 0; column < w; column++) {
                int rgb = image.getRGB(column, row);
                pixels[(y + row) * width + x + column] = (rgb >> 16 & 255) << format.redShift()
                        | (rgb >> 8 & 255) << format.greenShift()
                        | (rgb & 255) << format.blueShift();
            }
        }
    }

    private static byte[] inflate(Inflater inflater, byte[] from, int expected) throws IOException {
        ByteArrayOutputStream to = new ByteArrayOutputStream();
        inflater.setInput(from);
        byte[] buffer = new byte[65536];
        try {
            int count = inflater.inflate(buffer);
            while (count > 0) {
                to.write(buffer, 0, count);
                count = inflater.inflate(buffer);
            }
        } catch (DataFormatException e) {
            throw new IOException(e);
        }
        if (expected >= 0 && to.size() != expected) {
            throw new IOException("inflated to " + to.size() + " bytes instead of " + expected);
        }
        return to.toByteArray();
    }
}
