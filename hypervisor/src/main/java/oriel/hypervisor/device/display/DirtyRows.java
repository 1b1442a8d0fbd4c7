package oriel.hypervisor.device.display;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import oriel.hypervisor.display.Rectangle;

/** From written pages to the rows of the picture that they hold. */
final class DirtyRows {
    private static final int PAGE = 4096;

    private DirtyRows() {}

    /** Rectangles as wide as the picture, from top to bottom, disjoint and not adjacent. */
    static List<Rectangle> of(BitSet pages, LinearScanout scanout) {
        List<Rectangle> areas = new ArrayList<>();
        int top = -1;
        int bottom = -1;
        for (int page = pages.nextSetBit(0); page >= 0; ) {
            int end = pages.nextClearBit(page);
            long first = Math.max(0, (long) page * PAGE - scanout.start());
            long last = Math.min(scanout.length(), (long) end * PAGE - scanout.start());
            page = pages.nextSetBit(end);
            if (first >= last) {
                continue;
            }
            int from = (int) (first / scanout.pitch());
            int to = (int) ((last - 1) / scanout.pitch()) + 1;
            if (from <= bottom) {
                bottom = Math.max(bottom, to);
                continue;
            }
            add(areas, scanout, top, bottom);
            top = from;
            bottom = to;
        }
        add(areas, scanout, top, bottom);
        return areas;
    }

    private static void add(List<Rectangle> areas, LinearScanout scanout, int top, int bottom) {
        if (bottom > top) {
            areas.add(new Rectangle(0, top, scanout.size().width(), bottom - top));
        }
    }
}
