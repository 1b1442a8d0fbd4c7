package oriel.displayd.encode;

import java.util.ArrayList;
import java.util.List;
import oriel.hypervisor.display.Rectangle;

/** Cuts a region into rectangles of a size that encodes well. */
public final class RectangleSplitter {
    /** Pixels of the largest piece: what a client decodes, and a worker encodes, in about a millisecond. */
    public static final int MAX_AREA = 256 * 256;

    private static final int SIDE = 256;
    private static final int MAX_WIDTH = 1024;
    /** Each rectangle costs headers and a zlib flush; beyond this many, boxes around neighbours are cheaper. */
    private static final int MANY = 64;

    private RectangleSplitter() {}

    /** The pieces, in reading order. */
    public static List<Rectangle> split(Region region) {
        List<Rectangle> pieces = new ArrayList<>();
        for (Rectangle r : simplify(region)) {
            int height = Math.min(r.height(), SIDE);
            int width = Math.clamp(MAX_AREA / height, SIDE, MAX_WIDTH);
            for (int y = r.y(); y < r.bottom(); y += height) {
                for (int x = r.x(); x < r.right(); x += width) {
                    pieces.add(new Rectangle(x, y, Math.min(width, r.right() - x), Math.min(height, r.bottom() - y)));
                }
            }
        }
        return pieces;
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
