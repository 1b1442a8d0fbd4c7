package oriel.displayd.encode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oriel.hypervisor.display.Rectangle;

/**
 * Refines coarse damage to what really differs between two frames: rows first, then tiles of the rows that differ, each
 * cut down to the smallest rectangle around its differences. Not thread-safe; its arrays are reused.
 */
public final class FrameDifference {
    private static final int TILE = 64;

    private int[] left = new int[0];
    private int[] right = new int[0];
    private int[] top = new int[0];
    private int[] bottom = new int[0];

    /**
     * What differs between {@code a} and {@code b} within {@code areas}.
     *
     * @param stride pixels from row to row in both
     */
    public Region find(int[] a, int[] b, int stride, List<Rectangle> areas) {
        List<Rectangle> found = new ArrayList<>();
        for (Rectangle area : areas) {
            find(a, b, stride, area, found);
        }
        return Region.of(found);
    }

    private void find(int[] a, int[] b, int stride, Rectangle area, List<Rectangle> found) {
        int tiles = (area.width() + TILE - 1) / TILE;
        if (left.length < tiles) {
            left = new int[tiles];
            right = new int[tiles];
            top = new int[tiles];
            bottom = new int[tiles];
        }
        for (int y = area.y(); y < area.bottom(); y += TILE) {
            int end = Math.min(y + TILE, area.bottom());
            Arrays.fill(left, 0, tiles, Integer.MAX_VALUE);
            boolean any = false;
            for (int row = y; row < end; row++) {
                any |= compareRow(a, b, stride, area, row);
            }
            if (any) {
                collect(tiles, found);
            }
        }
    }

    private boolean compareRow(int[] a, int[] b, int stride, Rectangle area, int row) {
        int from = row * stride + area.x();
        int to = from + area.width();
        int first = Arrays.mismatch(a, from, to, b, from, to);
        if (first < 0) {
            return false;
        }
        for (int tile = first / TILE; tile * TILE < area.width(); tile++) {
            int start = from + tile * TILE;
            int stop = Math.min(start + TILE, to);
            int l = Arrays.mismatch(a, start, stop, b, start, stop);
            if (l < 0) {
                continue;
            }
            int r = stop - 1;
            while (a[r] == b[r]) {
                r--;
            }
            int x = area.x() + tile * TILE;
            if (left[tile] == Integer.MAX_VALUE) {
                left[tile] = x + l;
                right[tile] = x + r - start + 1;
                top[tile] = row;
            } else {
                left[tile] = Math.min(left[tile], x + l);
                right[tile] = Math.max(right[tile], x + r - start + 1);
            }
            bottom[tile] = row + 1;
        }
        return true;
    }

    /** Adds the tiles' rectangles, neighbours with the same rows as one. */
    private void collect(int tiles, List<Rectangle> found) {
        int open = -1;
        for (int tile = 0; tile < tiles; tile++) {
            if (left[tile] == Integer.MAX_VALUE) {
                open = -1;
                continue;
            }
            Rectangle mine = new Rectangle(left[tile], top[tile], right[tile] - left[tile], bottom[tile] - top[tile]);
            if (open >= 0) {
                Rectangle last = found.get(open);
                if (last.y() == mine.y() && last.height() == mine.height()) {
                    found.set(open, new Rectangle(last.x(), last.y(), mine.right() - last.x(), last.height()));
                    continue;
                }
            }
            found.add(mine);
            open = found.size() - 1;
        }
    }
}
