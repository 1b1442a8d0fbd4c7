package oriel.it.display;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import oriel.displayd.testing.Pictures;

/** Pictures in an order that makes a server use all it has: drawings, photographs, scrolls both ways, a dragged window. */
final class FrameSequence {
    private FrameSequence() {}

    static List<int[]> of(int width, int height, long seed) {
        Random random = new Random(seed);
        List<int[]> frames = new ArrayList<>();
        for (Pictures.Kind kind : Pictures.Kind.values()) {
            frames.add(Pictures.paint(kind, width, height, random));
        }
        int[] page = Pictures.paint(Pictures.Kind.FEW_COLOURS, width, height, random);
        frames.add(page);
        for (int dy : new int[] {48, 3, -70, 17}) {
            page = scrolled(page, width, height, dy);
            frames.add(page);
        }
        int[] window = Pictures.paint(Pictures.Kind.BOXES, width / 3, height / 3, random);
        for (int step = 0; step < 4; step++) {
            frames.add(with(page, width, window, width / 3, 20 + 31 * step, 10 + 13 * step));
        }
        frames.add(photograph(width, height, 0));
        frames.add(with(photograph(width, height, 0), width, window, width / 3, 40, 40));
        return frames;
    }

    private static int[] scrolled(int[] picture, int width, int height, int dy) {
        int[] moved = picture.clone();
        for (int y = 0; y < height; y++) {
            System.arraycopy(picture, Math.floorMod(y + dy, height) * width, moved, y * width, width);
        }
        return moved;
    }

    private static int[] with(int[] picture, int width, int[] part, int partWidth, int x, int y) {
        int[] both = picture.clone();
        for (int row = 0; row < part.length / partWidth; row++) {
            System.arraycopy(part, row * partWidth, both, (y + row) * width + x, partWidth);
        }
        return both;
    }

    /** Smooth light and shade with grain, which JPEG and H.264 are made for; moves with {@code time}. */
    static int[] photograph(int width, int height, int time) {
        Random grain = new Random(time);
        int[] pixels = new int[width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double a = Math.sin((x + 3 * time) / 37.0) + Math.cos((y - 2 * time) / 29.0);
                double b = Math.sin((x + y + 5 * time) / 53.0);
                int noise = grain.nextInt(5);
                int red = (int) (120 + 45 * a) + noise;
                int green = (int) (110 + 50 * b) + noise;
                int blue = (int) (100 + 30 * a - 40 * b) + noise;
                pixels[y * width + x] = red << 16 | green << 8 | blue;
            }
        }
        return pixels;
    }
}
