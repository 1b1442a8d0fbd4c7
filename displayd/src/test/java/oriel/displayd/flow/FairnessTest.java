package oriel.displayd.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import oriel.displayd.testing.Pictures;
import oriel.displayd.testing.SyntheticDisplay;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.displayd.viewer.CloseReason;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Right;
import oriel.displayd.viewer.Transport;
import oriel.displayd.viewer.Viewer;
import oriel.displayd.viewer.ViewerListener;

/**
 * Many viewers of screens that never rest share two encoder threads, and none starves. With
 * {@code -Doriel.fairness.viewers=200} it prints what a real machine does.
 */
final class FairnessTest {
    private static final int VIEWERS = Integer.getInteger("oriel.fairness.viewers", 24);
    private static final int WIDTH = Integer.getInteger("oriel.fairness.width", 480);
    private static final int HEIGHT = Integer.getInteger("oriel.fairness.height", 270);

    /** A client that takes everything at once, and asks again after each update. */
    private static final class EagerClient implements Transport {
        final AtomicInteger updates = new AtomicInteger();

        @Override
        public void send(byte[] from, int offset, int length) {
            updates.incrementAndGet();
        }

        @Override
        public long backlog() {
            return 0;
        }

        @Override
        public void close(CloseReason reason, String detail) {}

        @Override
        public String peer() {
            return "test";
        }
    }

    @Test
    void nobodyStarves() {
        List<SyntheticDisplay> screens = new ArrayList<>();
        List<Viewer> viewers = new ArrayList<>();
        Random random = new Random(1);
        int[][] pictures = new int[5][];
        for (int i = 0; i < pictures.length; i++) {
            pictures[i] = Pictures.paint(List.of(Pictures.Kind.values()).get(2 + i), WIDTH, HEIGHT, random);
        }
        try (DisplayHub hub = new DisplayHub(2, VIEWERS, ViewerListener.NONE)) {
            for (int i = 0; i < VIEWERS; i++) {
                SyntheticDisplay screen = new SyntheticDisplay(WIDTH, HEIGHT);
                Viewer viewer = hub.open(
                        new DisplayGrant("s" + i, screen, Set.of(Right.VIEW), ClipboardPolicy.DENIED),
                        new EagerClient());
                assertThat(viewer).isNotNull();
                viewer.start();
                receive(viewer, "RFB 003.008\n".getBytes(StandardCharsets.US_ASCII));
                receive(viewer, 1, 1);
                // Tight, LastRect, JPEG quality 6, ContinuousUpdates.
                receive(viewer, 2, 0, 0, 4, 0, 0, 0, 7, 255, 255, 255, 32, 255, 255, 255, 230, 255, 255, 254, 199);
                receive(viewer, 150, 1, 0, 0, 0, 0, 0x7F, 0xFF, 0x7F, 0xFF);
                screens.add(screen);
                viewers.add(viewer);
            }
            AtomicInteger frame = new AtomicInteger();
            await().atMost(Duration.ofMinutes(3))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> {
                        int now = frame.incrementAndGet();
                        for (int i = 0; i < VIEWERS; i++) {
                            int[] picture = pictures[(now + i) % pictures.length];
                            screens.get(i).paint((to, w, h) -> System.arraycopy(picture, 0, to, 0, picture.length));
                        }
                        return total(viewers) >= 30L * VIEWERS;
                    });
            long[] updates = viewers.stream()
                    .mapToLong(v -> v.statistics().updates())
                    .sorted()
                    .toArray();
            System.out.println(VIEWERS + " viewers, updates of the slowest, median and quickest: " + updates[0] + ", "
                    + updates[VIEWERS / 2] + ", " + updates[VIEWERS - 1]);
            assertThat(updates[0]).as("%s", Arrays.toString(updates)).isGreaterThan(updates[VIEWERS / 2] / 3);
        }
    }

    private static long total(List<Viewer> viewers) {
        return viewers.stream().mapToLong(v -> v.statistics().updates()).sum();
    }

    private static void receive(Viewer viewer, int... bytes) {
        byte[] message = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            message[i] = (byte) bytes[i];
        }
        receive(viewer, message);
    }

    private static void receive(Viewer viewer, byte[] message) {
        viewer.receive(message, 0, message.length);
    }
}
