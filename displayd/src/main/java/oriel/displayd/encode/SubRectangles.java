package oriel.displayd.encode;

import java.util.Arrays;

/** Covers everything in a block that isn't background with one-coloured rectangles, greedily. Reused. */
final class SubRectangles {
    private int[] found = new int[5 * 64];
    private int count;
    private boolean[] covered = new boolean[256];

    /** A colour worth to be the background: the most frequent of the first few met (Boyer–Moore majority vote). */
    static int background(int[] pixels, int offset, int stride, int width, int height) {
        int candidate = pixels[offset];
        int votes = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int pixel = pixels[offset + y * stride + x];
                if (pixel == candidate) {
                    votes++;
                } else if (votes == 0) {
                    candidate = pixel;
                    votes = 1;
                } else {
                    votes--;
                }
            }
        }
        return candidate;
    }

    void find(int[] pixels, int offset, int stride, int width, int height, int background) {
        count = 0;
        if (covered.length < width * height) {
            covered = new boolean[width * height];
        } else {
            Arrays.fill(covered, 0, width * height, false);
        }
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int colour = pixels[offset + y * stride + x];
                if (colour == background || covered[y * width + x]) {
                    continue;
                }
                int w = 1;
                while (x + w < width && pixels[offset + y * stride + x + w] == colour && !covered[y * width + x + w]) {
                    w++;
                }
                int h = 1;
                while (y + h < height && free(pixels, offset, stride, width, x, y + h, w, colour)) {
                    h++;
                }
                for (int row = y; row < y + h; row++) {
                    Arrays.fill(covered, row * width + x, row * width + x + w, true);
                }
                add(colour, x, y, w, h);
                x += w - 1;
            }
        }
    }

    private boolean free(int[] pixels, int offset, int stride, int width, int x, int y, int w, int colour) {
        for (int i = x; i < x + w; i++) {
            if (pixels[offset + y * stride + i] != colour || covered[y * width + i]) {
                return false;
            }
        }
        return true;
    }

    private void add(int colour, int x, int y, int width, int height) {
        if (5 * count + 5 > found.length) {
            found = Arrays.copyOf(found, found.length * 2);
        }
        int at = 5 * count++;
        found[at] = colour;
        found[at + 1] = x;
        found[at + 2] = y;
        found[at + 3] = width;
        found[at + 4] = height;
    }

    int count() {
        return count;
    }

    int colour(int i) {
        return found[5 * i];
    }

    int x(int i) {
        return found[5 * i + 1];
    }

    int y(int i) {
        return found[5 * i + 2];
    }

    int width(int i) {
        return found[5 * i + 3];
    }

    int height(int i) {
        return found[5 * i + 4];
    }
}
