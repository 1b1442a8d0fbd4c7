package oriel.broker.display;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Tickets.Redeemed;
import oriel.broker.recording.Recordings;
import oriel.displayd.gateway.DisplayGateway;
import oriel.displayd.gateway.OriginPolicy;
import oriel.displayd.gateway.RfbTlsServer;
import oriel.displayd.viewer.CloseReason;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Right;
import oriel.displayd.viewer.Viewer;
import oriel.displayd.viewer.ViewerListener;
import oriel.hypervisor.display.Display;

/**
 * The display daemon in this process: redeems tickets, tells the broker who looks at what, and cuts connections when the
 * broker says so. The daemon knows connections only; which session and user they belong to is known here.
 */
public final class DisplayService implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DisplayService.class);
    /** A client that has not finished its handshake by then never will. */
    private static final Duration HANDSHAKE = Duration.ofMinutes(1);

    private final Tickets tickets;
    private final Activity activity;
    private final DisplayPolicy policy;
    private final Recordings recordings;
    private final Clock clock;
    private final Consumer<Redeemed> opened;
    private final BiConsumer<UUID, Duration> firstFrame;
    private final Consumer<UUID> closed;
    private final DisplayHub hub;
    private final DisplayGateway gateway;
    private volatile @Nullable RfbTlsServer nativeViewers;
    private final Map<UUID, Pending> pending = new ConcurrentHashMap<>();
    /** One thread: that a connection is closed must be heard after that it was opened. */
    private final ExecutorService events = Executors.newSingleThreadExecutor(
            Thread.ofVirtual().name("display-events").factory());

    private record Pending(Redeemed grant, Instant since) {}

    /**
     * Prepares; {@link #start} listens.
     *
     * @param policy what connections may do
     * @param recordings what must be recorded before it is shown
     * @param opened told when a client is connected; may block
     * @param firstFrame told how long after its opening a client saw the first picture; may block
     * @param closed told when it has gone; may block
     */
    public DisplayService(
            Tickets tickets,
            LiveDisplays displays,
            Activity activity,
            DisplayPolicy policy,
            Recordings recordings,
            Clock clock,
            Consumer<Redeemed> opened,
            BiConsumer<UUID, Duration> firstFrame,
            Consumer<UUID> closed) {
        this.tickets = tickets;
        this.activity = activity;
        this.policy = policy;
        this.recordings = recordings;
        this.clock = clock;
        this.opened = opened;
        this.firstFrame = firstFrame;
        this.closed = closed;
        this.hub = new DisplayHub(new Events());
        this.gateway = new DisplayGateway(
                hub, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), this::redeem, OriginPolicy.sameHost());
        displays.cutBy((connection, cut, detail) -> hub.close(connection.toString(), reason(cut), detail));
        displays.measureBy(connection ->
                hub.viewers(connection.toString()).stream().findFirst().map(Viewer::statistics));
    }

    /**
     * Listens on a free loopback port.
     *
     * @return the port
     */
    public int start() throws IOException {
        return gateway.start();
    }

    /**
     * Listens for VNC viewers too, over TLS.
     *
     * @param address where; port 0 for any
     * @param tls has the server's certificate
     * @return the port
     * @throws IOException if it can't be had, with the reason
     */
    public int startForNativeViewers(InetSocketAddress address, SSLContext tls, AuditTrail audit) throws IOException {
        RfbTlsServer server =
                new RfbTlsServer(hub, address, new NativeViewerDoor(tickets, policy, this::show, audit, clock), tls);
        nativeViewers = server;
        return server.port();
    }

    private Optional<DisplayGrant> redeem(String ticket) {
        return tickets.redeem(ticket).flatMap(this::show);
    }

    /** What a ticket stood for, if it can be shown. */
    private Optional<DisplayGrant> show(Redeemed grant) {
        Instant now = clock.instant();
        pending.values().removeIf(waiting -> waiting.since().plus(HANDSHAKE).isBefore(now));
        Optional<Display> display = activity.display(grant.machine());
        if (display.isEmpty()) {
            log.info("{} has no display just now", grant.machine());
            return Optional.empty();
        }
        Display screen = display.get();
        if (!recordings.begin(grant, screen, (settings, onEnd) -> hub.record(screen, settings, onEnd))) {
            return Optional.empty();
        }
        pending.put(grant.connection(), new Pending(grant, now));
        return Optional.of(new DisplayGrant(
                grant.connection().toString(),
                screen,
                rights(grant.right()),
                policy.clipboard(grant),
                policy.power(grant).orElse(null),
                policy.title(grant).orElse(screen.name())));
    }

    private static Set<Right> rights(DisplayRight right) {
        return switch (right) {
            case CONTROL -> EnumSet.of(Right.VIEW, Right.CONTROL);
            case VIEW -> EnumSet.of(Right.VIEW);
        };
    }

    private static CloseReason reason(Cut cut) {
        return switch (cut) {
            case SESSION_ENDED -> CloseReason.SESSION_ENDED;
            case REVOKED -> CloseReason.REVOKED;
            case REPLACED -> CloseReason.REPLACED;
        };
    }

    private void later(Runnable event) {
        try {
            events.execute(() -> {
                try {
                    event.run();
                } catch (RuntimeException e) {
                    log.warn("a display's change could not be noted: {}", e.getMessage(), e);
                }
            });
        } catch (RejectedExecutionException e) {
            log.debug("the process stops: the next one notes that nobody looks");
        }
    }

    /** Cuts every display, telling clients that the server stops, and stops listening. */
    @Override
    public void close() {
        RfbTlsServer viewers = nativeViewers;
        if (viewers != null) {
            viewers.close();
        }
        hub.close();
        gateway.close();
        events.shutdown();
        try {
            if (!events.awaitTermination(5, TimeUnit.SECONDS)) {
                log.warn("not every closed display was noted");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Events implements ViewerListener {
        @Override
        public void connected(Viewer viewer) {
            Pending waiting = pending.remove(UUID.fromString(viewer.grant().sessionId()));
            if (waiting != null) {
                later(() -> opened.accept(waiting.grant()));
            }
        }

        @Override
        public void firstFrameSent(Viewer viewer) {
            UUID connection = UUID.fromString(viewer.grant().sessionId());
            Duration took = viewer.statistics().firstFrame();
            if (took != null) {
                later(() -> firstFrame.accept(connection, took));
            }
        }

        @Override
        public void disconnected(Viewer viewer, CloseReason reason, String detail) {
            UUID connection = UUID.fromString(viewer.grant().sessionId());
            pending.remove(connection);
            later(() -> closed.accept(connection));
        }
    }
}
