package oriel.displayd.encode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oriel.hypervisor.display.Rectangle;

/**
 * A set of pixels, as disjoint rectangles in bands: rectangles of one band share top and bottom, bands come from top to
 * bottom, rectangles in a band from left to right with gaps between them. That form is canonical, so equal sets are
 * equal regions. Immutable.
 */
public final class Region {
    /** No pixels. */
    public static final Region EMPTY = new Region(List.of());

    private final List<Rectangle> rectangles;

    private Region(List<Rectangle> rectangles) {
        this.rectangles = rectangles;
    }

    /** One rectangle's pixels. */
    public static Region of(Rectangle rectangle) {
        return rectangle.isEmpty() ? EMPTY : new Region(List.of(rectangle));
    }

    /** The pixels of any of the rectangles, which may overlap. */
    public static Region of(List<Rectangle> rectangles) {
        // Halving keeps the cost near n log n where adding one at a time would be quadratic.
        return switch (rectangles.size()) {
            case 0 -> EMPTY;
            case 1 -> of(rectangles.getFirst());
            default -> {
                int half = rectangles.size() / 2;
                yield of(rectangles.subList(0, half)).union(of(rectangles.subList(half, rectangles.size())));
            }
        };
    }

    /** Its rectangles, from top to bottom and left to right. */
    public List<Rectangle> rectangles() {
        return rectangles;
    }

    /** Whether it has no pixels. */
    public boolean isEmpty() {
        return rectangles.isEmpty();
    }

    /** Pixels of either. */
    public Region union(Region other) {
        if (isEmpty()) {
            return other;
        }
        return other.isEmpty() ? this : combine(this, other, Operation.UNION);
    }

    /** Pixels of both. */
    public Region intersect(Region other) {
        return isEmpty() || other.isEmpty() ? EMPTY : combine(this, other, Operation.INTERSECT);
    }

    /** Pixels of both. */
    public Region intersect(Rectangle other) {
        if (rectangles.size() == 1) {
            return of(rectangles.getFirst().intersect(other));
        }
        return intersect(of(other));
    }

    /** Pixels of this one but not the other. */
    public Region subtract(Region other) {
        return isEmpty() || other.isEmpty() ? this : combine(this, other, Operation.SUBTRACT);
    }

    /** All pixels moved. */
    public Region translate(int dx, int dy) {
        List<Rectangle> moved = new ArrayList<>(rectangles.size());
        for (Rectangle r : rectangles) {
            moved.add(new Rectangle(r.x() + dx, r.y() + dy, r.width(), r.height()));
        }
        return new Region(List.copyOf(moved));
    }

    /** Number of pixels. */
    public long area() {
        long area = 0;
        for (Rectangle r : rectangles) {
            area += (long) r.width() * r.height();
        }
        return area;
    }

    /** The smallest rectangle around it. */
    public Rectangle bounds() {
        if (isEmpty()) {
            return new Rectangle(0, 0, 0, 0);
        }
        int left = Integer.MAX_VALUE;
        int right = 0;
        for (Rectangle r : rectangles) {
            left = Math.min(left, r.x());
            right = Math.max(right, r.right());
        }
        int top = rectangles.getFirst().y();
        return new Rectangle(left, top, right - left, rectangles.getLast().bottom() - top);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Region other && rectangles.equals(other.rectangles);
    }

    @Override
    public int hashCode() {
        return rectangles.hashCode();
    }

    @Override
    public String toString() {
        return rectangles.toString();
    }

    private enum Operation {
        UNION,
        INTERSECT,
        SUBTRACT;

        boolean holds(boolean a, boolean b) {
            return switch (this) {
                case UNION -> a || b;
                case INTERSECT -> a && b;
                case SUBTRACT -> a && !b;
            };
        }
    }

    private static Region combine(Region a, Region b, Operation operation) {
        int[] edges = horizontalEdges(a.rectangles, b.rectangles);
        List<Rectangle> result = new ArrayList<>();
        Band bandA = new Band(a.rectangles);
        Band bandB = new Band(b.rectangles);
        Intervals previous = new Intervals();
        Intervals current = new Intervals();
        int previousTop = 0;
        int previousBottom = Integer.MIN_VALUE;
        for (int i = 0; i + 1 < edges.length; i++) {
            int top = edges[i];
            int bottom = edges[i + 1];
            bandA.moveTo(top);
            bandB.moveTo(top);
            current.combine(bandA, bandB, operation);
            if (previousBottom == top && current.sameAs(previous)) {
                previousBottom = bottom;
                continue;
            }
            previous.emit(result, previousTop, previousBottom);
            Intervals swap = previous;
            previous = current;
            current = swap;
            previousTop = top;
            previousBottom = bottom;
        }
        previous.emit(result, previousTop, previousBottom);
        return result.isEmpty() ? EMPTY : new Region(List.copyOf(result));
    }

    private static int[] horizontalEdges(List<Rectangle> a, List<Rectangle> b) {
        int[] edges = new int[2 * (a.size() + b.size())];
        int n = 0;
        for (Rectangle r : a) {
            edges[n++] = r.y();
            edges[n++] = r.bottom();
        }
        for (Rectangle r : b) {
            edges[n++] = r.y();
            edges[n++] = r.bottom();
        }
        Arrays.sort(edges);
        int distinct = 0;
        for (int i = 0; i < n; i++) {
            if (i == 0 || edges[i] != edges[distinct - 1]) {
                edges[distinct++] = edges[i];
            }
        }
        return Arrays.copyOf(edges, distinct);
    }

    /** The rectangles of a region that cover a line moving downwards. */
    private static final class Band {
        final List<Rectangle> all;
        int from;
        int to;

        Band(List<Rectangle> all) {
            this.all = all;
        }

        void moveTo(int y) {
            if (from < to && all.get(from).bottom() > y) {
                return;
            }
            from = to;
            if (from < all.size() && all.get(from).y() <= y) {
                int top = all.get(from).y();
                while (to < all.size() && all.get(to).y() == top) {
                    to++;
                }
            }
        }

        int count() {
            return 2 * (to - from);
        }

        int edge(int i) {
            Rectangle r = all.get(from + i / 2);
            return i % 2 == 0 ? r.x() : r.right();
        }
    }

    /** Sorted starts and ends on one line. */
    private static final class Intervals {
        int[] edges = new int[16];
        int count;

        void combine(Band a, Band b, Operation operation) {
            count = 0;
            int ia = 0;
            int ib = 0;
            boolean inside = false;
            while (ia < a.count() || ib < b.count()) {
                int xa = ia < a.count() ? a.edge(ia) : Integer.MAX_VALUE;
                int xb = ib < b.count() ? b.edge(ib) : Integer.MAX_VALUE;
                int x = Math.min(xa, xb);
                if (xa == x) {
                    ia++;
                }
                if (xb == x) {
                    ib++;
                }
                boolean now = operation.holds(ia % 2 == 1, ib % 2 == 1);
                if (now != inside) {
                    inside = now;
                    if (count == edges.length) {
                        edges = Arrays.copyOf(edges, count * 2);
                    }
                    edges[count++] = x;
                }
            }
        }

        boolean sameAs(Intervals other) {
            return Arrays.equals(edges, 0, count, other.edges, 0, other.count);
        }

        void emit(List<Rectangle> to, int top, int bottom) {
            for (int i = 0; i < count; i += 2) {
                to.add(new Rectangle(edges[i], top, edges[i + 1] - edges[i], bottom - top));
            }
        }
    }
}
