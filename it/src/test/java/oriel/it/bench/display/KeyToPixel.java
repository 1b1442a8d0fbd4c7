package oriel.it.bench.display;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import oriel.displayd.source.RawFrames;
import oriel.it.browser.Chromium;
import oriel.it.display.ViewerSite;

/**
 * How long it takes from a key that is pressed in the browser to the pixel that a program in the guest changes because of
 * it. Our viewer and noVNC in the same Chromium sit before our server, noVNC before TigerVNC's, and all are asked in turns, so that whatever else the
 * machine does meets all. The programs answer at once: what is measured is the way there and back.
 */
public final class KeyToPixel {
    private static final int ROUNDS = 10;
    private static final int KEYS = 40;
    private static final int WARM_UP = 150;
    private static final String TICKET = "oriel.ticket.0123456789abcdef";

    private KeyToPixel() {}

    /**
     * Measures and prints.
     *
     * @param frames says how large the screens are
     */
    public static void run(RawFrames frames) throws IOException {
        if (Chromium.path().isEmpty()
                || !ViewerSite.Client.NOVNC.isInstalled()
                || !ViewerSite.Client.ORIEL.isInstalled()) {
            System.out.println("Key to pixel is left out: it needs chromium and a web client that was built.");
            return;
        }
        Process daemon = null;
        try (ViewerSite site = new ViewerSite(ViewerSite.Client.NOVNC);
                ViewerSite own = new ViewerSite(ViewerSite.Client.ORIEL);
                Playwright playwright = Chromium.playwright();
                Browser browser = Chromium.launch(playwright);
                TigerVncPeer tiger = TigerVncPeer.start(frames);
                WebSocketRelay relay = tiger == null ? null : new WebSocketRelay(tiger.port())) {
            daemon = startDaemon(frames, List.of(site.origin(), own.origin()));
            BufferedReader said = daemon.inputReader();
            String line = said.readLine();
            if (line == null) {
                throw new IOException("the typing daemon ended before it was ready; its complaint is above");
            }
            int port = Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
            List<String> names = new ArrayList<>(List.of("Oriel", "Oriel's server + noVNC"));
            List<Page> pages = new ArrayList<>();
            pages.add(open(browser, own.address(port, TICKET, 6)));
            pages.add(open(browser, site.address(port, TICKET, 6)));
            if (tiger != null && relay != null) {
                Thread.ofPlatform().daemon().name("typing").start(() -> type(tiger));
                names.add("TigerVNC + noVNC");
                pages.add(open(browser, site.address(relay.port(), "", 6)));
            }
            List<List<Double>> times = new ArrayList<>();
            for (Page page : pages) {
                press(page, WARM_UP);
                times.add(new ArrayList<>());
            }
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < pages.size(); i++) {
                    times.get(i).addAll(press(pages.get(i), KEYS));
                }
            }
            System.out.println();
            System.out.println("Key to pixel in Chromium, ms (" + ROUNDS * KEYS + " keys each, in turns)");
            System.out.println();
            System.out.println("| | p50 | p90 | p99 | greatest |");
            System.out.println("|---|---|---|---|---|");
            for (int i = 0; i < pages.size(); i++) {
                System.out.println("| " + names.get(i) + " | " + figures(times.get(i)) + " |");
            }
        } finally {
            if (daemon != null) {
                daemon.destroy();
            }
        }
    }

    private static Process startDaemon(RawFrames frames, List<String> origins) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        TypingDaemon.class.getName(),
                        Integer.toString(frames.size().width()),
                        Integer.toString(frames.size().height()),
                        String.join(",", origins))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static void type(TigerVncPeer tiger) {
        try {
            tiger.type();
        } catch (IOException e) {
            // The peer was closed: the measurement is over.
        }
    }

    private static Page open(Browser browser, String address) {
        Page page = browser.newPage(new Browser.NewPageOptions().setViewportSize(1920, 1080));
        page.navigate(address);
        page.waitForFunction("() => window.state && window.state.connected");
        return page;
    }

    private static List<Double> press(Page page, int count) {
        List<Double> times = new ArrayList<>();
        for (Object time : (Collection<?>) page.evaluate("count => window.keyToPixel(count)", count)) {
            times.add(((Number) time).doubleValue());
        }
        return times;
    }

    private static String figures(List<Double> times) {
        List<Double> sorted = times.stream().sorted().toList();
        return String.format(
                Locale.ROOT,
                "%.1f | %.1f | %.1f | %.1f",
                sorted.get(sorted.size() / 2),
                sorted.get(sorted.size() * 9 / 10),
                sorted.get(sorted.size() * 99 / 100),
                sorted.getLast());
    }
}
