package oriel.displayd.encode;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.Rectangle;

/**
 * Finds the one move, in any direction, that explains most of a change: a page that scrolled, a window that was dragged.
 * {@link MoveVotes} guess the distance; then the rectangle is chosen in which the move makes most pixels right and
 * breaks fewest, first on a grid, then to the pixel at its four edges. It need not be exact: what it leaves wrong is sent
 * like any other change. Not thread-safe.
 */
public final class MoveSearch {
    private static final int CELL_WIDTH = 32;
    private static final int CELL_HEIGHT = 8;
    /** A pixel that differs from its neighbours costs many times what one on flat ground does. */
    private static final int WEIGHT_TEXTURED = 8;

    private static final int WEIGHT_FLAT = 1;
    /** A smaller change is encoded as quickly as it is searched. */
    private static final int MIN_CHANGE = 2048;
    /** Weighted pixels that a move must spare to be worth its bytes and the client's copy. */
    private static final int MIN_GAIN = 4096;

    /** From this height on every fourth row is compared, else every other. */
    private static final int MANY_ROWS = 400;

    private final MoveVotes votes = new MoveVotes();
    private int[] gains = new int[0];
    private int[] columnSums = new int[0];
    private int[] lineGains = new int[0];

    /**
     * Searches.
     *
     * @param before the frame before, {@code after} the frame now, both with rows of {@code stride} pixels
     * @param changed where they differ
     * @return a move to make before the rest of the change is sent, or null if none is worth it
     */
    public @Nullable Move find(int[] before, int[] after, int stride, Region changed) {
        if (changed.area() < MIN_CHANGE) {
            return null;
        }
        Rectangle area = changed.bounds();
        if (!votes.find(before, after, stride, area)) {
            return null;
        }
        Pair pair = new Pair(before, after, stride, votes.dx(), votes.dy());
        Rectangle possible = destinations(area, stride, before.length / stride, votes.dx(), votes.dy());
        if (possible.width() < CELL_WIDTH || possible.height() < CELL_HEIGHT) {
            return null;
        }
        Rectangle coarse = bestRectangle(pair, possible);
        if (coarse == null) {
            return null;
        }
        Rectangle exact = refineRows(pair, refineColumns(pair, coarse, possible), possible);
        return exact.isEmpty() ? null : new Move(exact, votes.dx(), votes.dy());
    }

    /** Where pixels may go so that both ends of the move are in the frame. */
    private static Rectangle destinations(Rectangle area, int width, int height, int dx, int dy) {
        int left = Math.max(area.x(), dx);
        int top = Math.max(area.y(), dy);
        int right = Math.min(area.right(), width + Math.min(dx, 0));
        int bottom = Math.min(area.bottom(), height + Math.min(dy, 0));
        return new Rectangle(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
    }

    /** Two frames and a distance. */
    @SuppressWarnings("ArrayRecordComponent") // frames, only read and never compared
    private record Pair(int[] before, int[] after, int stride, int dx, int dy) {
        int source(int x, int y) {
            return (y - dy) * stride + x - dx;
        }

        /** What the move gains in a run of pixels: more than nothing if it makes them right, less if it breaks them. */
        int gain(int x, int end, int y) {
            int now = y * stride + x;
            int stop = y * stride + end;
            int from = source(x, y);
            boolean moved = Arrays.equals(after, now, stop, before, from, from + end - x);
            boolean stayed = Arrays.equals(after, now, stop, before, now, stop);
            if (moved == stayed) {
                return 0;
            }
            boolean flat = Arrays.equals(after, now, stop - 1, after, now + 1, stop);
            int weight = (end - x) * (flat ? WEIGHT_FLAT : WEIGHT_TEXTURED);
            return moved ? weight : -weight;
        }

        /** The same for one pixel. */
        int gain(int x, int y) {
            int at = y * stride + x;
            int now = after[at];
            boolean moved = now == before[source(x, y)];
            boolean stayed = now == before[at];
            return (moved ? 1 : 0) - (stayed ? 1 : 0);
        }
    }

    /** The rectangle of cells with the greatest gain (Kadane's algorithm over all pairs of columns). */
    private @Nullable Rectangle bestRectangle(Pair pair, Rectangle area) {
        int columns = (area.width() + CELL_WIDTH - 1) / CELL_WIDTH;
        int rows = (area.height() + CELL_HEIGHT - 1) / CELL_HEIGHT;
        if (gains.length < rows * columns) {
            gains = new int[rows * columns];
            columnSums = new int[rows];
        }
        if (columnSums.length < rows) {
            columnSums = new int[rows];
        }
        Arrays.fill(gains, 0, rows * columns, 0);
        // Some rows tell enough; edges are looked at again.
        int step = area.height() > MANY_ROWS ? 4 : 2;
        for (int y = 0; y < area.height(); y += step) {
            int cell = y / CELL_HEIGHT * columns;
            for (int column = 0; column < columns; column++) {
                int x = area.x() + column * CELL_WIDTH;
                gains[cell + column] += pair.gain(x, Math.min(x + CELL_WIDTH, area.right()), area.y() + y);
            }
        }
        long best = MIN_GAIN / step;
        Rectangle found = null;
        for (int left = 0; left < columns; left++) {
            Arrays.fill(columnSums, 0, rows, 0);
            for (int right = left; right < columns; right++) {
                long sum = 0;
                int start = 0;
                for (int row = 0; row < rows; row++) {
                    columnSums[row] += gains[row * columns + right];
                    if (sum <= 0) {
                        sum = 0;
                        start = row;
                    }
                    sum += columnSums[row];
                    if (sum > best) {
                        best = sum;
                        found = new Rectangle(
                                area.x() + left * CELL_WIDTH,
                                area.y() + start * CELL_HEIGHT,
                                (right + 1 - left) * CELL_WIDTH,
                                (row + 1 - start) * CELL_HEIGHT);
                    }
                }
            }
        }
        return found == null ? null : found.intersect(area);
    }

    private Rectangle refineColumns(Pair pair, Rectangle r, Rectangle possible) {
        int from = Math.max(possible.x(), r.x() - CELL_WIDTH);
        int to = Math.min(possible.right(), r.right() + CELL_WIDTH);
        int middle = r.x() + r.width() / 2;
        reserveLines(to - from);
        Arrays.fill(lineGains, 0, to - from, 0);
        int leftEnd = Math.min(middle, r.x() + CELL_WIDTH);
        int rightStart = Math.max(middle, r.right() - CELL_WIDTH);
        // Row by row, as memory lies; every other one tells enough.
        for (int y = r.y(); y < r.bottom(); y += 2) {
            for (int x = from; x < leftEnd; x++) {
                lineGains[x - from] += pair.gain(x, y);
            }
            for (int x = rightStart; x < to; x++) {
                lineGains[x - from] += pair.gain(x, y);
            }
        }
        int left = bestStart(from, leftEnd);
        int right = bestEnd(from, rightStart, to);
        return new Rectangle(left, r.y(), right - left, r.height());
    }

    private Rectangle refineRows(Pair pair, Rectangle r, Rectangle possible) {
        int from = Math.max(possible.y(), r.y() - CELL_HEIGHT);
        int to = Math.min(possible.bottom(), r.bottom() + CELL_HEIGHT);
        int middle = r.y() + r.height() / 2;
        reserveLines(to - from);
        for (int y = from; y < to; y++) {
            boolean nearEdge = y < r.y() + CELL_HEIGHT || y >= r.bottom() - CELL_HEIGHT;
            int gain = 0;
            for (int x = r.x(); nearEdge && x < r.right(); x++) {
                gain += pair.gain(x, y);
            }
            lineGains[y - from] = gain;
        }
        int top = bestStart(from, Math.min(middle, r.y() + CELL_HEIGHT));
        int bottom = bestEnd(from, Math.max(middle, r.bottom() - CELL_HEIGHT), to);
        return new Rectangle(r.x(), top, r.width(), bottom - top);
    }

    private void reserveLines(int count) {
        if (lineGains.length < count) {
            lineGains = new int[count];
        }
    }

    /** The start, not after {@code latest}, from which the lines up to there gain most: no more of them than needed. */
    private int bestStart(int from, int latest) {
        int best = latest;
        long most = 0;
        long sum = 0;
        for (int line = latest - 1; line >= from; line--) {
            sum += lineGains[line - from];
            if (sum > most) {
                most = sum;
                best = line;
            }
        }
        return best;
    }

    private int bestEnd(int from, int earliest, int to) {
        int best = earliest;
        long most = 0;
        long sum = 0;
        for (int line = earliest; line < to; line++) {
            sum += lineGains[line - from];
            if (sum > most) {
                most = sum;
                best = line + 1;
            }
        }
        return best;
    }
}
