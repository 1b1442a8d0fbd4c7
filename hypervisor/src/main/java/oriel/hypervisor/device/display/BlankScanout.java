package oriel.hypervisor.device.display;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/** Black, whatever is in memory. */
record BlankScanout(DisplaySize size) implements Scanout {
    @Override
    public boolean fits(long memory) {
        return true;
    }

    @Override
    public List<Rectangle> changed(BitSet pages) {
        return List.of();
    }

    @Override
    public void draw(MemorySegment memory, Rectangle area, int[] to, int at, int stride) {
        for (int row = 0; row < area.height(); row++) {
            Arrays.fill(to, at + row * stride, at + row * stride + area.width(), 0);
        }
    }
}
