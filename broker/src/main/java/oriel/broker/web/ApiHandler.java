package oriel.broker.web;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.RequestTooBigException;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import oriel.broker.access.Caller;
import oriel.broker.access.Right;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.StoreUnavailableException;

/**
 * The API. Every request passes here, in this order: route, cross-site check, sign-in, right, body, handler. Nothing
 * else decides about rights.
 */
final class ApiHandler implements HttpHandler {
    private static final Logger log = LoggerFactory.getLogger(ApiHandler.class);
    private static final HttpString REQUEST_HEADER = new HttpString("X-Oriel-Request");
    private static final HttpString ORIGIN = new HttpString("Origin");
    private static final HttpString FORWARDED_PROTO = new HttpString("X-Forwarded-Proto");
    private static final HttpString FORWARDED_FOR = new HttpString("X-Forwarded-For");
    private static final HttpString TRACE = new HttpString("X-Trace-Id");
    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");
    private static final String JSON = "application/json";
    private static final String FORM = "application/x-www-form-urlencoded";
    private static final String BEARER = "Bearer ";
    private static final HttpString IDEMPOTENCY_KEY = new HttpString("Idempotency-Key");
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9-]{8,64}");
    private static final int MOST_BODY = 1 << 20;
    /** A body that is too large is still read, up to here: a client that is cut off while it sends sees no answer. */
    static final long MOST_DRAINED = 32L << 20;

    private final List<Route> routes;
    private final Authenticator authenticator;
    private final Json json;
    private final boolean behindProxy;
    private final Repeats repeats;
    private final RequestListener answered;
    private final Elsewhere elsewhere;
    private final PeerCalls peers;
    private final SecureRandom random = new SecureRandom();

    ApiHandler(
            List<Route> routes,
            Authenticator authenticator,
            Json json,
            boolean behindProxy,
            Repeats repeats,
            RequestListener answered,
            Elsewhere elsewhere,
            PeerCalls peers) {
        this.routes = List.copyOf(routes);
        this.authenticator = authenticator;
        this.json = json;
        this.behindProxy = behindProxy;
        this.repeats = repeats;
        this.answered = answered;
        this.elsewhere = elsewhere;
        this.peers = peers;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) {
        long begun = System.nanoTime();
        String trace = trace();
        MDC.put("trace", trace);
        try {
            handle(exchange, trace);
        } finally {
            MDC.remove("trace");
            // A stream lasts as long as its page is open: that is no time to answer.
            if (!exchange.getRequestPath().endsWith("/events")) {
                answered.answered(
                        exchange.getRequestMethod().toString(), exchange.getStatusCode(), System.nanoTime() - begun);
            }
        }
    }

    private void handle(HttpServerExchange exchange, String trace) {
        exchange.getResponseHeaders().put(TRACE, trace);
        try {
            send(exchange, answer(exchange));
        } catch (RefusedException e) {
            refuse(exchange, e, trace);
        } catch (StoreUnavailableException e) {
            log.warn("[{}] {} {}: {}", trace, exchange.getRequestMethod(), exchange.getRequestPath(), e.getMessage());
            refuse(
                    exchange,
                    RefusedException.later(
                            Reason.DATABASE_DOWN,
                            "The database does not answer. Try again in a moment; open desktops go on.",
                            java.time.Duration.ofSeconds(4)),
                    trace);
        } catch (RequestTooBigException e) {
            refuse(exchange, tooLarge(), trace);
        } catch (IOException e) {
            log.debug("[{}] the client is gone: {}", trace, e.getMessage());
            exchange.endExchange();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            exchange.endExchange();
        } catch (RuntimeException e) {
            log.error("[{}] {} {} hit a defect", trace, exchange.getRequestMethod(), exchange.getRequestPath(), e);
            refuse(
                    exchange,
                    new RefusedException(
                            Reason.INTERNAL,
                            "Something went wrong on the server. Its log has more under the trace id " + trace + "."),
                    trace);
        }
    }

    private Response answer(HttpServerExchange exchange) throws IOException, InterruptedException {
        String method = exchange.getRequestMethod().toString();
        Match match = match(method, exchange.getRequestPath());
        Route route = match.route();
        String token = token(exchange);
        boolean notice = route.access() instanceof Access.Notice;
        if (!SAFE.contains(method) && token == null && !notice) {
            sameSite(exchange);
        }
        String target = PeerCalls.target(exchange.getRequestURI(), exchange.getQueryString());
        Optional<String> passedOn = peers.passedOn(method, target, exchange.getRequestHeaders());
        String address = passedOn.orElseGet(() -> address(exchange));
        Caller caller = route.access() instanceof Access.Public || notice ? null : caller(exchange, token, address);
        Request bodiless = request(exchange, match, new byte[0], address, caller);
        allow(route, bodiless);
        byte[] body = SAFE.contains(method) ? new byte[0] : body(exchange, notice ? FORM : JSON);
        Request request = request(exchange, match, body, address, caller);
        // What was passed on is answered here, whatever this broker believes: two must not play ball.
        Optional<Peer> peer = passedOn.isPresent() ? Optional.empty() : elsewhere(route, request);
        if (peer.isPresent()) {
            return peers.pass(peer.get(), method, target, exchange.getRequestHeaders(), body, address);
        }
        String key = exchange.getRequestHeaders().getFirst(IDEMPOTENCY_KEY);
        return key == null || caller == null || !method.equals("POST") || keepsSecrets(route)
                ? route.handler().handle(request)
                : once(route, request, caller, key, exchange.getRequestPath(), body);
    }

    private Optional<Peer> elsewhere(Route route, Request request) {
        Function<Request, String> machine = route.machine();
        return machine == null ? Optional.empty() : elsewhere.ofMachine(machine.apply(request));
    }

    /** Answers with passwords, tokens or tickets are not to be written down. */
    private static boolean keepsSecrets(Route route) {
        String path = route.path();
        return path.contains("/users")
                || path.contains("/me")
                || path.contains("token")
                || path.endsWith("/ticket")
                || path.endsWith("/connect")
                || path.endsWith("/logout");
    }

    private Response once(Route route, Request request, Caller caller, String key, String path, byte[] body) {
        if (!KEY.matcher(key).matches()) {
            throw RefusedException.field("Idempotency-Key", "must have 8 to 64 letters, digits or dashes");
        }
        String full = hash((caller.userId() + " " + path + " " + key).getBytes(StandardCharsets.UTF_8));
        Optional<Repeats.Answer> known = repeats.begin(full, hash(body));
        if (known.isPresent()) {
            Repeats.Answer answer = known.get();
            Object text = answer.json().isEmpty() ? null : new Response.Text("application/json", answer.json());
            return new Response(answer.status(), text, Map.of("Idempotency-Replayed", "true"));
        }
        boolean done = false;
        try {
            Response response = route.handler().handle(request);
            Object answer = response.body();
            repeats.answered(full, new Repeats.Answer(response.status(), answer == null ? "" : json.text(answer)));
            done = true;
            return response;
        } finally {
            if (!done) {
                repeats.forget(full);
            }
        }
    }

    private static String hash(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** What a program shows (RFC 6750 §2.1). A page of another site cannot send it, so it needs no other proof. */
    private static @Nullable String token(HttpServerExchange exchange) {
        String header = exchange.getRequestHeaders().getFirst(Headers.AUTHORIZATION);
        return header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length())
                ? header.substring(BEARER.length()).strip()
                : null;
    }

    private Caller caller(HttpServerExchange exchange, @Nullable String token, String address) {
        if (token != null) {
            return authenticator
                    .program(token, address)
                    .orElseThrow(() -> new RefusedException(
                            Reason.NOT_SIGNED_IN, "The token is unknown, deleted or expired. Make another one."));
        }
        io.undertow.server.handlers.Cookie cookie = exchange.getRequestCookie(Authenticator.COOKIE);
        return authenticator
                .caller(cookie == null ? null : cookie.getValue(), address)
                .orElseThrow(
                        () -> new RefusedException(Reason.NOT_SIGNED_IN, "Your sign-in has ended. Sign in again."));
    }

    private record Match(Route route, Map<String, String> parameters) {}

    private Match match(String method, String path) {
        List<String> asked = Route.segments(path);
        List<String> others = new ArrayList<>();
        for (Route route : routes) {
            Optional<Map<String, String>> parameters = parameters(route.segments(), asked);
            if (parameters.isPresent()) {
                if (route.method().equals(method)) {
                    return new Match(route, parameters.get());
                }
                others.add(route.method());
            }
        }
        if (others.isEmpty()) {
            throw new RefusedException(Reason.NOT_FOUND, "There is nothing at this address.");
        }
        throw new RefusedException(
                Reason.METHOD_NOT_ALLOWED, "This address takes " + String.join(", ", others) + " only.");
    }

    private static Optional<Map<String, String>> parameters(List<String> wanted, List<String> asked) {
        if (wanted.size() != asked.size()) {
            return Optional.empty();
        }
        Map<String, String> parameters = new HashMap<>();
        for (int i = 0; i < wanted.size(); i++) {
            String segment = wanted.get(i);
            if (segment.startsWith("{")) {
                if (asked.get(i).isEmpty()) {
                    return Optional.empty();
                }
                parameters.put(segment.substring(1, segment.length() - 1), asked.get(i));
            } else if (!segment.equals(asked.get(i))) {
                return Optional.empty();
            }
        }
        return Optional.of(parameters);
    }

    /** The one place where rights are enforced. */
    private static void allow(Route route, Request request) {
        switch (route.access()) {
            case Access.Public ignored -> {}
            case Access.Notice ignored -> {}
            case Access.Self ignored -> request.caller();
            case Access.Needs needs -> {
                if (!request.caller().mayAnywhere(needs.right())) {
                    throw forbidden();
                }
                if (!reaches(needs.right(), needs.where(), request)) {
                    throw needs.where() instanceof Access.Where.Everything ? forbidden() : nothing();
                }
            }
            case Access.NeedsOrOwns needs -> {
                Right right = needs.right();
                if (right != null && reaches(right, needs.where(), request)) {
                    return;
                }
                if (!request.caller().may(needs.ownerRight())) {
                    throw forbidden();
                }
                UUID user = request.caller().userId();
                if (needs.owner().apply(request).filter(user::equals).isEmpty()) {
                    throw nothing();
                }
            }
        }
    }

    private static boolean reaches(Right right, Access.Where where, Request request) {
        Caller caller = request.caller();
        if (caller.may(right)) {
            return true;
        }
        return switch (where) {
            case Access.Where.Everything ignored -> false;
            case Access.Where.Anywhere ignored -> caller.mayAnywhere(right);
            case Access.Where.At at ->
                caller.mayAnywhere(right)
                        && at.place()
                                .apply(request)
                                .filter(place -> caller.may(right, place))
                                .isPresent();
        };
    }

    /** What a caller may not know of looks as if it were not there. */
    private static RefusedException nothing() {
        return new RefusedException(Reason.NOT_FOUND, "There is nothing at this address.");
    }

    private static RefusedException forbidden() {
        return new RefusedException(Reason.FORBIDDEN, "Your role does not allow this. Ask an administrator.");
    }

    /**
     * A form or an image of another site cannot set a header, and a script of another site may not without our consent
     * (which we give nobody). SameSite cookies would do for modern browsers; this holds for all.
     */
    private void sameSite(HttpServerExchange exchange) {
        HeaderMap headers = exchange.getRequestHeaders();
        if (!headers.contains(REQUEST_HEADER)) {
            throw new RefusedException(Reason.CROSS_SITE_REQUEST, "The request needs the header X-Oriel-Request: 1.");
        }
        String origin = headers.getFirst(ORIGIN);
        if (origin != null && !isOwn(origin, headers, behindProxy)) {
            throw new RefusedException(Reason.CROSS_SITE_REQUEST, "The request comes from a page of another site.");
        }
    }

    /**
     * Whether an origin is this server.
     *
     * @param behindProxy whether {@code X-Forwarded-Host} is a proxy's of ours, and not whatever a client has written
     */
    static boolean isOwn(String origin, HeaderMap headers, boolean behindProxy) {
        String asked = behindProxy && headers.contains(Headers.X_FORWARDED_HOST)
                ? headers.getFirst(Headers.X_FORWARDED_HOST)
                : headers.getFirst(Headers.HOST);
        try {
            String authority = URI.create(origin).getRawAuthority();
            return authority != null && asked != null && authority.equalsIgnoreCase(asked.strip());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static byte[] body(HttpServerExchange exchange, String wanted) throws IOException {
        long length = exchange.getRequestContentLength();
        if (length == 0) {
            return new byte[0];
        }
        exchange.startBlocking();
        InputStream in = exchange.getInputStream();
        byte[] body = in.readNBytes(MOST_BODY + 1);
        if (body.length > MOST_BODY) {
            drain(in);
            throw tooLarge();
        }
        if (body.length > 0) {
            String type = exchange.getRequestHeaders().getFirst(Headers.CONTENT_TYPE);
            if (type == null || !type.toLowerCase(Locale.ROOT).startsWith(wanted)) {
                throw new RefusedException(
                        Reason.UNSUPPORTED_MEDIA_TYPE, "Send the body with Content-Type: " + wanted + ".");
            }
        }
        return body;
    }

    private static RefusedException tooLarge() {
        return new RefusedException(Reason.BODY_TOO_LARGE, "A request may have " + (MOST_BODY >> 20) + " MiB at most.");
    }

    private static void drain(InputStream in) throws IOException {
        byte[] buffer = new byte[16 * 1024];
        long drained = 0;
        for (int read = 0; read >= 0 && drained < MOST_DRAINED; drained += read) {
            read = in.read(buffer);
        }
    }

    /** Addresses and schemes that a client claims count only where a proxy of ours has written them. */
    private String address(HttpServerExchange exchange) {
        InetSocketAddress source = exchange.getSourceAddress();
        String direct = source.getAddress() == null
                ? source.getHostString()
                : source.getAddress().getHostAddress();
        String forwarded = behindProxy ? exchange.getRequestHeaders().getLast(FORWARDED_FOR) : null;
        if (forwarded == null) {
            return direct;
        }
        String last = forwarded.substring(forwarded.lastIndexOf(',') + 1).strip();
        return last.length() > 64 ? direct : last;
    }

    private boolean secure(HttpServerExchange exchange) {
        return "https".equals(exchange.getRequestScheme())
                || (behindProxy
                        && "https".equalsIgnoreCase(exchange.getRequestHeaders().getFirst(FORWARDED_PROTO)));
    }

    /** Host and port as the browser sees them. */
    private String authority(HttpServerExchange exchange) {
        String host = behindProxy ? exchange.getRequestHeaders().getFirst(Headers.X_FORWARDED_HOST) : null;
        return host == null ? exchange.getHostAndPort() : host;
    }

    private Request request(
            HttpServerExchange exchange, Match match, byte[] body, String address, @Nullable Caller caller) {
        URI origin;
        try {
            origin = URI.create((secure(exchange) ? "https://" : "http://") + authority(exchange));
        } catch (IllegalArgumentException e) {
            throw new RefusedException(Reason.BAD_REQUEST, "The Host header is not one.");
        }
        return new Request(exchange, json, match.parameters(), body, address, origin, caller);
    }

    private void send(HttpServerExchange exchange, Response response) throws IOException, InterruptedException {
        exchange.setStatusCode(response.status());
        HeaderMap headers = exchange.getResponseHeaders();
        headers.put(Headers.CACHE_CONTROL, "no-store");
        response.headers().forEach((name, value) -> headers.put(new HttpString(name), value));
        Object body = response.body();
        switch (body) {
            case null -> exchange.endExchange();
            case Response.Text text -> {
                headers.put(Headers.CONTENT_TYPE, text.contentType());
                exchange.getResponseSender().send(ByteBuffer.wrap(text.text().getBytes(StandardCharsets.UTF_8)));
            }
            case Response.Bytes bytes -> {
                headers.put(Headers.CONTENT_TYPE, bytes.contentType());
                exchange.getResponseSender().send(ByteBuffer.wrap(bytes.bytes()));
            }
            case Response.Stream stream -> {
                headers.put(Headers.CONTENT_TYPE, stream.contentType());
                exchange.startBlocking();
                OutputStream out = exchange.getOutputStream();
                stream.writer().write(out);
                exchange.endExchange();
            }
            default -> {
                headers.put(Headers.CONTENT_TYPE, "application/json");
                exchange.getResponseSender().send(ByteBuffer.wrap(json.write(body)));
            }
        }
    }

    private void refuse(HttpServerExchange exchange, RefusedException refused, String trace) {
        if (exchange.isResponseStarted()) {
            exchange.endExchange();
            return;
        }
        Problem problem = Problem.of(refused, trace);
        exchange.setStatusCode(problem.status());
        HeaderMap headers = exchange.getResponseHeaders();
        headers.put(Headers.CONTENT_TYPE, "application/problem+json");
        headers.put(Headers.CACHE_CONTROL, "no-store");
        if (problem.retryAfterSeconds() != null) {
            headers.put(Headers.RETRY_AFTER, Long.toString(problem.retryAfterSeconds()));
        }
        exchange.getResponseSender().send(ByteBuffer.wrap(json.write(problem)));
    }

    private String trace() {
        byte[] bytes = new byte[8];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
