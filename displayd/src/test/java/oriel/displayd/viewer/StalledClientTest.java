package oriel.displayd.viewer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import oriel.displayd.testing.SyntheticDisplay;

/** A client that asks for everything and takes nothing costs a known amount of memory. */
final class StalledClientTest {
    private static final long BOUND = 2 << 20;

    /** A network that takes bytes only when told to. */
    private static final class StalledTransport implements Transport {
        final AtomicLong backlog = new AtomicLong();
        final List<String> closed = new ArrayList<>();
        volatile long greatest;

        @Override
        public void send(byte[] from, int offset, int length) {
            greatest = Math.max(greatest, backlog.addAndGet(length));
        }

        @Override
        public long backlog() {
            return backlog.get();
        }

        @Override
        public void close(CloseReason reason, String detail) {
            closed.add(reason + " " + detail);
        }

        @Override
        public String peer() {
            return "test";
        }
    }

    @Test
    void updatesPauseAndAnswersAreBounded() {
        SyntheticDisplay display = new SyntheticDisplay(1920, 1080);
        StalledTransport transport = new StalledTransport();
        try (DisplayHub hub = new DisplayHub(2, 10, ViewerListener.NONE)) {
            Viewer viewer =
                    hub.open(new DisplayGrant("s", display, Set.of(Right.VIEW), ClipboardPolicy.DENIED), transport);
            assertThat(viewer).isNotNull();
            viewer.start();
            receive(viewer, "RFB 003.008\n".getBytes(StandardCharsets.US_ASCII));
            receive(viewer, 1, 1);
            // Continuous updates without fences: nothing but the transport holds back.
            receive(viewer, 2, 0, 0, 1, 0xFF, 0xFF, 0xFE, 0xC7);
            receive(viewer, 150, 1, 0, 0, 0, 0, 0x7F, 0xFF, 0x7F, 0xFF);
            await().until(() -> transport.backlog() > 1 << 20);
            for (int i = 0; i < 200; i++) {
                int colour = i;
                display.paint((to, w, h) -> Arrays.fill(to, colour));
                viewer.writable();
            }
            // The pump has run dry when a transport that drains a little gets exactly that much again.
            await().during(Duration.ofMillis(100)).until(() -> transport.greatest <= BOUND);

            while (transport.closed.isEmpty()) {
                receive(viewer, 248, 0, 0, 0, 0x80, 0, 0, 0, 1, 42);
            }
            assertThat(transport.closed.getFirst()).contains("PROTOCOL_ERROR", "doesn't read");
            assertThat(transport.greatest).isLessThan(BOUND);
        }
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
