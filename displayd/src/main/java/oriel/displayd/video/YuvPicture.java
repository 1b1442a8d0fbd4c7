package oriel.displayd.video;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import oriel.displayd.encode.PixelBlock;

/**
 * A picture as codecs want it: brightness per pixel, then blue and red difference per 2×2 pixels (I420), ITU-R BT.709,
 * limited range. Width and height are even. Not thread-safe.
 */
final class YuvPicture {
    private final int width;
    private final int height;
    private final byte[] bytes;
    private final MemorySegment memory;

    YuvPicture(int width, int height, Arena arena) {
        this.width = width;
        this.height = height;
        bytes = new byte[width * height * 3 / 2];
        memory = arena.allocate(bytes.length, 16);
    }

    /** The planes, one after the other. */
    MemorySegment memory() {
        return memory;
    }

    /** Takes a block of 0x00RRGGBB of the same size. */
    void take(PixelBlock block) {
        int[] pixels = block.pixels();
        int blue = width * height;
        int red = blue + blue / 4;
        for (int y = 0; y < height; y += 2) {
            int upper = y * width;
            int lower = upper + width;
            int chroma = upper / 4;
            for (int x = 0; x < width; x += 2) {
                int a = pixels[upper + x];
                int b = pixels[upper + x + 1];
                int c = pixels[lower + x];
                int d = pixels[lower + x + 1];
                bytes[upper + x] = brightness(a);
                bytes[upper + x + 1] = brightness(b);
                bytes[lower + x] = brightness(c);
                bytes[lower + x + 1] = brightness(d);
                // Sums of four: red and blue can't meet in one word, as each needs ten bits of sixteen.
                int rb = (a & 0xFF00FF) + (b & 0xFF00FF) + (c & 0xFF00FF) + (d & 0xFF00FF);
                int r = rb >>> 16;
                int bl = rb & 0xFFFF;
                int g = (a >>> 8 & 0xFF) + (b >>> 8 & 0xFF) + (c >>> 8 & 0xFF) + (d >>> 8 & 0xFF);
                // BT.709: Cb = (B − Y) / 1.8556, Cr = (R − Y) / 1.5748, scaled to 224 steps, in 1/65536 of a quarter.
                bytes[blue + chroma + x / 2] =
                        (byte) ((-6596 * r - 22189 * g + 28784 * bl + (128 << 18) + (1 << 17)) >> 18);
                bytes[red + chroma + x / 2] =
                        (byte) ((28784 * r - 26145 * g - 2639 * bl + (128 << 18) + (1 << 17)) >> 18);
            }
        }
        MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
    }

    /** BT.709: Y = 0.2126 R + 0.7152 G + 0.0722 B, scaled to 16–235. */
    private static byte brightness(int rgb) {
        return (byte) ((11966 * (rgb >>> 16 & 0xFF)
                        + 40254 * (rgb >>> 8 & 0xFF)
                        + 4064 * (rgb & 0xFF)
                        + (16 << 16)
                        + (1 << 15))
                >> 16);
    }
}
