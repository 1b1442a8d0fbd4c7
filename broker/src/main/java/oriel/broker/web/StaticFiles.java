package oriel.broker.web;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The web client's files, from the class path. Addresses that name no file are pages of the client: they get its
 * {@code index.html}. Files are kept in memory once asked for; there are as many as the build has.
 */
final class StaticFiles implements HttpHandler {
    private static final String ROOT = "/oriel/webclient";
    private static final Pattern FILE =
            Pattern.compile("(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/[A-Za-z0-9_-][A-Za-z0-9_-]*(\\.[A-Za-z0-9_-]+)+");
    private static final int WORTH_COMPRESSING = 1024;
    private static final HttpString ALLOW = new HttpString("Allow");
    private static final String MISSING = """
            <!doctype html><html lang="en"><title>Oriel</title>
            <p>This build of Oriel has no web client. The API is at /api/v1, described by /api/v1/openapi.yaml.</p>
            """;

    private static final Map<String, String> TYPES = Map.ofEntries(
            Map.entry("html", "text/html; charset=utf-8"),
            Map.entry("js", "text/javascript; charset=utf-8"),
            Map.entry("mjs", "text/javascript; charset=utf-8"),
            Map.entry("css", "text/css; charset=utf-8"),
            Map.entry("json", "application/json"),
            Map.entry("webmanifest", "application/manifest+json"),
            Map.entry("map", "application/json"),
            Map.entry("svg", "image/svg+xml"),
            Map.entry("png", "image/png"),
            Map.entry("jpg", "image/jpeg"),
            Map.entry("ico", "image/vnd.microsoft.icon"),
            Map.entry("woff", "font/woff"),
            Map.entry("woff2", "font/woff2"),
            Map.entry("ttf", "font/ttf"),
            Map.entry("wasm", "application/wasm"),
            Map.entry("txt", "text/plain; charset=utf-8"));

    private final Map<String, Entry> entries = new ConcurrentHashMap<>();

    @SuppressWarnings("ArrayRecordComponent") // bytes, shared and never compared
    private record Entry(byte[] plain, byte @Nullable [] compressed, String etag, String type) {}

    @Override
    public void handleRequest(HttpServerExchange exchange) throws IOException {
        if (!exchange.getRequestMethod().equals(Methods.GET)
                && !exchange.getRequestMethod().equals(Methods.HEAD)) {
            exchange.setStatusCode(405);
            exchange.getResponseHeaders().put(ALLOW, "GET, HEAD");
            exchange.endExchange();
            return;
        }
        String path = exchange.getRequestPath();
        boolean file = FILE.matcher(path).matches();
        Optional<Entry> found = file ? entry(path) : Optional.empty();
        if (found.isEmpty() && file) {
            exchange.setStatusCode(404);
            exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain; charset=utf-8");
            exchange.getResponseSender().send("There is no such file.\n");
            return;
        }
        Optional<Entry> entry = found.isPresent() ? found : entry("/index.html");
        if (entry.isEmpty()) {
            exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/html; charset=utf-8");
            exchange.getResponseSender().send(MISSING);
            return;
        }
        send(exchange, entry.get(), path.startsWith("/assets/"));
    }

    private static void send(HttpServerExchange exchange, Entry entry, boolean hashed) {
        HeaderMap headers = exchange.getResponseHeaders();
        headers.put(Headers.ETAG, entry.etag());
        headers.put(Headers.VARY, "Accept-Encoding");
        // Names in assets/ contain a hash of the content; everything else must be asked for again.
        headers.put(Headers.CACHE_CONTROL, hashed ? "public, max-age=31536000, immutable" : "no-cache");
        String known = exchange.getRequestHeaders().getFirst(Headers.IF_NONE_MATCH);
        if (known != null && known.contains(entry.etag())) {
            exchange.setStatusCode(304);
            exchange.endExchange();
            return;
        }
        headers.put(Headers.CONTENT_TYPE, entry.type());
        String accepted = exchange.getRequestHeaders().getFirst(Headers.ACCEPT_ENCODING);
        byte[] body = entry.plain();
        if (entry.compressed() != null && accepted != null && accepted.contains("gzip")) {
            headers.put(Headers.CONTENT_ENCODING, "gzip");
            body = entry.compressed();
        }
        exchange.getResponseSender().send(ByteBuffer.wrap(body));
    }

    private Optional<Entry> entry(String path) throws IOException {
        Entry known = entries.get(path);
        if (known != null) {
            return Optional.of(known);
        }
        try (InputStream in = StaticFiles.class.getResourceAsStream(ROOT + path)) {
            if (in == null) {
                return Optional.empty();
            }
            byte[] plain = in.readAllBytes();
            String type = TYPES.getOrDefault(path.substring(path.lastIndexOf('.') + 1), "application/octet-stream");
            Entry entry = new Entry(plain, compressed(plain, type), etag(plain), type);
            entries.put(path, entry);
            return Optional.of(entry);
        }
    }

    private static byte @Nullable [] compressed(byte[] plain, String type) throws IOException {
        boolean text =
                type.startsWith("text/") || type.contains("json") || type.contains("svg") || type.contains("wasm");
        if (!text || plain.length < WORTH_COMPRESSING) {
            return null;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(plain);
        }
        return out.toByteArray();
    }

    private static String etag(byte[] bytes) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
            return "\""
                    + Base64.getUrlEncoder()
                            .withoutPadding()
                            .encodeToString(hash)
                            .substring(0, 16) + "\"";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The contract of the API, as text. */
    static String contract() {
        try (InputStream in = StaticFiles.class.getResourceAsStream("/oriel/broker/openapi.yaml")) {
            if (in == null) {
                throw new IllegalStateException("the API's contract is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
