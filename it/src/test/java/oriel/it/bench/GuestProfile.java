package oriel.it.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/**
 * Which functions of some files a guest's instructions were in, by the samples {@code oriel.GuestSample} of a flight
 * recording (docs/cpu.md, "A guest's profile").
 *
 * <p>Arguments: the recording, then pairs of a file of machine code and one with its symbols (the same, or Debian's
 * {@code -dbg}). A file's code is expected at its offsets, as linkers place it.
 */
public final class GuestProfile {
    private static final int PAGE = 4096, SHOWN = 40;

    private record Place(String file, long offset, NavigableMap<Long, String> symbols) {}

    private GuestProfile() {}

    /** Runs it. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Map<Long, Place> pages = new HashMap<>();
        for (int i = 1; i + 1 < arguments.length; i += 2) {
            enter(Path.of(arguments[i]), symbols(arguments[i + 1]), pages);
        }
        Map<String, Long> functions = new HashMap<>();
        long all = 0, user = 0, known = 0;
        try (RecordingFile recording = new RecordingFile(Path.of(arguments[0]))) {
            while (recording.hasMoreEvents()) {
                RecordedEvent event = recording.readEvent();
                if (!event.getEventType().getName().equals("oriel.GuestSample")) {
                    continue;
                }
                all++;
                user += event.getBoolean("user") ? 1 : 0;
                Place place = pages.get(event.getLong("page"));
                if (place != null) {
                    known++;
                    functions.merge(function(place, event.getLong("rip")), 1L, Long::sum);
                }
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%d samples, %.1f %% in user mode, %.1f %% in these files%n",
                all,
                100.0 * user / all,
                100.0 * known / all);
        List<Map.Entry<String, Long>> sorted = new ArrayList<>(functions.entrySet());
        sorted.sort(Map.Entry.<String, Long>comparingByValue().reversed());
        for (Map.Entry<String, Long> entry : sorted.subList(0, Math.min(SHOWN, sorted.size()))) {
            System.out.printf(Locale.ROOT, "%6.2f %%  %s%n", 100.0 * entry.getValue() / all, entry.getKey());
        }
    }

    private static String function(Place place, long rip) {
        Map.Entry<Long, String> symbol = place.symbols.floorEntry(place.offset + (rip & PAGE - 1));
        return place.file + " " + (symbol == null ? "?" : symbol.getValue());
    }

    private static void enter(Path file, NavigableMap<Long, String> symbols, Map<Long, Place> pages)
            throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        for (int at = 0; at + PAGE <= bytes.length; at += PAGE) {
            CRC32C sum = new CRC32C();
            sum.update(bytes, at, PAGE);
            pages.putIfAbsent(sum.getValue(), new Place(String.valueOf(file.getFileName()), at, symbols));
        }
    }

    private static NavigableMap<Long, String> symbols(String file) throws IOException, InterruptedException {
        Process nm = new ProcessBuilder("nm", "--defined-only", file)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        NavigableMap<Long, String> symbols = new TreeMap<>();
        for (String line : new String(nm.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\n", -1)) {
            String[] words = line.split(" ", -1);
            if (words.length == 3 && "tTiIwW".contains(words[1])) {
                symbols.merge(Long.parseLong(words[0], 16), words[2], (a, b) -> a.length() >= b.length() ? a : b);
            }
        }
        if (nm.waitFor() != 0) {
            throw new IOException("nm knows nothing about " + file);
        }
        return symbols;
    }
}
