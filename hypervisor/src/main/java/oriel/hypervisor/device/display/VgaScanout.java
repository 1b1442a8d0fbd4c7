package oriel.hypervisor.device.display;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/**
 * VGA graphics: 16 colours in four planes, 4 colours as of a CGA, or 256 colours. The planes are interleaved as in
 * {@link TextScanout}.
 *
 * @param size of the picture, repeated dots and lines included
 * @param kind how dots become colours
 * @param repeat how often each dot and line is repeated: 320×200 is shown as 640×400
 * @param start of the first dot, in bytes of a plane
 * @param pitch from line to line, in bytes of a plane
 * @param interleave how many sets of lines lie apart, as on a CGA (2) or Hercules (4) screen; else 1
 * @param split the line from which the picture goes on at the start of memory
 * @param planes a bit for each plane that is shown
 * @param palette 16 or 256 colours
 */
record VgaScanout(
        DisplaySize size,
        Kind kind,
        Repeat repeat,
        int start,
        int pitch,
        int interleave,
        int split,
        int planes,
        Palette palette)
        implements Scanout {
    private static final int INTERLEAVED_SET = 0x2000;

    /** How dots become colours. */
    enum Kind {
        /** One bit in each of four planes. */
        PLANAR,
        /** Two bits a dot; even bytes in plane 0, odd ones in plane 1. */
        FOUR_COLOURS,
        /** A byte a dot. */
        BYTES
    }

    /** Times that each dot and each line is shown, ≥ 1. */
    record Repeat(int dots, int lines) {}

    @Override
    public boolean fits(long memory) {
        return memory >= VgaRegisters.MEMORY; // every offset wraps within it
    }

    @Override
    public List<Rectangle> changed(BitSet pages) {
        return changed(pages, size);
    }

    /** Small, and rarely written through the linear window: all of it. */
    static List<Rectangle> changed(BitSet pages, DisplaySize size) {
        int first = pages.nextSetBit(0);
        return first >= 0 && first < VgaRegisters.MEMORY / 4096 ? List.of(size.bounds()) : List.of();
    }

    @Override
    public void draw(MemorySegment memory, Rectangle area, int[] to, int at, int stride) {
        for (int row = 0; row < area.height(); row++) {
            int y = area.y() + row;
            int line = y < split ? y / repeat.lines : (y - split) / repeat.lines;
            int from = (y < split ? start : 0) + line / interleave * pitch + line % interleave * INTERLEAVED_SET;
            for (int i = 0; i < area.width(); i++) {
                to[at + row * stride + i] = palette.rgb(dot(memory, from, (area.x() + i) / repeat.dots));
            }
        }
    }

    private int dot(MemorySegment memory, int from, int x) {
        return switch (kind) {
            case PLANAR -> {
                long place = 4L * from + 4L * (x >> 3);
                int bit = 7 - (x & 7);
                int colour = 0;
                for (int plane = 0; plane < 4; plane++) {
                    colour |= (at(memory, place + plane) >> bit & 1) << plane;
                }
                yield colour & planes;
            }
            case FOUR_COLOURS -> {
                int octet = x >> 2;
                long place = 4L * from + 4L * (octet & -2) + (octet & 1);
                yield at(memory, place) >> 6 - 2 * (x & 3) & 3;
            }
            case BYTES -> at(memory, 4L * from + x);
        };
    }

    private static int at(MemorySegment memory, long place) {
        return memory.get(JAVA_BYTE, place & VgaRegisters.MEMORY - 1) & 0xFF;
    }
}
