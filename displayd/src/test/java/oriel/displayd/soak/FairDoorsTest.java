package oriel.displayd.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import oriel.displayd.gateway.DisplayGateway;
import oriel.displayd.gateway.OriginPolicy;
import oriel.displayd.gateway.PasswordVerifier.Verdict.Admitted;
import oriel.displayd.gateway.RfbTlsServer;
import oriel.displayd.testing.Pictures;
import oriel.displayd.testing.SyntheticDisplay;
import oriel.displayd.testing.TestCertificate;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Right;
import oriel.displayd.viewer.Viewer;
import oriel.displayd.viewer.ViewerListener;

/**
 * Viewers of screens that never rest come in by both doors, WebSocket and TLS, over real sockets; two encoder threads serve
 * them all, and none starves. {@code -Doriel.fairness.viewers=200} for more, with figures.
 */
final class FairDoorsTest {
    private static final int VIEWERS = Integer.getInteger("oriel.fairness.viewers", 24);
    private static final int WIDTH = Integer.getInteger("oriel.fairness.width", 480);
    private static final int HEIGHT = Integer.getInteger("oriel.fairness.height", 270);
    private static final int TIGHT = 7;
    private static final List<Pictures.Kind> KINDS = List.of(
            Pictures.Kind.FEW_COLOURS,
            Pictures.Kind.MANY_COLOURS,
            Pictures.Kind.BOXES,
            Pictures.Kind.GRADIENT,
            Pictures.Kind.NOISE);

    @Test
    void nobodyStarvesAtEitherDoor(@TempDir Path folder) throws IOException {
        List<SyntheticDisplay> screens = new ArrayList<>();
        List<DisplayGrant> grants = new ArrayList<>();
        for (int i = 0; i < VIEWERS; i++) {
            SyntheticDisplay screen = new SyntheticDisplay(WIDTH, HEIGHT);
            screens.add(screen);
            grants.add(new DisplayGrant("s" + i, screen, Set.of(Right.VIEW), ClipboardPolicy.DENIED));
        }
        Iterator<DisplayGrant> next = List.copyOf(grants).iterator();
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        SSLContext certificate = new TestCertificate(folder).context();
        List<RawClient> clients = new ArrayList<>();
        try (DisplayHub hub = new DisplayHub(2, VIEWERS, ViewerListener.NONE);
                DisplayGateway gateway =
                        new DisplayGateway(hub, loopback, ticket -> Optional.of(next.next()), OriginPolicy.sameHost());
                RfbTlsServer tls = new RfbTlsServer(
                        hub, loopback, (user, password, from) -> new Admitted(next.next()), certificate)) {
            gateway.start();
            for (int i = 0; i < VIEWERS; i++) {
                // One after the other, so that the i-th grant is the i-th client's.
                RawClient client = i % 2 == 0
                        ? new RawWebSocket(gateway.port()).shakeHands("fair-ticket-%08d".formatted(i))
                        : new RawTlsViewer(tls.port(), certificate);
                clients.add(client);
                client.readOn();
                client.demandEverything(TIGHT);
            }
            animate(screens, hub);
            assertFair(hub, 0, "WebSocket");
            assertFair(hub, 1, "TLS");
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    private static void animate(List<SyntheticDisplay> screens, DisplayHub hub) {
        Random random = new Random(1);
        List<int[]> pictures = KINDS.stream()
                .map(kind -> Pictures.paint(kind, WIDTH, HEIGHT, random))
                .toList();
        int[] frame = {0};
        await().atMost(Duration.ofMinutes(5)).pollInterval(Duration.ofMillis(5)).until(() -> {
            frame[0]++;
            for (int i = 0; i < screens.size(); i++) {
                // Each pair has the same content, one for each door.
                int[] picture = pictures.get((frame[0] + i / 2) % pictures.size());
                screens.get(i).paint((to, w, h) -> System.arraycopy(picture, 0, to, 0, picture.length));
            }
            return hub.viewers().size() == screens.size()
                    && hub.viewers().stream()
                                    .mapToLong(viewer -> viewer.statistics().updates())
                                    .sum()
                            >= 30L * screens.size();
        });
    }

    private static void assertFair(DisplayHub hub, int door, String name) {
        long[] all = sorted(hub, viewer -> true);
        long[] here = sorted(
                hub, viewer -> Integer.parseInt(viewer.grant().sessionId().substring(1)) % 2 == door);
        System.out.println(here.length + " viewers by " + name + ", updates of the slowest, median and quickest: "
                + here[0] + ", " + here[here.length / 2] + ", " + here[here.length - 1]);
        assertThat(here[0]).as("%s: %s", name, Arrays.toString(here)).isGreaterThan(all[all.length / 2] / 3);
    }

    private static long[] sorted(DisplayHub hub, java.util.function.Predicate<Viewer> which) {
        return hub.viewers().stream()
                .filter(which)
                .mapToLong(viewer -> viewer.statistics().updates())
                .sorted()
                .toArray();
    }
}
