package oriel.displayd.video;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/**
 * Finds the area of a screen that keeps moving like a film: photographic tiles that change again and again. A single
 * picture, a scrolled page or a blinking cursor doesn't count. Its owner synchronises.
 */
public final class MotionMap {
    private static final int TILE = 64;
    /** What a change adds to a tile's heat; it halves in about {@link #HALF_LIFE_NANOS}. */
    private static final float CHANGE = 1;

    private static final float HOT = 2.5f;
    private static final double HALF_LIFE_NANOS = 700e6;
    /** A smaller film is served well by JPEG. */
    private static final int MIN_AREA = 320 * 240;
    /** Share of the box around all hot tiles that must be hot. */
    private static final double MIN_SHARE = 0.6;

    private float[] heat = new float[0];
    private int columns;
    private int rows;
    private DisplaySize size = new DisplaySize(1, 1);
    private long cooledAt;

    /** A photographic area changed and was sent. */
    public void changed(Rectangle area, DisplaySize ofSize, long now) {
        if (!ofSize.equals(size)) {
            size = ofSize;
            columns = (size.width() + TILE - 1) / TILE;
            rows = (size.height() + TILE - 1) / TILE;
            heat = new float[columns * rows];
        }
        cool(now);
        Rectangle inside = area.intersect(size.bounds());
        for (int row = (inside.y() + TILE / 2) / TILE; row * TILE + TILE / 2 < inside.bottom() && row < rows; row++) {
            for (int column = (inside.x() + TILE / 2) / TILE;
                    column * TILE + TILE / 2 < inside.right() && column < columns;
                    column++) {
                heat[row * columns + column] += CHANGE;
            }
        }
    }

    private void cool(long now) {
        float factor = (float) Math.pow(0.5, (now - cooledAt) / HALF_LIFE_NANOS);
        cooledAt = now;
        for (int i = 0; i < heat.length; i++) {
            heat[i] *= factor;
        }
    }

    /** The film's area, with even edges, or null if nothing large moves. */
    public @Nullable Rectangle film(long now) {
        cool(now);
        int left = columns;
        int top = rows;
        int right = 0;
        int bottom = 0;
        int hot = 0;
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                if (heat[row * columns + column] >= HOT) {
                    hot++;
                    left = Math.min(left, column);
                    right = Math.max(right, column + 1);
                    top = Math.min(top, row);
                    bottom = row + 1;
                }
            }
        }
        if (hot * TILE * TILE < MIN_AREA || hot < (right - left) * (bottom - top) * MIN_SHARE) {
            return null;
        }
        int x = left * TILE;
        int y = top * TILE;
        int width = Math.min(right * TILE, size.width()) - x;
        int height = Math.min(bottom * TILE, size.height()) - y;
        // A border of odd width is sent by other means.
        return new Rectangle(x, y, even(width), even(height));
    }

    private static int even(int length) {
        return length & ~1;
    }

    /** Forgets everything. */
    public void clear() {
        Arrays.fill(heat, 0);
    }
}
