package oriel.it.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oriel.displayd.source.RawFrames;
import oriel.displayd.video.OpenH264;
import oriel.hypervisor.display.DisplaySize;
import oriel.it.bench.display.BenchClient;
import oriel.it.bench.display.KeyToPixel;
import oriel.it.bench.display.OrielPeer;
import oriel.it.bench.display.Peer;
import oriel.it.bench.display.Scene;
import oriel.it.bench.display.Scenes;
import oriel.it.bench.display.TigerVncPeer;

/**
 * {@code ./oriel bench display}: the same frames through our encoder and through TigerVNC's server, each in a process of
 * its own, watched by the same client. Prints CPU milliseconds and kilobytes per frame side by side.
 *
 * <p>Frames are shown one at a time; the next comes once the client has been quiet for a while. A peer's CPU is what its
 * process used, less what it used for the same frames with nobody watching.
 */
public final class DisplayBenchmark {
    private static final int FRAMES = 16;
    private static final long QUIET_NANOS = 10_000_000;
    private static final long PATIENCE_NANOS = 1_000_000_000;
    private static final int QUALITY = 6;

    /** What the client asks for. */
    private enum Mode {
        LOSSLESS(", lossless", -1),
        JPEG(", JPEG quality " + QUALITY, QUALITY),
        FILMS(", the same with H.264", QUALITY);

        final String text;
        final int quality;

        Mode(String text, int quality) {
            this.text = text;
            this.quality = quality;
        }
    }

    private record Result(double cpuMillis, double kilobytes, double psnr, int inexact) {}

    private final Path file;
    private final DisplaySize size;
    private final List<Scene> scenes;
    private final boolean verbose;

    private DisplayBenchmark(Path file, DisplaySize size, List<Scene> scenes, boolean verbose) {
        this.file = file;
        this.size = size;
        this.scenes = scenes;
        this.verbose = verbose;
    }

    /** {@code [--frames FILE --size WxH] [--only TEXT] [--no-peer] [--keys]}; with the last, only the time from key to pixel. */
    public static void main(String[] arguments) throws IOException {
        Path given = null;
        DisplaySize size = new DisplaySize(Scenes.WIDTH, Scenes.HEIGHT);
        String only = "";
        boolean peer = true;
        boolean verbose = false;
        boolean keys = false;
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--frames" -> given = Path.of(arguments[++i]);
                case "--size" -> {
                    Matcher matcher = Pattern.compile("(\\d{1,5})x(\\d{1,5})").matcher(arguments[++i]);
                    if (!matcher.matches()) {
                        throw new IllegalArgumentException("--size " + arguments[i] + " is not of the form 1920x1080");
                    }
                    size = new DisplaySize(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
                }
                case "--only" -> only = arguments[++i];
                case "--no-peer" -> peer = false;
                case "--keys" -> keys = true;
                case "--verbose" -> verbose = true;
                default ->
                    throw new IllegalArgumentException("unknown option " + arguments[i]
                            + "; known: --frames FILE, --size WxH, --only SCENE, --no-peer, --keys, --verbose");
            }
        }
        System.setProperty("java.awt.headless", "true");
        Path file = given;
        if (file == null) {
            file = Files.createTempFile("oriel-frames", ".raw");
            file.toFile().deleteOnExit();
        }
        List<Scene> scenes;
        if (keys && given == null) {
            // They are pressed on a screen of their own; only its size matters.
            try (RandomAccessFile blank = new RandomAccessFile(file.toFile(), "rw")) {
                blank.setLength(4L * size.width() * size.height());
            }
            scenes = List.of();
        } else if (given == null) {
            System.out.println("Drawing %d frames of each scene …".formatted(FRAMES));
            scenes = new Scenes(FRAMES).write(file);
        } else {
            try (RawFrames frames = new RawFrames(file, size)) {
                scenes = List.of(new Scene(String.valueOf(file.getFileName()), 0, frames.count()));
            }
        }
        if (given == null && only.isEmpty() || keys) {
            try (RawFrames frames = new RawFrames(file, size)) {
                KeyToPixel.run(frames);
            }
        }
        if (keys) {
            return;
        }
        String wanted = only;
        new DisplayBenchmark(
                        file,
                        size,
                        scenes.stream().filter(s -> s.name().contains(wanted)).toList(),
                        verbose)
                .run(peer);
    }

    private void run(boolean withPeer) throws IOException {
        try (RawFrames frames = new RawFrames(file, size)) {
            List<String> columns = new ArrayList<>();
            List<List<Result>> results = new ArrayList<>();
            TigerVncPeer tiger = withPeer ? TigerVncPeer.start(frames) : null;
            if (withPeer && tiger == null) {
                System.out.println("TigerVNC is left out: install the Debian package tigervnc-standalone-server.");
            }
            if (tiger != null) {
                try (tiger) {
                    measure(tiger, frames, columns, results);
                }
            }
            try (OrielPeer oriel = new OrielPeer(file, size.width(), size.height())) {
                measure(oriel, frames, columns, results);
            }
            print(columns, results);
        }
    }

    private void measure(Peer peer, RawFrames frames, List<String> columns, List<List<Result>> results)
            throws IOException {
        List<Double> unwatched = new ArrayList<>();
        for (Scene scene : scenes) {
            unwatched.add(unwatched(peer, scene));
        }
        for (Mode mode : Mode.values()) {
            if (mode == Mode.FILMS && !(peer instanceof OrielPeer && OpenH264.open() != null)) {
                continue;
            }
            columns.add(peer.name() + mode.text);
            List<Result> column = new ArrayList<>();
            try (BenchClient client = new BenchClient(peer.port(), mode.quality, mode == Mode.FILMS)) {
                if (peer instanceof OrielPeer) {
                    for (Scene scene : scenes) {
                        watched(peer, frames, client, scene, 0); // compiles what is hot
                    }
                }
                for (int i = 0; i < scenes.size(); i++) {
                    column.add(watched(peer, frames, client, scenes.get(i), unwatched.get(i)));
                }
            }
            results.add(column);
        }
    }

    private static double unwatched(Peer peer, Scene scene) throws IOException {
        peer.show(scene.first());
        long before = peer.cpuNanos();
        for (int i = 1; i < scene.count(); i++) {
            peer.show(scene.first() + i);
        }
        return (peer.cpuNanos() - before) / 1e6 / (scene.count() - 1);
    }

    private Result watched(Peer peer, RawFrames frames, BenchClient client, Scene scene, double unwatched)
            throws IOException {
        int[] expected = new int[size.width() * size.height()];
        int[] before = new int[expected.length];
        int updates = client.updates();
        peer.show(scene.first());
        client.settle(updates, true, QUIET_NANOS * 30);
        frames.copy(scene.first(), size.bounds(), before, 0, size.width());
        long cpu = peer.cpuNanos();
        long bytes = client.bytes();
        double error = 0;
        int inexact = 0;
        for (int i = 1; i < scene.count(); i++) {
            frames.copy(scene.first() + i, size.bounds(), expected, 0, size.width());
            long b = client.bytes();
            long c = peer.cpuNanos();
            show(peer, client, scene.first() + i, before, expected);
            if (verbose) {
                System.out.println("  %s %d: %.1f ms %.1f KB"
                        .formatted(scene.name(), i, (peer.cpuNanos() - c) / 1e6, (client.bytes() - b) / 1e3));
            }
            int[] seen = client.picture();
            error += squaredError(expected, seen);
            inexact += Arrays.equals(expected, seen) ? 0 : 1;
            int[] swap = before;
            before = expected;
            expected = swap;
        }
        int count = scene.count() - 1;
        double mean = error / count / (3.0 * expected.length);
        return new Result(
                Math.max(0, (peer.cpuNanos() - cpu) / 1e6 / count - unwatched),
                (client.bytes() - bytes) / 1000.0 / count,
                mean == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(255 * 255 / mean),
                inexact);
    }

    /**
     * Shows a frame and waits until the client has it. A peer may send an update that repairs the frame before: it is
     * not taken for this one, as the picture must be much nearer to this frame than the one before was.
     */
    private static void show(Peer peer, BenchClient client, int frame, int[] before, int[] expected)
            throws IOException {
        int updates = client.updates();
        peer.show(frame);
        if (Arrays.equals(before, expected)) {
            return;
        }
        double near = squaredError(before, expected) / 4;
        long end = System.nanoTime() + PATIENCE_NANOS;
        do {
            client.settle(updates, true, QUIET_NANOS);
        } while (squaredErrorWhereChanged(before, expected, client.picture()) > near && System.nanoTime() < end);
    }

    private static double squaredErrorWhereChanged(int[] before, int[] expected, int[] seen) {
        int[] relevant = seen.clone();
        for (int i = 0; i < relevant.length; i++) {
            if (before[i] == expected[i]) {
                relevant[i] = expected[i];
            }
        }
        return squaredError(expected, relevant);
    }

    private static double squaredError(int[] a, int[] b) {
        long sum = 0;
        for (int i = 0; i < a.length; i++) {
            if (a[i] != b[i]) {
                sum += square((a[i] >> 16 & 255) - (b[i] >> 16 & 255))
                        + square((a[i] >> 8 & 255) - (b[i] >> 8 & 255))
                        + square((a[i] & 255) - (b[i] & 255));
            }
        }
        return sum;
    }

    private static int square(int difference) {
        return difference * difference;
    }

    private void print(List<String> columns, List<List<Result>> results) {
        System.out.println();
        System.out.println("CPU ms per frame / KB per frame (PSNR in dB where not exact)");
        System.out.println();
        System.out.println("| sequence | " + String.join(" | ", columns) + " |");
        System.out.println("|---|" + "---|".repeat(columns.size()));
        for (int i = 0; i < scenes.size(); i++) {
            StringBuilder line = new StringBuilder("| ").append(scenes.get(i).name());
            for (List<Result> column : results) {
                line.append(" | ").append(text(column.get(i)));
            }
            System.out.println(line.append(" |"));
        }
    }

    private static String text(Result result) {
        String figures = String.format(Locale.ROOT, "%.2f / %.1f", result.cpuMillis(), result.kilobytes());
        return result.inexact() == 0 ? figures : figures + String.format(Locale.ROOT, " (%.1f dB)", result.psnr());
    }
}
