package oriel.broker.web;

import io.undertow.protocols.ssl.UndertowXnioSsl;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.proxy.LoadBalancingProxyClient;
import io.undertow.server.handlers.proxy.ProxyHandler;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.net.URI;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.xnio.OptionMap;
import org.xnio.Xnio;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.StoreUnavailableException;

/**
 * The way to displays. The display gateway listens on loopback only; browsers come to it through the broker's port: one
 * origin, one certificate, one firewall rule. The gateway checks tickets; the origin is checked here as well. If the
 * machine runs in another broker's process, the connection goes on to that broker's port, which redeems the ticket.
 */
final class DisplayWay implements HttpHandler {
    private static final int MOST_CONNECTIONS = 4096;
    private static final HttpString PROTOCOLS = new HttpString("Sec-WebSocket-Protocol");
    private static final Pattern TICKET = Pattern.compile("oriel\\.ticket\\.([A-Za-z0-9_-]{16,128})(?:[ ,]|$)");

    private final boolean behindProxy;
    private final Elsewhere elsewhere;
    private final PeerConnections connections;
    private final Executor threads;
    private final HttpHandler gateway;
    private final Map<String, Way> ways = new ConcurrentHashMap<>();

    /** The way to a peer's displays, for as long as it is registered like this. */
    private record Way(Peer peer, HttpHandler handler) {}

    DisplayWay(int port, boolean behindProxy, Elsewhere elsewhere, PeerConnections connections, Executor threads) {
        this.behindProxy = behindProxy;
        this.elsewhere = elsewhere;
        this.connections = connections;
        this.threads = threads;
        this.gateway = to(URI.create("http://127.0.0.1:" + port), null);
    }

    private static HttpHandler to(URI server, @Nullable String certificate) {
        LoadBalancingProxyClient client = new LoadBalancingProxyClient()
                .setConnectionsPerThread(MOST_CONNECTIONS / WebServer.IO_THREADS)
                .setMaxQueueSize(0)
                // One that came back is used at once; whether it is there is found out beforehand.
                .setProblemServerRetry(1);
        if ("http".equals(server.getScheme())) {
            client.addHost(server);
        } else {
            client.addHost(
                    server, null, new UndertowXnioSsl(Xnio.getInstance(), OptionMap.EMPTY, context(certificate)));
        }
        return ProxyHandler.builder()
                .setProxyClient(client)
                .setMaxRequestTime((int) TimeUnit.SECONDS.toMillis(10))
                .build();
    }

    private static SSLContext context(@Nullable String certificate) {
        try {
            return certificate == null ? SSLContext.getDefault() : PinnedTls.context(certificate);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has TLS", e);
        }
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws Exception {
        HeaderMap headers = exchange.getRequestHeaders();
        String from = headers.getFirst(Headers.ORIGIN);
        if (from != null && !ApiHandler.isOwn(from, headers, behindProxy)) {
            plain(exchange, 403, "Displays are for pages of this server.\n");
        } else if (!"websocket".equalsIgnoreCase(headers.getFirst(Headers.UPGRADE))) {
            plain(exchange, 426, "Displays are WebSockets.\n");
        } else if (elsewhere == Elsewhere.NOWHERE) {
            here(exchange);
        } else {
            exchange.dispatch(threads, this::where);
        }
    }

    /** Asks the database, so not on an I/O thread; what it says is done there. */
    private void where(HttpServerExchange exchange) {
        Optional<Peer> peer;
        try {
            peer = ticket(exchange.getRequestHeaders()).flatMap(elsewhere::ofTicket);
            if (peer.isPresent()) {
                // A proxy would only say 503, and nobody would know why.
                connections.greet(peer.get());
            }
        } catch (RefusedException e) {
            plain(exchange, e.reason().status() == 502 ? 502 : 503, e.getMessage() + "\n");
            return;
        } catch (StoreUnavailableException e) {
            plain(exchange, 503, e.getMessage() + "\n");
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            plain(exchange, 503, "The server stops.\n");
            return;
        }
        if (peer.isEmpty()) {
            exchange.dispatch(exchange.getIoThread(), this::here);
        } else {
            // Its origin was checked here; the other broker has another name.
            exchange.getRequestHeaders().remove(Headers.ORIGIN);
            exchange.dispatch(exchange.getIoThread(), way(peer.get()));
        }
    }

    private HttpHandler way(Peer peer) {
        return ways.compute(
                        peer.host(),
                        (_, known) -> known != null && known.peer().equals(peer)
                                ? known
                                : new Way(peer, to(peer.address(), peer.certificate())))
                .handler();
    }

    private void here(HttpServerExchange exchange) throws Exception {
        // Undertow's proxy would give the name without the port, and the gateway compares it with the origin.
        if (!behindProxy || !exchange.getRequestHeaders().contains(Headers.X_FORWARDED_HOST)) {
            exchange.getRequestHeaders().put(Headers.X_FORWARDED_HOST, exchange.getHostAndPort());
        }
        gateway.handleRequest(exchange);
    }

    private static Optional<String> ticket(HeaderMap headers) {
        if (headers.get(PROTOCOLS) == null) {
            return Optional.empty();
        }
        for (String offered : headers.get(PROTOCOLS)) {
            Matcher matcher = TICKET.matcher(offered);
            if (matcher.find()) {
                return Optional.of(matcher.group(1));
            }
        }
        return Optional.empty();
    }

    private static void plain(HttpServerExchange exchange, int status, String text) {
        exchange.setStatusCode(status);
        exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain; charset=utf-8");
        exchange.getResponseSender().send(text);
    }
}
