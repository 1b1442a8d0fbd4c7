package oriel.displayd.testing;

import java.util.Arrays;
import java.util.Random;

/** Seeded pictures of the kinds that encoders treat differently. */
public final class Pictures {
    private Pictures() {}

    /** Kinds of content. */
    public enum Kind {
        SOLID,
        TWO_COLOURS,
        FEW_COLOURS,
        MANY_COLOURS,
        BOXES,
        GRADIENT,
        NOISE
    }

    /** Paints a picture of 0x00RRGGBB. */
    public static int[] paint(Kind kind, int width, int height, Random random) {
        int[] pixels = new int[width * height];
        int[] colours = random.ints(250, 0, 1 << 24).toArray();
        switch (kind) {
            case SOLID -> Arrays.fill(pixels, colours[0]);
            case TWO_COLOURS -> each(pixels, () -> colours[random.nextInt(2)]);
            case FEW_COLOURS -> runs(pixels, colours, 9, random);
            case MANY_COLOURS -> runs(pixels, colours, 250, random);
            case BOXES -> boxes(pixels, width, height, colours, random);
            case GRADIENT -> {
                for (int i = 0; i < pixels.length; i++) {
                    int x = i % width;
                    int y = i / width;
                    pixels[i] = (x * 3 & 255) << 16 | (y * 2 & 255) << 8 | (x + y & 255);
                }
            }
            case NOISE -> each(pixels, () -> random.nextInt(1 << 24));
        }
        return pixels;
    }

    private interface Colour {
        int next();
    }

    private static void each(int[] pixels, Colour colour) {
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = colour.next();
        }
    }

    private static void runs(int[] pixels, int[] colours, int count, Random random) {
        int i = 0;
        while (i < pixels.length) {
            int end = Math.min(pixels.length, i + 1 + random.nextInt(random.nextInt(4) == 0 ? 700 : 5));
            Arrays.fill(pixels, i, end, colours[random.nextInt(count)]);
            i = end;
        }
    }

    private static void boxes(int[] pixels, int width, int height, int[] colours, Random random) {
        Arrays.fill(pixels, colours[0]);
        for (int n = 0; n < 40; n++) {
            int x = random.nextInt(width);
            int y = random.nextInt(height);
            int w = 1 + random.nextInt(width - x);
            int h = 1 + random.nextInt(Math.min(30, height - y));
            for (int row = y; row < y + h; row++) {
                Arrays.fill(pixels, row * width + x, row * width + x + w, colours[n]);
            }
        }
    }
}
