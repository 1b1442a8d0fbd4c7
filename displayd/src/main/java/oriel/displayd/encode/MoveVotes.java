package oriel.displayd.encode;

import java.util.Arrays;
import oriel.hypervisor.display.Rectangle;

/**
 * Guesses by how far pixels moved between two frames, in any direction, without comparing everything with everything:
 * short runs of the new frame in a few columns (but every row) are remembered, and every run of the old frame in a few
 * rows (but every column) is looked up. A piece of content that moved by any distance meets itself about once per
 * column and row looked at, so the true distance collects votes that chance doesn't. Not thread-safe.
 */
final class MoveVotes {
    /** Pixels of a run. */
    private static final int RUN = 32;

    private static final int MAX_COLUMNS = 28;
    private static final int MAX_ROWS = 28;
    /** Fewer agreeing runs are chance. */
    private static final int MIN_VOTES = 5;

    private static final int AMBIGUOUS = -2;
    private static final int FREE = -1;
    private static final int VOTE_SLOTS = 4096;
    /** Distinct distances counted; noise beyond that can't push out the true one, which comes up early and often. */
    private static final int MAX_DISTANCES = VOTE_SLOTS / 2;

    private int[] hashes = new int[0];
    private int[] places = new int[0];
    private final int[] distances = new int[VOTE_SLOTS];
    private final int[] votes = new int[VOTE_SLOTS];
    private int distinct;
    private int bestDx;
    private int bestDy;

    /**
     * Votes.
     *
     * @param area where the frames differ
     * @return whether a distance won; {@link #dx} and {@link #dy} tell it
     */
    boolean find(int[] before, int[] after, int stride, Rectangle area) {
        if (area.width() < RUN || area.height() < 2) {
            return false;
        }
        remember(before, after, stride, area);
        Arrays.fill(votes, 0);
        distinct = 0;
        int rows = Math.min(MAX_ROWS, area.height());
        for (int i = 0; i < rows; i++) {
            // Text has its lines at equal distances: an uneven step meets the letters of some at least.
            int row = (2 * i + 1) * area.height() / (2 * rows);
            int jitter = i % 3 - 1;
            lookUp(before, stride, area, Math.clamp(row + jitter * 3L, 0, area.height() - 1));
        }
        int best = 0;
        for (int slot = 1; slot < VOTE_SLOTS; slot++) {
            if (votes[slot] > votes[best]) {
                best = slot;
            }
        }
        bestDx = (short) distances[best];
        bestDy = distances[best] >> 16;
        return votes[best] >= MIN_VOTES;
    }

    int dx() {
        return bestDx;
    }

    int dy() {
        return bestDy;
    }

    private void remember(int[] before, int[] after, int stride, Rectangle area) {
        int columns = Math.clamp(area.width() / RUN, 1, MAX_COLUMNS);
        int slots = Integer.highestOneBit(columns * area.height()) * 4;
        if (places.length < slots) {
            places = new int[slots];
            hashes = new int[slots];
        }
        Arrays.fill(places, FREE);
        int room = area.width() - RUN;
        for (int column = 0; column < columns; column++) {
            int x = columns == 1 ? 0 : room * column / (columns - 1);
            for (int row = 0; row < area.height(); row++) {
                int at = (area.y() + row) * stride + area.x() + x;
                int hash = hash(after, at);
                if (hash != 0 && hash != hash(before, at)) {
                    put(hash, row << 16 | x);
                }
            }
        }
    }

    private void put(int hash, int place) {
        int mask = places.length - 1;
        int slot = hash * 0x9E3779B1 >>> 8 & mask;
        while (places[slot] != FREE) {
            if (hashes[slot] == hash) {
                places[slot] = AMBIGUOUS; // seen twice: says nothing about a distance
                return;
            }
            slot = slot + 1 & mask;
        }
        hashes[slot] = hash;
        places[slot] = place;
    }

    private void lookUp(int[] before, int stride, Rectangle area, int row) {
        int mask = places.length - 1;
        int at = (area.y() + row) * stride + area.x();
        for (int x = 0; x <= area.width() - RUN; x++) {
            int hash = hash(before, at + x);
            if (hash == 0) {
                continue;
            }
            int slot = hash * 0x9E3779B1 >>> 8 & mask;
            while (places[slot] != FREE) {
                if (hashes[slot] == hash) {
                    int place = places[slot];
                    if (place >= 0) {
                        vote((place & 0xFFFF) - x, (place >> 16) - row);
                    }
                    break;
                }
                slot = slot + 1 & mask;
            }
        }
    }

    private void vote(int dx, int dy) {
        if (dx == 0 && dy == 0) {
            return;
        }
        int distance = dy << 16 | dx & 0xFFFF;
        int slot = (distance * 0x9E3779B1 >>> 20) & VOTE_SLOTS - 1;
        while (votes[slot] != 0) {
            if (distances[slot] == distance) {
                votes[slot]++;
                return;
            }
            slot = slot + 1 & VOTE_SLOTS - 1;
        }
        if (distinct < MAX_DISTANCES) {
            distinct++;
            distances[slot] = distance;
            votes[slot] = 1;
        }
    }

    /** Of some of a run's pixels: the products don't wait for each other. 0 for a run that looks flat. */
    private static int hash(int[] pixels, int at) {
        int a = pixels[at];
        int b = pixels[at + 3];
        int c = pixels[at + 5];
        int d = pixels[at + 9];
        int e = pixels[at + 12];
        int f = pixels[at + 16];
        int g = pixels[at + 19];
        int h = pixels[at + 22];
        int i = pixels[at + 26];
        int j = pixels[at + 31];
        if (((a ^ b) | (a ^ c) | (a ^ d) | (a ^ e) | (a ^ f) | (a ^ g) | (a ^ h) | (a ^ i) | (a ^ j)) == 0) {
            return 0;
        }
        int sum = a * 0x9E3779B1
                + b * 0x85EBCA6B
                + c * 0xC2B2AE35
                + d * 0x27D4EB2F
                + e * 0x165667B1
                + f * 0xD3A2646D
                + g * 0xFD7046C5
                + h * 0xB55A4F09
                + i * 0x7FEB352D
                + j * 0x846CA68B;
        sum ^= sum >>> 15;
        return sum == 0 ? 1 : sum;
    }
}
