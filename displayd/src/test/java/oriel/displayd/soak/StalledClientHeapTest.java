package oriel.displayd.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import oriel.displayd.testing.Pictures;
import oriel.displayd.viewer.Viewer;

/**
 * What a client costs that asks for everything, sends the longest message but its last byte, and never reads: bytes that
 * are still reachable, heap and direct buffers, after a full collection.
 */
final class StalledClientHeapTest {
    private static final int CLIENTS = 16;
    private static final long BOUND = 16L << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int WIDTH = 1920;
    private static final int HEIGHT = 1080;

    /** How it comes in. */
    enum Door {
        WEB_SOCKET,
        TLS;

        RawClient open(GatewayUnderTest gateway) throws IOException {
            return switch (this) {
                case WEB_SOCKET -> gateway.webSocket();
                case TLS -> gateway.tlsViewer();
            };
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStalledClientCostsLittle(Door door, @TempDir Path folder) throws IOException {
        try (GatewayUnderTest gateway = new GatewayUnderTest(WIDTH, HEIGHT, folder)) {
            int[] noise = Pictures.paint(Pictures.Kind.NOISE, WIDTH, HEIGHT, new Random(3));
            gateway.display.paint((to, w, h) -> System.arraycopy(noise, 0, to, 0, to.length));
            List<RawClient> clients = new ArrayList<>();
            try {
                clients.add(stall(
                        door.open(gateway), 0)); // the screen's own cost: one feed, whatever the number of viewers
                awaitStall(gateway, 1);
                long before = reachable();
                for (int i = 1; i <= CLIENTS; i++) {
                    clients.add(stall(door.open(gateway), i));
                }
                awaitStall(gateway, CLIENTS + 1);
                long each = (reachable() - before) / CLIENTS;
                System.out.printf("a stalled client (%s) costs %d KiB%n", door, each >> 10);
                assertThat(each).isLessThan(BOUND);
            } finally {
                for (RawClient client : clients) {
                    client.close();
                }
            }
        }
    }

    private static RawClient stall(RawClient client, int index) throws IOException {
        int[] encodings = {0, 7, 16, 6, 5};
        client.demandEverything(encodings[index % encodings.length]);
        // Clipboard text as long as is taken, without its last byte: all of it is held.
        int length = 4 << 20;
        ByteBuffer head = ByteBuffer.allocate(8).put((byte) 6).put(new byte[3]).putInt(length);
        client.message(head.array());
        byte[] piece = new byte[64 * 1024];
        for (int sent = 0; sent < length - piece.length; sent += piece.length) {
            client.message(piece);
        }
        client.message(new byte[piece.length - 1]);
        return client;
    }

    /** Every client has been sent as much as it will be, and holds back as much as it can. */
    private static void awaitStall(GatewayUnderTest gateway, int clients) {
        Random random = new Random(clients);
        await().atMost(PATIENCE).untilAsserted(() -> {
            // However much the kernel takes: there is always more.
            int[] noise = Pictures.paint(Pictures.Kind.NOISE, WIDTH, HEIGHT, random);
            gateway.display.paint((to, w, h) -> System.arraycopy(noise, 0, to, 0, to.length));
            assertThat(gateway.hub.viewers()).hasSize(clients).allSatisfy(viewer -> {
                assertThat(viewer.statistics().backlog()).isGreaterThan(64 * 1024);
                assertThat(viewer.statistics().bytesReceived()).isGreaterThan(4 << 20);
            });
        });
        // Two readings apart that are the same: the encoders have nothing left that they could do.
        long[] last = {-1};
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(200)).until(() -> {
            long now = gateway.hub.viewers().stream()
                    .map(Viewer::statistics)
                    .mapToLong(s -> s.bytesSent())
                    .sum();
            boolean same = now == last[0];
            last[0] = now;
            return same;
        });
    }

    private static long reachable() {
        System.gc();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() + direct;
    }
}
