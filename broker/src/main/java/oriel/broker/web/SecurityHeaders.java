package oriel.broker.web;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HttpString;
import java.util.Map;

/** Headers that every answer carries. */
final class SecurityHeaders implements HttpHandler {
    private static final Map<HttpString, String> HEADERS = Map.of(
            new HttpString("Content-Security-Policy"),
            "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
                    + " font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none';"
                    + " base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            new HttpString("X-Content-Type-Options"),
            "nosniff",
            new HttpString("Referrer-Policy"),
            "no-referrer",
            new HttpString("Cross-Origin-Opener-Policy"),
            "same-origin",
            new HttpString("Cross-Origin-Resource-Policy"),
            "same-origin",
            new HttpString("Permissions-Policy"),
            "camera=(), microphone=(), geolocation=(), payment=(), usb=()");

    private final HttpHandler next;

    SecurityHeaders(HttpHandler next) {
        this.next = next;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws Exception {
        HeaderMap headers = exchange.getResponseHeaders();
        HEADERS.forEach(headers::put);
        next.handleRequest(exchange);
    }
}
