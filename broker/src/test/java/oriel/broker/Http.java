package oriel.broker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A browser of sorts: knows the server and keeps its session cookie. */
final class Http {
    static final JsonMapper JSON = JsonMapper.builder().build();
    static final HttpClient CLIENT = HttpClient.newHttpClient();

    final URI server;
    final HttpClient client;

    @Nullable
    String cookie;

    Http(InetSocketAddress server) {
        this(URI.create("http://127.0.0.1:" + server.getPort()), CLIENT);
    }

    private Http(URI server, HttpClient client) {
        this.server = server;
        this.client = client;
    }

    /** Over TLS, whatever certificate the server shows. */
    static Http encrypted(InetSocketAddress server) throws Exception {
        return new Http(
                URI.create("https://127.0.0.1:" + server.getPort()),
                HttpClient.newBuilder()
                        .sslContext(TestCertificate.trustingAll())
                        .build());
    }

    Http signedIn(String user, String password) {
        HttpResponse<String> response = post("/api/v1/login", Map.of("username", user, "password", password));
        if (response.statusCode() != 200) {
            throw new AssertionError(response.body());
        }
        return withCookie(cookieOf(response));
    }

    Http withCookie(String known) {
        cookie = known;
        return this;
    }

    /** What a sign-in answers with. */
    static String cookieOf(HttpResponse<String> login) {
        return login.headers().firstValue("Set-Cookie").orElseThrow().replaceAll(";.*", "");
    }

    HttpRequest.Builder request(String path) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(server.resolve(path)).timeout(Fixture.PATIENCE);
        return cookie == null ? request : request.header("Cookie", cookie);
    }

    HttpResponse<String> get(String path) {
        return send(client, request(path).GET());
    }

    /** Hands a small file over to a session's desktop. */
    HttpResponse<String> putNote(UUID session) {
        return post(
                "/api/v1/sessions/" + session + "/files",
                Map.of(
                        "id",
                        UUID.randomUUID(),
                        "name",
                        "note.txt",
                        "offset",
                        0,
                        "size",
                        2,
                        "data",
                        Base64.getEncoder().encodeToString(new byte[] {1, 2})));
    }

    HttpResponse<String> post(String path, @Nullable Object body) {
        return call("POST", path, body);
    }

    HttpResponse<String> call(String method, String path, @Nullable Object body) {
        HttpRequest.Builder request = request(path).header("X-Oriel-Request", "1");
        return send(
                client,
                body == null
                        ? request.method(method, BodyPublishers.noBody())
                        : request.header("Content-Type", "application/json")
                                .method(
                                        method,
                                        BodyPublishers.ofString(
                                                body instanceof String text ? text : JSON.writeValueAsString(body))));
    }

    static HttpResponse<String> send(HttpRequest.Builder request) {
        return send(CLIENT, request);
    }

    private static HttpResponse<String> send(HttpClient client, HttpRequest.Builder request) {
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static JsonNode json(HttpResponse<String> response) {
        return JSON.readTree(response.body());
    }

    static String reason(HttpResponse<String> response) {
        // Exports, logs and figures are no JSON documents; refusals always are.
        boolean refusal =
                response.headers().firstValue("Content-Type").orElse("").startsWith("application/problem+json");
        return refusal ? json(response).path("reason").asString("") : "";
    }
}
