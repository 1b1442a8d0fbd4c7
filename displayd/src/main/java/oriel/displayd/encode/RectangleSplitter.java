package oriel.displayd.encode;

import java.util.ArrayList;
import java.util.List;
import oriel.hypervisor.display.Rectangle;

/** Turns a region into rectangles of a size that encodes well: neighbours are joined, what is large is cut. */
public final class RectangleSplitter {
    /** Pixels of the largest piece that is encoded as one: a client decodes it in about a millisecond. */
    public static final int MAX_AREA = 256 * 256;

    private static final int SIDE = 256;
    private static final int MAX_WIDTH = 1024;
    /** Pixels sent in vain that cost as much as one more rectangle: its header, palette and zlib flush. */
    private static final int OVERHEAD = 700;
    /** Beyond this many, boxes around neighbours are joined first: comparing each with each would take long. */
    private static final int MANY = 192;

    private static final int STRIP_AREA = 4 * MAX_AREA;
    /** Whole tiles of {@link ContentMap}, and whole blocks of any JPEG. */
    private static final int STRIP_STEP = 32;

    private RectangleSplitter() {}

    /** The pieces, in reading order; they may overlap a little. */
    public static List<Rectangle> split(Region region) {
        List<Rectangle> pieces = new ArrayList<>();
        for (Rectangle r : join(region)) {
            cut(r, pieces);
        }
        return pieces;
    }

    /** Larger pieces, for an encoder that cuts them by their content itself. */
    public static List<Rectangle> strips(Region region) {
        List<Rectangle> pieces = new ArrayList<>();
        for (Rectangle r : join(region)) {
            int columns = (r.width() + TightEncoder.MAX_WIDTH - 1) / TightEncoder.MAX_WIDTH;
            int width = (r.width() + columns - 1) / columns;
            int height = Math.max(STRIP_STEP, STRIP_AREA / width / STRIP_STEP * STRIP_STEP);
            for (int y = r.y(); y < r.bottom(); y += height) {
                for (int x = r.x(); x < r.right(); x += width) {
                    pieces.add(new Rectangle(x, y, Math.min(width, r.right() - x), Math.min(height, r.bottom() - y)));
                }
            }
        }
        return pieces;
    }

    /** Cuts one rectangle into pieces of {@link #MAX_AREA} at most. */
    public static void cut(Rectangle r, List<Rectangle> pieces) {
        int height = Math.min(r.height(), SIDE);
        int width = Math.clamp(MAX_AREA / height, SIDE, MAX_WIDTH);
        for (int y = r.y(); y < r.bottom(); y += height) {
            for (int x = r.x(); x < r.right(); x += width) {
                pieces.add(new Rectangle(x, y, Math.min(width, r.right() - x), Math.min(height, r.bottom() - y)));
            }
        }
    }

    /** Few rectangles that cover a region and little else. */
    public static List<Rectangle> join(Region region) {
        List<Rectangle> rectangles = new ArrayList<>(simplify(region));
        int i = 0;
        while (i < rectangles.size()) {
            Rectangle mine = rectangles.get(i);
            boolean joined = false;
            for (int j = i + 1; j < rectangles.size(); j++) {
                Rectangle other = rectangles.get(j);
                Rectangle both = around(mine, other);
                if (area(both) <= area(mine) + area(other) + OVERHEAD) {
                    rectangles.set(i, both);
                    mine = both;
                    rectangles.remove(j);
                    joined = true;
                    j--;
                }
            }
            if (!joined) {
                i++;
            }
        }
        return rectangles;
    }

    private static long area(Rectangle r) {
        return (long) r.width() * r.height();
    }

    private static Rectangle around(Rectangle a, Rectangle b) {
        int x = Math.min(a.x(), b.x());
        int y = Math.min(a.y(), b.y());
        return new Rectangle(x, y, Math.max(a.right(), b.right()) - x, Math.max(a.bottom(), b.bottom()) - y);
    }

    private static List<Rectangle> simplify(Region region) {
        if (region.rectangles().size() <= MANY) {
            return region.rectangles();
        }
        Rectangle bounds = region.bounds();
        List<Rectangle> boxes = new ArrayList<>();
        for (int y = bounds.y(); y < bounds.bottom(); y += SIDE) {
            Region row = region.intersect(new Rectangle(bounds.x(), y, bounds.width(), SIDE));
            for (int x = bounds.x(); x < bounds.right() && !row.isEmpty(); x += SIDE) {
                Rectangle box = row.intersect(new Rectangle(x, y, SIDE, SIDE)).bounds();
                if (!box.isEmpty()) {
                    boxes.add(box);
                }
            }
        }
        return boxes;
    }
}
