package oriel.it.bench.display;

import java.awt.image.BufferedImage;
import java.util.Random;

/** Pictures with the statistics of photographs: soft large forms, hard edges, texture, and a camera's noise. Seeded. */
final class Photos {
    private static final int CELL = 8;

    private Photos() {}

    /** Paints one. */
    static BufferedImage photo(int width, int height, long seed) {
        Random random = new Random(seed);
        float[][] planes = new float[3][width * height];
        float[] light = new float[width * height];
        for (int cell = 512; cell >= CELL; cell /= 2) {
            addNoise(light, width, height, cell, cell * 0.22f, random);
        }
        for (float[] plane : planes) {
            addNoise(plane, width, height, 400, 70, random);
            addNoise(plane, width, height, 150, 25, random);
        }
        shapes(planes, width, height, random);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int i = y * width + x;
                float grain = (random.nextInt(7) - 3) * 0.8f;
                row[x] = channel(planes[0][i] + light[i] + grain) << 16
                        | channel(planes[1][i] + light[i] + grain) << 8
                        | channel(planes[2][i] + light[i] + grain);
            }
            image.getRaster().setDataElements(0, y, width, 1, row);
        }
        return image;
    }

    private static int channel(float value) {
        return Math.clamp(Math.round(value + 110), 0, 255);
    }

    /** Bilinear noise on a grid. */
    private static void addNoise(float[] to, int width, int height, int cell, float amplitude, Random random) {
        int columns = width / cell + 2;
        int rows = height / cell + 2;
        float[] grid = new float[columns * rows];
        for (int i = 0; i < grid.length; i++) {
            grid[i] = (random.nextFloat() * 2 - 1) * amplitude;
        }
        for (int y = 0; y < height; y++) {
            int gy = y / cell;
            float fy = (float) (y % cell) / cell;
            for (int x = 0; x < width; x++) {
                int gx = x / cell;
                float fx = (float) (x % cell) / cell;
                int g = gy * columns + gx;
                float top = grid[g] + (grid[g + 1] - grid[g]) * fx;
                float bottom = grid[g + columns] + (grid[g + columns + 1] - grid[g + columns]) * fx;
                to[y * width + x] += top + (bottom - top) * fy;
            }
        }
    }

    private static void shapes(float[][] planes, int width, int height, Random random) {
        for (int n = 0; n < 14; n++) {
            float cx = random.nextInt(width);
            float cy = random.nextInt(height);
            float rx = 30 + random.nextInt(220);
            float ry = 30 + random.nextInt(220);
            float[] shift = {random.nextFloat(-60, 60), random.nextFloat(-60, 60), random.nextFloat(-60, 60)};
            for (int y = Math.max(0, (int) (cy - ry)); y < Math.min(height, cy + ry); y++) {
                for (int x = Math.max(0, (int) (cx - rx)); x < Math.min(width, cx + rx); x++) {
                    float dx = (x - cx) / rx;
                    float dy = (y - cy) / ry;
                    if (dx * dx + dy * dy < 1) {
                        for (int c = 0; c < 3; c++) {
                            planes[c][y * width + x] += shift[c];
                        }
                    }
                }
            }
        }
    }
}
