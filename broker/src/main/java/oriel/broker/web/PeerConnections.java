package oriel.broker.web;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;

/**
 * Connections to other brokers. A broker that has registered another certificate or address since gets new ones; what is
 * under way on the old ones ends there. Thread-safe.
 */
final class PeerConnections implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PeerConnections.class);
    private static final Duration CONNECT = Duration.ofSeconds(3);
    private static final Duration SOON = Duration.ofSeconds(5);

    private record Line(Peer peer, HttpClient client) {}

    private final Map<String, Line> lines = new ConcurrentHashMap<>();

    /** Where a peer's paths are. */
    static String base(Peer peer) {
        String base = peer.address().toString();
        return base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
    }

    /**
     * Asks a broker.
     *
     * @throws RefusedException {@link Reason#NOT_READY} if it does not answer, {@link Reason#PEER_CERTIFICATE} if it does
     *     not prove who it is; then it has been told nothing
     */
    HttpResponse<InputStream> send(Peer peer, HttpRequest request) throws InterruptedException {
        try {
            return client(peer).send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException e) {
            log.warn("the broker of host {} at {} does not answer: {}", peer.host(), peer.address(), e.toString());
            throw distrusted(e)
                    ? RefusedException.later(Reason.PEER_CERTIFICATE, distrust(peer), SOON)
                    : RefusedException.later(
                            Reason.NOT_READY,
                            "The broker of host \"" + peer.host() + "\" does not answer just now.",
                            SOON);
        }
    }

    /** Finds out whether a broker answers and is who it should be; refusals as for {@link #send}. */
    void greet(Peer peer) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(base(peer) + "/health/live"))
                .timeout(CONNECT)
                .build();
        try (InputStream answer = send(peer, request).body()) {
            // To the end, so that the connection can be used again.
            answer.transferTo(java.io.OutputStream.nullOutputStream());
        } catch (IOException e) {
            log.debug("{} said half a word: {}", peer.address(), e.toString());
        }
    }

    private static boolean distrusted(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                return true;
            }
        }
        return false;
    }

    private static String distrust(Peer peer) {
        String shown = peer.certificate() == null
                ? "a certificate that nobody vouches for"
                : "another certificate than it has registered";
        return "What answers at " + peer.address() + " in the name of the broker of host \"" + peer.host() + "\" shows "
                + shown
                + ", so nothing was sent to it. If the certificate has just been renewed, this ends by itself in a"
                + " few seconds. Otherwise an administrator sets \"broker.address\" of that broker to where it answers"
                + " itself, with no proxy between.";
    }

    private HttpClient client(Peer peer) {
        return lines.compute(peer.host(), (_, known) -> {
                    if (known != null && known.peer().equals(peer)) {
                        return known;
                    }
                    if (known != null) {
                        known.client().shutdown();
                    }
                    return new Line(peer, connect(peer));
                })
                .client();
    }

    private static HttpClient connect(Peer peer) {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT)
                .followRedirects(HttpClient.Redirect.NEVER);
        return peer.certificate() == null
                ? builder.build()
                : builder.sslContext(PinnedTls.context(peer.certificate())).build();
    }

    @Override
    public void close() {
        lines.values().forEach(line -> line.client().shutdownNow());
    }
}
