package oriel.displayd.encode;

import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.WireBuffer;

/**
 * Tight's gradient filter: every colour is foretold as left + above − above left, clamped, and only the difference is
 * kept. For formats of eight bits per colour. Not thread-safe.
 */
final class GradientFilter {
    /** Appends three bytes a pixel: red, green, blue. */
    void filter(PixelBlock block, PixelFormat format, WireBuffer out) {
        int width = block.width();
        out.reserve(3 * block.area());
        byte[] to = out.array();
        int start = out.size();
        int[] shifts = {format.redShift(), format.greenShift(), format.blueShift()};
        for (int channel = 0; channel < 3; channel++) {
            int shift = shifts[channel];
            int at = start + channel;
            firstRow(block.pixels(), width, shift, to, at);
            for (int y = 1; y < block.height(); y++) {
                row(block.pixels(), y * width, width, shift, to, at + 3 * y * width);
            }
        }
        out.advance(3 * block.area());
    }

    private static void firstRow(int[] pixels, int width, int shift, byte[] to, int start) {
        int left = 0;
        for (int x = 0; x < width; x++) {
            int now = pixels[x] >>> shift & 0xFF;
            to[start + 3 * x] = (byte) (now - left);
            left = now;
        }
    }

    private static void row(int[] pixels, int from, int width, int shift, byte[] to, int start) {
        int left = 0;
        int aboveLeft = 0;
        int above = from - width;
        int at = start;
        for (int x = 0; x < width; x++) {
            int up = pixels[above + x] >>> shift & 0xFF;
            int now = pixels[from + x] >>> shift & 0xFF;
            int foretold = Math.min(255, Math.max(0, left + up - aboveLeft));
            to[at] = (byte) (now - foretold);
            at += 3;
            left = now;
            aboveLeft = up;
        }
    }
}
