package oriel.broker.web;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import io.undertow.server.handlers.GracefulShutdownHandler;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The broker's one port: the API, the web client, and the way to the display daemon. Requests are handled on virtual
 * threads; Undertow's I/O threads never block.
 */
public final class WebServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WebServer.class);
    static final int IO_THREADS = 2;
    private static final int WORKER_THREADS = 4;
    private static final int PARSE_TIMEOUT_MILLIS = 10_000;
    private static final int IDLE_MILLIS = 120_000;
    private static final int MOST_HEADER_BYTES = 32 * 1024;
    private static final long GRACE_MILLIS = 3_000;

    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("http-", 0).factory());
    private final GracefulShutdownHandler graceful;
    private final PeerConnections peers = new PeerConnections();
    private final Undertow undertow;
    private final InetSocketAddress address;

    /**
     * What the server needs.
     *
     * @param listen where to listen; port 0 takes a free one
     * @param displayPort loopback port of the display gateway; 0: none
     * @param behindProxy whether X-Forwarded-For is written by a proxy of ours
     * @param tls null: plain HTTP
     */
    public record Options(
            InetSocketAddress listen,
            int displayPort,
            boolean behindProxy,
            @Nullable Tls tls) {}

    /**
     * Starts to listen.
     *
     * @throws IOException if the port cannot be had; the message says what to do
     */
    public WebServer(
            Options options,
            List<Resource> resources,
            Authenticator authenticator,
            Json json,
            BooleanSupplier ready,
            Repeats repeats,
            RequestListener figures,
            Elsewhere elsewhere,
            Clock clock)
            throws IOException {
        List<Route> routes = new ArrayList<>(ServiceResource.routes(ready));
        resources.forEach(resource -> routes.addAll(resource.routes()));
        PeerCalls calls = new PeerCalls(elsewhere, peers, clock);
        HttpHandler api = onVirtualThread(
                new ApiHandler(routes, authenticator, json, options.behindProxy(), repeats, figures, elsewhere, calls));
        HttpHandler files = onVirtualThread(new StaticFiles());
        HttpHandler displays = options.displayPort() == 0
                ? null
                : new DisplayWay(options.displayPort(), options.behindProxy(), elsewhere, peers, threads);
        graceful = Handlers.gracefulShutdown(new SecurityHeaders(exchange -> {
            String path = exchange.getRequestPath();
            if (path.equals("/api")
                    || path.startsWith("/api/")
                    || path.startsWith("/health/")
                    || path.equals("/metrics")) {
                api.handleRequest(exchange);
            } else if (path.equals("/display") && displays != null) {
                displays.handleRequest(exchange);
            } else {
                files.handleRequest(exchange);
            }
        }));
        InetSocketAddress listen = options.listen();
        Tls tls = options.tls();
        Undertow.Builder builder = Undertow.builder();
        if (tls == null) {
            builder.addHttpListener(listen.getPort(), listen.getHostString());
        } else {
            builder.addHttpsListener(listen.getPort(), listen.getHostString(), tls.context());
        }
        undertow = builder.setIoThreads(IO_THREADS)
                .setWorkerThreads(WORKER_THREADS)
                .setServerOption(UndertowOptions.MAX_HEADER_SIZE, MOST_HEADER_BYTES)
                // Larger ones are cut off; smaller ones that are too large still get an answer, see ApiHandler.
                .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, ApiHandler.MOST_DRAINED)
                .setServerOption(UndertowOptions.MAX_PARAMETERS, 64)
                .setServerOption(UndertowOptions.MAX_HEADERS, 100)
                .setServerOption(UndertowOptions.MAX_COOKIES, 50)
                .setServerOption(UndertowOptions.REQUEST_PARSE_TIMEOUT, PARSE_TIMEOUT_MILLIS)
                .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, IDLE_MILLIS)
                .setServerOption(UndertowOptions.ALWAYS_SET_KEEP_ALIVE, false)
                .setHandler(graceful)
                .build();
        try {
            undertow.start();
        } catch (RuntimeException e) {
            threads.shutdownNow();
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof BindException) {
                    throw new IOException(
                            "Port " + listen.getPort() + " of " + listen.getHostString()
                                    + " is taken or not allowed (" + cause.getMessage()
                                    + "). Stop what uses it, or choose another one with --port.",
                            e);
                }
            }
            throw e;
        }
        address = (InetSocketAddress) undertow.getListenerInfo().getFirst().getAddress();
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return address;
    }

    private HttpHandler onVirtualThread(HttpHandler handler) {
        return exchange -> exchange.dispatch(threads, handler);
    }

    /** Takes no more requests, lets those under way end, then stops. */
    @Override
    public void close() {
        graceful.shutdown();
        try {
            if (!graceful.awaitShutdown(GRACE_MILLIS)) {
                log.debug("requests are still under way");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        peers.close();
        undertow.stop();
        threads.shutdown();
    }

    /** What the service says of itself. */
    private static final class ServiceResource {
        private record Health(String status, @Nullable String detail) {}

        private record About(String product, String version) {}

        static List<Route> routes(BooleanSupplier ready) {
            String version = version();
            return List.of(
                    new Route("GET", "/health/live", new Access.Public(), r -> Response.ok(new Health("UP", null))),
                    new Route(
                            "GET",
                            "/health/ready",
                            new Access.Public(),
                            r -> ready.getAsBoolean()
                                    ? Response.ok(new Health("UP", null))
                                    : new Response(
                                            503,
                                            new Health("DOWN", "the database does not answer"),
                                            java.util.Map.of())),
                    new Route(
                            "GET", "/api/v1/about", new Access.Public(), r -> Response.ok(new About("Oriel", version))),
                    new Route(
                            "GET",
                            "/api/v1/openapi.yaml",
                            new Access.Public(),
                            r -> Response.ok(new Response.Text("application/yaml", StaticFiles.contract()))));
        }

        private static String version() {
            String version = WebServer.class.getPackage().getImplementationVersion();
            return version == null ? "development" : version;
        }

        private ServiceResource() {}
    }
}
