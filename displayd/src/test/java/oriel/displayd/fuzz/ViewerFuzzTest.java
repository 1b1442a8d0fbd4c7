package oriel.displayd.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;
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
 * A whole connection under any bytes: what was parsed is acted upon, and pictures are encoded as the bytes demand. It may
 * be closed for breaking the protocol, never for a fault of ours; and if it doesn't read, it costs a known amount.
 */
final class ViewerFuzzTest {
    private static final byte[] HANDSHAKE = "RFB 003.008\n\1\1".getBytes(StandardCharsets.US_ASCII);
    private static final long MOST_QUEUED = 3 << 20;

    private final SyntheticDisplay display = new SyntheticDisplay(200, 120);
    private final Faults faults = new Faults();
    private DisplayHub hub;

    /** What is logged as an error. */
    private static final class Faults extends AppenderBase<ILoggingEvent> {
        final List<String> messages = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            if (event.getLevel().isGreaterOrEqual(Level.ERROR)) {
                messages.add(event.getFormattedMessage() + " "
                        + (event.getThrowableProxy() == null
                                ? ""
                                : event.getThrowableProxy().getMessage()));
            }
        }
    }

    /** A network that takes everything at once, or nothing at all. */
    private static final class Network implements Transport {
        final boolean stalled;
        final AtomicLong queued = new AtomicLong();
        final List<CloseReason> closed = new CopyOnWriteArrayList<>();

        Network(boolean stalled) {
            this.stalled = stalled;
        }

        @Override
        public void send(byte[] from, int offset, int length) {
            queued.addAndGet(stalled ? length : 0);
        }

        @Override
        public long backlog() {
            return queued.get();
        }

        @Override
        public void close(CloseReason reason, String detail) {
            closed.add(reason);
        }

        @Override
        public String peer() {
            return "fuzz";
        }
    }

    @BeforeEach
    void start() {
        faults.start();
        ((Logger) LoggerFactory.getLogger("oriel.displayd")).addAppender(faults);
        hub = new DisplayHub(1, 10, ViewerListener.NONE);
    }

    @AfterEach
    void stop() {
        hub.close();
        ((Logger) LoggerFactory.getLogger("oriel.displayd")).detachAppender(faults);
        assertThat(faults.messages).isEmpty();
    }

    static Stream<byte[]> seeds() {
        return ClientStreams.seeds();
    }

    @MethodSource("seeds")
    @FuzzTest
    void anyBytes(byte[] stream) {
        check(stream, false);
    }

    @Test
    void generatedStreams() {
        for (int seed = 0; seed < 500; seed++) {
            check(ClientStreams.stream(seed), seed % 2 == 0);
        }
    }

    @Test
    void generatedStreamsInPlaceOfTheHandshake() {
        for (int seed = 0; seed < 500; seed++) {
            byte[] stream = ClientStreams.stream(seed);
            byte[] start = Arrays.copyOf(HANDSHAKE, seed % HANDSHAKE.length);
            Network network = new Network(true);
            Viewer viewer = open(network);
            viewer.receive(start, 0, start.length);
            viewer.receive(stream, 0, stream.length);
            end(viewer, network);
        }
    }

    private Viewer open(Network network) {
        Viewer viewer = hub.open(
                new DisplayGrant(
                        "s", display, Set.of(Right.VIEW, Right.CONTROL), new ClipboardPolicy(true, true, 1 << 20)),
                network);
        assertThat(viewer).isNotNull();
        viewer.start();
        return viewer;
    }

    private void check(byte[] stream, boolean stalled) {
        Network network = new Network(stalled);
        Viewer viewer = open(network);
        viewer.receive(HANDSHAKE, 0, HANDSHAKE.length);
        viewer.receive(stream, 0, stream.length);
        display.fill(stream.length % 100, 7, 50, 50, stream.length * 12345);
        viewer.writable();
        end(viewer, network);
    }

    private void end(Viewer viewer, Network network) {
        assertThat(network.queued.get()).isLessThan(MOST_QUEUED);
        viewer.close(CloseReason.CLIENT_LEFT, "");
        assertThat(network.closed).hasSize(1).doesNotContain(CloseReason.INTERNAL_ERROR);
        assertThat(faults.messages).isEmpty();
    }
}
