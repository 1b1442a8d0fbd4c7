package oriel.hypervisor.device.display;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;

/** Pixels that lie in memory one after the other, little-endian. */
enum PixelFormat {
    /** 8 bits: an index into the palette. */
    INDEXED(8, 1),
    /** 15 bits, 5 each of red, green and blue, in two bytes. */
    RGB_555(15, 2),
    /** 16 bits: 5 of red, 6 of green, 5 of blue. */
    RGB_565(16, 2),
    /** 24 bits, blue first. */
    RGB_888(24, 3),
    /** 32 bits, blue first; the highest byte means nothing. */
    XRGB_8888(32, 4);

    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int RGB = 0x00FF_FFFF;

    private final int depth;
    private final int bytes;

    PixelFormat(int depth, int bytes) {
        this.depth = depth;
        this.bytes = bytes;
    }

    /** The format of a depth in bits. */
    static Optional<PixelFormat> ofDepth(int depth) {
        for (PixelFormat format : values()) {
            if (format.depth == depth) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }

    /** Bytes a pixel. */
    int bytes() {
        return bytes;
    }

    /** Copies pixels of a row out as 0x00RRGGBB. */
    void copy(MemorySegment memory, long from, int[] to, int at, int count, Palette palette) {
        switch (this) {
            case XRGB_8888 -> {
                MemorySegment.copy(memory, I32, from, to, at, count);
                for (int i = at; i < at + count; i++) {
                    to[i] &= RGB;
                }
            }
            case RGB_888 -> {
                for (int i = 0; i < count; i++) {
                    long pixel = from + 3L * i;
                    to[at + i] = memory.get(JAVA_BYTE, pixel) & 0xFF
                            | (memory.get(JAVA_BYTE, pixel + 1) & 0xFF) << 8
                            | (memory.get(JAVA_BYTE, pixel + 2) & 0xFF) << 16;
                }
            }
            case RGB_565 -> {
                for (int i = 0; i < count; i++) {
                    int pixel = memory.get(I16, from + 2L * i);
                    to[at + i] = wide(pixel >> 11, 5) << 16 | wide(pixel >> 5, 6) << 8 | wide(pixel, 5);
                }
            }
            case RGB_555 -> {
                for (int i = 0; i < count; i++) {
                    int pixel = memory.get(I16, from + 2L * i);
                    to[at + i] = wide(pixel >> 10, 5) << 16 | wide(pixel >> 5, 5) << 8 | wide(pixel, 5);
                }
            }
            case INDEXED -> {
                for (int i = 0; i < count; i++) {
                    to[at + i] = palette.rgb(memory.get(JAVA_BYTE, from + i) & 0xFF);
                }
            }
        }
    }

    /** A component of some bits as one of 8, so that the largest value is the largest. */
    private static int wide(int value, int bits) {
        int component = value & (1 << bits) - 1;
        return component << 8 - bits | component >> 2 * bits - 8;
    }
}
