package oriel.displayd.encode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oriel.hypervisor.display.Rectangle;

/**
 * Tells photographs and video from drawn content, and cuts a block into rectangles of one or the other. Drawn content
 * repeats pixels: even anti-aliased text stands on flat ground. In a photograph hardly any pixel equals its left
 * neighbour, and there are many colours. Not thread-safe.
 */
public final class ContentMap {
    /** What a rectangle shows. */
    public enum Content {
        /** Text, lines and flat ground: encoded without loss at once. */
        DRAWN,
        /** Photographs and video. */
        PHOTO,
        /** Both, too closely interwoven to be cut apart: as a photograph, but colours must stay sharp. */
        MIXED
    }

    /**
     * A rectangle of a block.
     *
     * @param area relative to the block
     * @param content what it shows
     */
    public record Part(Rectangle area, Content content) {}

    private static final int TILE = 32;
    /** Below this share of pixels that equal their left neighbour a tile is a photograph's. */
    static final double PHOTO_EQUAL = 0.35;
    /** Up to this share it may be: a soft part of one. */
    private static final double SOFT_EQUAL = 0.65;
    /** A dithered or hatched area has no equal neighbours either, but few colours. */
    private static final int DRAWN_COLOURS = 48;

    private static final int PHOTO = 4;
    private static final int SOFT = 2;
    /** Parts at least this pure are not cut further. */
    private static final double PURE = 0.1;
    /** A cut must make the parts purer by this many tiles' worth to be made. */
    private static final double MIN_IMPROVEMENT = 0.75;
    /** Smaller photographs are cheap enough to be exact, and JPEG's tables alone would cost more than they save. */
    private static final int MIN_PHOTO_AREA = 64 * 64;

    private static final int MIN_PHOTO_SIDE = 24;

    private final Palette palette = new Palette();
    private int[] sums = new int[0];
    private int columns;
    private int rows;

    /** Cuts a block of 0x00RRGGBB (or any format with as many colours) into parts, in no particular order. */
    public List<Part> parts(PixelBlock block) {
        Rectangle whole = new Rectangle(0, 0, block.width(), block.height());
        if (block.area() < MIN_PHOTO_AREA || block.width() < MIN_PHOTO_SIDE || block.height() < MIN_PHOTO_SIDE) {
            return List.of(new Part(whole, Content.DRAWN));
        }
        columns = (block.width() + TILE - 1) / TILE;
        rows = (block.height() + TILE - 1) / TILE;
        score(block);
        List<Part> parts = new ArrayList<>();
        cut(block, 0, 0, columns, rows, parts);
        return parts;
    }

    /** Fills a table of sums: {@link #sum} of any rectangle of tiles is then four look-ups. */
    private void score(PixelBlock block) {
        int stride = columns + 1;
        if (sums.length < stride * (rows + 1)) {
            sums = new int[stride * (rows + 1)];
        }
        Arrays.fill(sums, 0, stride, 0);
        for (int row = 0; row < rows; row++) {
            int line = 0;
            sums[(row + 1) * stride] = 0;
            for (int column = 0; column < columns; column++) {
                line += score(block, column * TILE, row * TILE);
                sums[(row + 1) * stride + column + 1] = sums[row * stride + column + 1] + line;
            }
        }
    }

    private int score(PixelBlock block, int x, int y) {
        int width = Math.min(TILE, block.width() - x);
        int height = Math.min(TILE, block.height() - y);
        int[] pixels = block.pixels();
        int equal = 0;
        int compared = 0;
        for (int row = y; row < y + height; row += 2) {
            int at = row * block.width() + x;
            for (int i = at + 1; i < at + width; i++) {
                equal += pixels[i] == pixels[i - 1] ? 1 : 0;
            }
            compared += width - 1;
        }
        if (equal >= compared * SOFT_EQUAL) {
            return 0;
        }
        if (palette.collect(pixels, y * block.width() + x, block.width(), width, height, DRAWN_COLOURS)) {
            return 0;
        }
        return equal < compared * PHOTO_EQUAL ? PHOTO : SOFT;
    }

    private int sum(int left, int top, int right, int bottom) {
        int stride = columns + 1;
        return sums[bottom * stride + right]
                - sums[top * stride + right]
                - sums[bottom * stride + left]
                + sums[top * stride + left];
    }

    /** Gini impurity times tiles: how far they are from being all of one kind. */
    private double impurity(int left, int top, int right, int bottom) {
        int tiles = (right - left) * (bottom - top);
        double photo = sum(left, top, right, bottom) / (double) (PHOTO * tiles);
        return 2 * tiles * photo * (1 - photo);
    }

    private void cut(PixelBlock block, int left, int top, int right, int bottom, List<Part> parts) {
        double impurity = impurity(left, top, right, bottom);
        int tiles = (right - left) * (bottom - top);
        if (impurity <= tiles * PURE || tiles == 1) {
            add(block, left, top, right, bottom, parts);
            return;
        }
        double best = impurity - MIN_IMPROVEMENT;
        int cutColumn = -1;
        int cutRow = -1;
        for (int column = left + 1; column < right; column++) {
            double now = impurity(left, top, column, bottom) + impurity(column, top, right, bottom);
            if (now < best) {
                best = now;
                cutColumn = column;
            }
        }
        for (int row = top + 1; row < bottom; row++) {
            double now = impurity(left, top, right, row) + impurity(left, row, right, bottom);
            if (now < best) {
                best = now;
                cutRow = row;
                cutColumn = -1;
            }
        }
        if (cutRow >= 0) {
            cut(block, left, top, right, cutRow, parts);
            cut(block, left, cutRow, right, bottom, parts);
        } else if (cutColumn >= 0) {
            cut(block, left, top, cutColumn, bottom, parts);
            cut(block, cutColumn, top, right, bottom, parts);
        } else {
            add(block, left, top, right, bottom, parts);
        }
    }

    private void add(PixelBlock block, int left, int top, int right, int bottom, List<Part> parts) {
        int x = left * TILE;
        int y = top * TILE;
        Rectangle area = new Rectangle(
                x, y, Math.min(right * TILE, block.width()) - x, Math.min(bottom * TILE, block.height()) - y);
        int tiles = (right - left) * (bottom - top);
        int photo = sum(left, top, right, bottom);
        Content content;
        if (2 * photo <= PHOTO * tiles
                || area.width() * area.height() < MIN_PHOTO_AREA
                || area.width() < MIN_PHOTO_SIDE
                || area.height() < MIN_PHOTO_SIDE) {
            content = Content.DRAWN;
        } else {
            content = photo >= PHOTO * tiles * (1 - PURE / 2) ? Content.PHOTO : Content.MIXED;
        }
        parts.add(new Part(area, content));
    }
}
