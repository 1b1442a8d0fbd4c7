package oriel.hypervisor.device.display;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/**
 * A picture whose pixels lie one after the other.
 *
 * @param size of the picture
 * @param start of its first pixel in video memory, in bytes
 * @param pitch from row to row, in bytes
 * @param format of a pixel
 * @param palette of 256 colours for {@link PixelFormat#INDEXED}, else {@link Palette#NONE}
 */
record LinearScanout(DisplaySize size, long start, int pitch, PixelFormat format, Palette palette) implements Scanout {
    /** Bytes from the first pixel to the end of the last. */
    long length() {
        return (long) (size.height() - 1) * pitch + (long) size.width() * format.bytes();
    }

    @Override
    public boolean fits(long memory) {
        return start >= 0 && pitch >= size.width() * format.bytes() && start + length() <= memory;
    }

    @Override
    public List<Rectangle> changed(BitSet pages) {
        return DirtyRows.of(pages, this);
    }

    @Override
    public void draw(MemorySegment memory, Rectangle area, int[] to, int at, int stride) {
        for (int row = 0; row < area.height(); row++) {
            long from = start + (long) (area.y() + row) * pitch + (long) format.bytes() * area.x();
            format.copy(memory, from, to, at + row * stride, area.width(), palette);
        }
    }
}
