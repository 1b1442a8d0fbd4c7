package oriel.displayd.encode;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.Rectangle;

/**
 * Finds the one vertical move that explains most of a change: a terminal or a page that scrolled. The rows of a few
 * strips are hashed; rows that are found at another height vote for the distance, and the largest area that the winner
 * explains is the move. It need not be exact: what it leaves wrong is sent like any other change. Not thread-safe.
 */
public final class ScrollSearch {
    private static final int STRIP = 64;
    /** Strips that vote, spread over the width; all strips are looked at once a distance has won. */
    private static final int MAX_VOTING_STRIPS = 8;

    private static final int MIN_HEIGHT = 32;
    private static final int MIN_VOTES = 8;
    /** Cells (a row of a strip) that the move must spare: below, encoding is as cheap as searching on. */
    private static final int MIN_SPARED_CELLS = 48;
    /** Rows that don't match may interrupt the area, e.g. a text cursor's. */
    private static final int MAX_GAP = 32;

    private int[] beforeHashes = new int[0];
    private int[] tableHashes = new int[0];
    private int[] tableRows = new int[0];
    private int[] votes = new int[0];
    private boolean[] matches = new boolean[0];

    /**
     * Searches.
     *
     * @param before the frame before, {@code after} the frame now, both with rows of {@code stride} pixels
     * @param changed where they differ
     * @return a move to make before the rest of the change is sent, or null if none is worth it
     */
    public @Nullable Move find(int[] before, int[] after, int stride, Region changed) {
        Rectangle area = changed.bounds();
        if (area.height() < MIN_HEIGHT || area.width() < STRIP || changed.area() < STRIP * MIN_HEIGHT) {
            return null;
        }
        int distance = vote(before, after, stride, area);
        return distance == 0 ? null : largestArea(before, after, stride, area, distance);
    }

    /** The distance most rows agree on, downwards positive; 0 if there is none. */
    private int vote(int[] before, int[] after, int stride, Rectangle area) {
        int height = area.height();
        prepare(height);
        int strips = area.width() / STRIP;
        int step = Math.max(1, strips / MAX_VOTING_STRIPS);
        for (int strip = step / 2; strip < strips; strip += step) {
            int x = area.x() + strip * STRIP;
            Arrays.fill(tableRows, -1);
            for (int row = 0; row < height; row++) {
                int hash = hash(before, (area.y() + row) * stride + x);
                beforeHashes[row] = hash;
                if (hash != 0) {
                    remember(hash, row);
                }
            }
            for (int row = 0; row < height; row++) {
                int hash = hash(after, (area.y() + row) * stride + x);
                if (hash == 0 || hash == beforeHashes[row]) {
                    continue; // flat, or where it was
                }
                int from = recall(hash);
                if (from >= 0) {
                    votes[row - from + height]++;
                }
            }
        }
        int best = 0;
        for (int i = 1; i < 2 * height; i++) {
            if (votes[i] > votes[best]) {
                best = i;
            }
        }
        return votes[best] >= MIN_VOTES ? best - height : 0;
    }

    private void prepare(int height) {
        int slots = Integer.highestOneBit(height) * 4;
        if (tableRows.length != slots) {
            tableRows = new int[slots];
            tableHashes = new int[slots];
        }
        if (beforeHashes.length < height) {
            beforeHashes = new int[height];
            votes = new int[2 * height + 1];
        }
        Arrays.fill(votes, 0);
    }

    /** A hash of a strip's row; 0 for a flat one, which looks the same anywhere. */
    private static int hash(int[] pixels, int at) {
        int first = pixels[at];
        int different = 0;
        int hash = 17;
        for (int i = at; i < at + STRIP; i++) {
            different |= pixels[i] ^ first;
            hash = hash * 31 + pixels[i];
        }
        return different == 0 ? 0 : hash | 1;
    }

    private void remember(int hash, int row) {
        int slot = slot(hash);
        while (tableRows[slot] != -1) {
            if (tableHashes[slot] == hash) {
                tableRows[slot] = -2; // seen twice: says nothing about a distance
                return;
            }
            slot = slot + 1 & tableRows.length - 1;
        }
        tableHashes[slot] = hash;
        tableRows[slot] = row;
    }

    private int recall(int hash) {
        int slot = slot(hash);
        while (tableRows[slot] != -1) {
            if (tableHashes[slot] == hash) {
                return tableRows[slot];
            }
            slot = slot + 1 & tableRows.length - 1;
        }
        return -1;
    }

    private int slot(int hash) {
        return (hash * 0x9E3779B1 >>> 8) & tableRows.length - 1;
    }

    private @Nullable Move largestArea(int[] before, int[] after, int stride, Rectangle area, int distance) {
        // Rows may come from outside the changed area: those that scrolled in from just below or above it.
        int top = Math.max(area.y(), distance);
        int bottom = Math.min(area.bottom(), before.length / stride + distance);
        int rows = bottom - top;
        int strips = (area.width() + STRIP - 1) / STRIP;
        if (matches.length < rows * strips) {
            matches = new boolean[rows * strips];
        }
        int[] explained = new int[strips];
        for (int row = 0; row < rows; row++) {
            for (int strip = 0; strip < strips; strip++) {
                int x = area.x() + strip * STRIP;
                int end = Math.min(x + STRIP, area.right());
                int now = (top + row) * stride;
                int then = now - distance * stride;
                boolean match = Arrays.equals(after, now + x, now + end, before, then + x, then + end);
                matches[row * strips + strip] = match;
                if (match && !Arrays.equals(after, now + x, now + end, before, now + x, now + end)) {
                    explained[strip]++;
                }
            }
        }
        int most = Arrays.stream(explained).max().orElse(0);
        int bestStrip = 0;
        while (explained[bestStrip] < most) {
            bestStrip++;
        }
        int left = bestStrip;
        while (left > 0 && belongs(explained[left - 1], left - 1, rows, strips, most)) {
            left--;
        }
        int right = bestStrip + 1;
        while (right < strips && belongs(explained[right], right, rows, strips, most)) {
            right++;
        }
        int[] run = longestRun(rows, strips, left, right);
        int spared = 0;
        for (int strip = left; strip < right; strip++) {
            spared += explained[strip];
        }
        if (run[1] - run[0] < MIN_HEIGHT / 2 || spared < MIN_SPARED_CELLS) {
            return null;
        }
        int x = area.x() + left * STRIP;
        int width = Math.min(area.x() + right * STRIP, area.right()) - x;
        return new Move(new Rectangle(x, top + run[0], width, run[1] - run[0]), 0, distance);
    }

    /** A strip is part of the area if the move explains changes in it, or at least breaks little of it. */
    private boolean belongs(int explained, int strip, int rows, int strips, int most) {
        if (explained * 4 >= most) {
            return true;
        }
        int matching = 0;
        for (int row = 0; row < rows; row++) {
            matching += matches[row * strips + strip] ? 1 : 0;
        }
        return matching * 10 >= rows * 9;
    }

    /** Start and end of the longest run of rows that mostly match. */
    private int[] longestRun(int rows, int strips, int left, int right) {
        int bestStart = 0;
        int bestEnd = 0;
        int start = -1;
        int last = -1;
        for (int row = 0; row < rows; row++) {
            int matching = 0;
            for (int strip = left; strip < right; strip++) {
                matching += matches[row * strips + strip] ? 1 : 0;
            }
            if (matching * 4 < (right - left) * 3) {
                continue;
            }
            if (start < 0 || row - last > MAX_GAP) {
                start = row;
            }
            last = row;
            if (last + 1 - start > bestEnd - bestStart) {
                bestStart = start;
                bestEnd = last + 1;
            }
        }
        return new int[] {bestStart, bestEnd};
    }
}
