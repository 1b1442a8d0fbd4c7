package oriel.broker.web;

import io.undertow.util.HeaderMap;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;

/**
 * Passes requests on to the broker that has the machine, as they came: with the caller's own cookie or token, which hold
 * there too, so that the other broker decides about rights itself. All that one broker tells another is where the
 * caller is, and it proves that it is a broker of the same installation. Thread-safe.
 */
final class PeerCalls {
    private static final Logger log = LoggerFactory.getLogger(PeerCalls.class);
    private static final HttpString PASSED_ON = new HttpString("X-Oriel-Passed-On");
    /** Until the answer begins. */
    private static final Duration ANSWER = Duration.ofSeconds(15);
    /** A proof is good for so long before and after it was made: brokers' clocks differ. */
    private static final Duration PROOF_HOLDS = Duration.ofMinutes(2);

    private static final int MOST_WHOLE = 4 << 20;
    /** Of the request: what its sender is, wants and has. A browser's origin was checked here. */
    private static final List<String> ON =
            List.of("Cookie", "Authorization", "Accept", "Content-Type", "If-None-Match", "X-Oriel-Request", "Range");

    private static final List<String> BACK =
            List.of("ETag", "Cache-Control", "X-Accel-Buffering", "Retry-After", "Content-Range", "Accept-Ranges");

    private final Elsewhere elsewhere;
    private final Clock clock;
    private final PeerConnections connections;

    PeerCalls(Elsewhere elsewhere, PeerConnections connections, Clock clock) {
        this.elsewhere = elsewhere;
        this.connections = connections;
        this.clock = clock;
    }

    /** The address of the caller of a request that another broker has passed on; empty if none has. */
    Optional<String> passedOn(String method, String target, HeaderMap headers) {
        String header = headers.getFirst(PASSED_ON);
        if (header == null) {
            return Optional.empty();
        }
        String[] parts = header.split(";", -1);
        try {
            if (parts.length == 3) {
                String proof = elsewhere.proof(signed(method, target, parts[0], parts[1]));
                Instant made = Instant.ofEpochMilli(Long.parseLong(parts[0]));
                if (!proof.isEmpty()
                        && Duration.between(made, clock.instant()).abs().compareTo(PROOF_HOLDS) < 0
                        && MessageDigest.isEqual(
                                proof.getBytes(StandardCharsets.US_ASCII), parts[2].getBytes(StandardCharsets.UTF_8))) {
                    return Optional.of(parts[1]);
                }
            }
        } catch (NumberFormatException e) {
            // The same answer as for another forgery.
        }
        log.warn(
                "a request says that another broker has passed it on, and can't prove it: secret.key or clocks differ");
        return Optional.empty();
    }

    private static String signed(String method, String target, String millis, String address) {
        return method + " " + target + " " + millis + " " + address;
    }

    /**
     * Lets another broker answer.
     *
     * @param target path and query
     * @param address where the caller is
     */
    Response pass(Peer peer, String method, String target, HeaderMap headers, byte[] body, String address)
            throws InterruptedException {
        if (!target.startsWith("/")) {
            throw new RefusedException(Reason.BAD_REQUEST, "A request names a path of this server.");
        }
        String millis = Long.toString(clock.millis());
        String caller = address.replace(';', '_');
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(PeerConnections.base(peer) + target))
                .timeout(ANSWER)
                .method(method, body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body))
                .header(
                        PASSED_ON.toString(),
                        millis + ";" + caller + ";" + elsewhere.proof(signed(method, target, millis, caller)));
        for (String name : ON) {
            String value = headers.getFirst(name);
            if (value != null) {
                request.header(name, value);
            }
        }
        try {
            return answer(connections.send(peer, request.build()));
        } catch (IOException e) {
            log.warn("the broker of host {} did not end its answer: {}", peer.host(), e.toString());
            throw RefusedException.later(
                    Reason.NOT_READY,
                    "The broker of host \"" + peer.host() + "\" did not end its answer. Try again.",
                    Duration.ofSeconds(5));
        }
    }

    private static Response answer(HttpResponse<InputStream> response) throws IOException {
        InputStream in = response.body();
        String type = response.headers().firstValue("Content-Type").orElse("application/octet-stream");
        long length = response.headers().firstValueAsLong("Content-Length").orElse(-1);
        Response answer;
        if (length == 0 || response.statusCode() == 204 || response.statusCode() == 304) {
            in.close();
            answer = new Response(response.statusCode(), null, Map.of());
        } else if (length > 0 && length <= MOST_WHOLE) {
            try (in) {
                answer = new Response(
                        response.statusCode(), new Response.Bytes(type, in.readNBytes((int) length)), Map.of());
            }
        } else {
            answer = new Response(
                    response.statusCode(),
                    new Response.Stream(type, out -> {
                        try (in) {
                            byte[] buffer = new byte[16 * 1024];
                            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                                out.write(buffer, 0, read);
                                out.flush();
                            }
                        }
                    }),
                    Map.of());
        }
        for (String name : BACK) {
            Optional<String> value = response.headers().firstValue(name);
            if (value.isPresent()) {
                answer = answer.with(name, value.get());
            }
        }
        return answer;
    }

    /** Where a request goes, as both brokers see it. */
    static String target(String path, String query) {
        return query.isEmpty() ? path : path + "?" + query;
    }
}
