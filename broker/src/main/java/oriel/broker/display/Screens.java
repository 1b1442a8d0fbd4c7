package oriel.broker.display;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.host.HypervisorHost;

/**
 * Small pictures of machines' screens. One is taken when somebody asks, and given to everybody who asks within two
 * seconds: a wall of thumbnails costs a machine no more than one does. Thread-safe.
 */
public final class Screens {
    /** Narrowest and widest picture, in pixels. */
    public static final int NARROWEST = 64;

    /** Widest picture, in pixels. */
    public static final int WIDEST = 1920;

    private static final Duration FRESH = Duration.ofSeconds(2);
    private static final int MOST_KEPT = 256;
    private static final int ATTEMPTS = 3;

    private final HypervisorHost host;
    private final Clock clock;
    private final Map<Key, Picture> taken = new ConcurrentHashMap<>();

    private record Key(String machine, int width) {}

    /**
     * A picture.
     *
     * @param png its bytes
     * @param etag changes when the picture does
     * @param at when it was taken
     */
    @SuppressWarnings("ArrayRecordComponent") // bytes, shared and never compared
    public record Picture(byte[] png, String etag, Instant at) {}

    /** Of the machines of a host. */
    public Screens(HypervisorHost host, Clock clock) {
        this.host = host;
        this.clock = clock;
    }

    /**
     * A picture of a machine's screen.
     *
     * @param width at most so many pixels; never larger than the screen
     * @return empty if the machine has no screen now
     */
    public Optional<Picture> of(String machine, int width) {
        Instant now = clock.instant();
        taken.values().removeIf(picture -> picture.at().plus(FRESH).isBefore(now));
        Optional<Display> display = host.display(machine);
        if (display.isEmpty()) {
            return Optional.empty();
        }
        if (taken.size() >= MOST_KEPT) {
            taken.clear();
        }
        return Optional.ofNullable(taken.computeIfAbsent(
                new Key(machine, width), key -> take(display.get(), width, now).orElse(null)));
    }

    private static Optional<Picture> take(Display display, int width, Instant now) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            DisplaySize size = display.size();
            int[] pixels = new int[size.width() * size.height()];
            // False: the guest has changed its resolution in between.
            if (display.copyPixels(size, size.bounds(), pixels, 0, size.width())) {
                int w = Math.min(width, size.width());
                int h = Math.max(1, (int) ((long) size.height() * w / size.width()));
                byte[] png = Png.of(w == size.width() ? pixels : shrink(pixels, size, w, h), w, h);
                return Optional.of(new Picture(png, etag(png), now));
            }
        }
        return Optional.empty();
    }

    /** Each pixel is the mean of those it stands for: text stays grey instead of turning into noise. */
    private static int[] shrink(int[] from, DisplaySize size, int width, int height) {
        int[] to = new int[width * height];
        for (int y = 0; y < height; y++) {
            int top = (int) ((long) y * size.height() / height);
            int bottom = Math.max(top + 1, (int) ((long) (y + 1) * size.height() / height));
            for (int x = 0; x < width; x++) {
                int left = (int) ((long) x * size.width() / width);
                int right = Math.max(left + 1, (int) ((long) (x + 1) * size.width() / width));
                to[y * width + x] = mean(from, size.width(), left, top, right, bottom);
            }
        }
        return to;
    }

    private static int mean(int[] from, int stride, int left, int top, int right, int bottom) {
        long red = 0;
        long green = 0;
        long blue = 0;
        for (int y = top; y < bottom; y++) {
            for (int x = left; x < right; x++) {
                int pixel = from[y * stride + x];
                red += (pixel >> 16) & 0xff;
                green += (pixel >> 8) & 0xff;
                blue += pixel & 0xff;
            }
        }
        long count = (long) (right - left) * (bottom - top);
        return (int) (red / count << 16 | green / count << 8 | blue / count);
    }

    private static String etag(byte[] png) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(png);
            return "\"" + HexFormat.of().formatHex(hash, 0, 12) + "\"";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
