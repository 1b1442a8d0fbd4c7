package oriel.broker.web;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Deque;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;

/** A request of the API. For the thread that handles it. */
public final class Request {
    private static final int DEFAULT_LIMIT = 50;
    private static final int MOST_LIMIT = 200;

    private final HttpServerExchange exchange;
    private final Json json;
    private final Map<String, String> path;
    private final byte[] body;
    private final String address;
    private final URI origin;
    private final @Nullable Caller caller;

    Request(
            HttpServerExchange exchange,
            Json json,
            Map<String, String> path,
            byte[] body,
            String address,
            URI origin,
            @Nullable Caller caller) {
        this.exchange = exchange;
        this.json = json;
        this.path = Map.copyOf(path);
        this.body = body;
        this.address = address;
        this.origin = origin;
        this.caller = caller;
    }

    /**
     * Who asks.
     *
     * @throws RefusedException {@link Reason#NOT_SIGNED_IN}; not on routes that need a sign-in
     */
    public Caller caller() {
        if (caller == null) {
            throw new RefusedException(Reason.NOT_SIGNED_IN, "Sign in first.");
        }
        return caller;
    }

    /** Where the request comes from. */
    public String address() {
        return address;
    }

    /** Whether the client speaks TLS, to us or to a proxy of ours. */
    public boolean secure() {
        return "https".equals(origin.getScheme());
    }

    /** A parameter of the path. */
    public String path(String name) {
        String value = path.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the route has no parameter " + name);
        }
        return value;
    }

    /** A parameter of the path that is a key; a text that is none names nothing. */
    public UUID pathId(String name) {
        try {
            return UUID.fromString(path(name));
        } catch (IllegalArgumentException e) {
            throw RefusedException.notFound(name.replace("Id", "") + " \"" + path(name) + "\"");
        }
    }

    /** A parameter of the query, or what stands for its absence. */
    public String query(String name, String otherwise) {
        Deque<String> values = exchange.getQueryParameters().get(name);
        String value = values == null ? null : values.peekFirst();
        return value == null ? otherwise : value;
    }

    /** A parameter of the query that is one of an enumeration's names. */
    public <E extends Enum<E>> @Nullable E query(String name, Class<E> type) {
        String value = query(name, "");
        if (value.isEmpty()) {
            return null;
        }
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equals(value)) {
                return constant;
            }
        }
        throw RefusedException.field(name, "is none of the known values");
    }

    /** A moment of the query, as ISO 8601 says it. */
    public @Nullable Instant time(String name) {
        String value = query(name, "");
        if (value.isEmpty()) {
            return null;
        }
        try {
            return Instant.parse(value);
        } catch (DateTimeParseException e) {
            throw RefusedException.field(name, "is no time like 2026-01-31T12:00:00Z");
        }
    }

    /** How many items a page has. */
    public int limit() {
        return query("limit", DEFAULT_LIMIT, 1, MOST_LIMIT);
    }

    /** Key of the last item of the page before; empty for the first page. */
    public String after() {
        String cursor = query("cursor", "");
        return cursor.isEmpty() ? "" : Page.decode(cursor);
    }

    /** Position of the last item of the page before, in a list by time. */
    public Page.Position before() {
        String key = after();
        return key.isEmpty() ? Page.Position.START : Page.Position.parse(key);
    }

    /** The ETag that the caller has seen, if it says so. */
    public @Nullable String ifMatch() {
        HeaderValues values = exchange.getRequestHeaders().get(Headers.IF_MATCH);
        String value = values == null ? null : values.getFirst();
        return value == null || value.equals("*") ? null : value;
    }

    /** The ETag that the caller has a copy of, if it says so. */
    public @Nullable String ifNoneMatch() {
        HeaderValues values = exchange.getRequestHeaders().get(Headers.IF_NONE_MATCH);
        return values == null ? null : values.getFirst();
    }

    /** A number of the query. */
    public int query(String name, int otherwise, int least, int most) {
        String value = query(name, "");
        if (value.isEmpty()) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The same answer as for a number out of range.
        }
        throw RefusedException.field(name, "must be between " + least + " and " + most);
    }

    /** The body. */
    public <T> T body(Class<T> type) {
        if (body.length == 0) {
            throw RefusedException.field("body", "is missing");
        }
        return json.read(body, type);
    }

    /** Whether there is a body. */
    public boolean hasBody() {
        return body.length > 0;
    }

    /**
     * A field of a form.
     *
     * @throws RefusedException {@link Reason#BAD_REQUEST} if it is missing
     */
    public String form(String name) {
        for (String pair : new String(body, StandardCharsets.UTF_8).split("&", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0 && decoded(pair.substring(0, equals)).equals(name)) {
                return decoded(pair.substring(equals + 1));
            }
        }
        throw RefusedException.field(name, "is missing");
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw RefusedException.field("body", "is no form");
        }
    }

    /** What the client calls itself, if it does. */
    public @Nullable String userAgent() {
        return exchange.getRequestHeaders().getFirst(Headers.USER_AGENT);
    }

    /** Scheme, host and port as the browser sees them. */
    public URI origin() {
        return origin;
    }

    /** A cookie. */
    public @Nullable String cookie(String name) {
        io.undertow.server.handlers.Cookie cookie = exchange.getRequestCookie(name);
        return cookie == null ? null : cookie.getValue();
    }
}
