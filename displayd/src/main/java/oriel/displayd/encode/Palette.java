package oriel.displayd.encode;

import java.util.Arrays;

/** The distinct pixel values of a block, in order of appearance, while they are few. Reused; not thread-safe. */
final class Palette {
    /** The most any encoding can index. */
    static final int CAPACITY = 256;

    private static final int SLOTS = 1024;

    private final int[] colours = new int[CAPACITY];
    private final int[] keys = new int[SLOTS];
    private final short[] indices = new short[SLOTS];
    private int size;

    /**
     * Collects the colours of a part of a block.
     *
     * @return false if there are more than {@code limit}: the palette is useless then
     */
    boolean collect(int[] pixels, int offset, int stride, int width, int height, int limit) {
        Arrays.fill(indices, (short) -1);
        size = 0;
        int last = ~pixels[offset];
        for (int y = 0; y < height; y++) {
            int row = offset + y * stride;
            for (int x = 0; x < width; x++) {
                int colour = pixels[row + x];
                if (colour == last) {
                    continue;
                }
                last = colour;
                if (!add(colour, limit)) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean add(int colour, int limit) {
        int slot = slot(colour);
        while (indices[slot] >= 0) {
            if (keys[slot] == colour) {
                return true;
            }
            slot = slot + 1 & SLOTS - 1;
        }
        if (size == limit) {
            return false;
        }
        keys[slot] = colour;
        indices[slot] = (short) size;
        colours[size++] = colour;
        return true;
    }

    /** Number of colours. */
    int size() {
        return size;
    }

    /** Colours in order of appearance. */
    int[] colours() {
        return colours;
    }

    /** Position of a colour that was collected. */
    int indexOf(int colour) {
        int slot = slot(colour);
        while (keys[slot] != colour || indices[slot] < 0) {
            slot = slot + 1 & SLOTS - 1;
        }
        return indices[slot];
    }

    private static int slot(int colour) {
        return (colour * 0x9E3779B1) >>> 22;
    }
}
