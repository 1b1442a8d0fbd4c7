package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.session.Desktop.State;
import oriel.broker.session.SessionState;
import tools.jackson.databind.JsonNode;

/** The server as a browser meets it. */
class HttpTest {
    private static Fixture f;
    private static InetSocketAddress address;

    @BeforeAll
    static void start() {
        f = new Fixture(6, 1);
        address = f.listen();
        f.user("boss", Role.ADMIN);
        f.user("helper", Role.HELPDESK);
    }

    @AfterAll
    static void stop() {
        f.close();
    }

    private static Http user(String name) {
        f.user(name);
        return new Http(address).signedIn(name, Fixture.PASSWORD);
    }

    private static Http boss() {
        return new Http(address).signedIn("boss", Fixture.PASSWORD);
    }

    @Test
    void theSessionCookieIsOutOfReachOfScriptsAndOtherSites() {
        f.user("cookie");
        HttpResponse<String> response =
                new Http(address).post("/api/v1/login", Map.of("username", "cookie", "password", Fixture.PASSWORD));
        String cookie = response.headers().firstValue("Set-Cookie").orElseThrow();
        assertThat(cookie).contains("HttpOnly", "SameSite=Strict", "Path=/").doesNotContain("Secure");
        HttpResponse<String> claimed = Http.send(loginBehind(new Http(address), "cookie"));
        assertThat(claimed.headers().firstValue("Set-Cookie").orElseThrow())
                .as("anybody can write that header")
                .doesNotContain("Secure");
    }

    private static java.net.http.HttpRequest.Builder loginBehind(Http http, String user) {
        return http.request("/api/v1/login")
                .header("X-Oriel-Request", "1")
                .header("X-Forwarded-Proto", "https")
                .header("X-Forwarded-Host", "desktops.example")
                .header("Origin", http.server.toString())
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(
                        "{\"username\":\"" + user + "\",\"password\":\"" + Fixture.PASSWORD + "\"}"));
    }

    /** What a proxy says of the browser counts only where the operator has said that there is one. */
    @Test
    void forwardedHeadersCountBehindAProxyOnly() {
        f.user("proxied");
        BrokerConfig behind = f.config.listeningOn("127.0.0.1", 0).behindProxy(true);
        try (Broker proxied =
                Broker.open(behind, new FakeHost(), oriel.broker.identity.TestPasswords.quick(), f.clock)) {
            Http http = new Http(proxied.listen());
            HttpResponse<String> other = Http.send(loginBehind(http, "proxied"));
            assertThat(Http.reason(other)).as("the proxy says another name").isEqualTo("CROSS_SITE_REQUEST");
            HttpResponse<String> own =
                    Http.send(loginBehind(http, "proxied").setHeader("Origin", "https://desktops.example"));
            assertThat(own.headers().firstValue("Set-Cookie").orElseThrow()).contains("; Secure");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        Http direct = new Http(address);
        assertThat(Http.reason(
                        Http.send(loginBehind(direct, "proxied").setHeader("Origin", "https://desktops.example"))))
                .as("a client can't make this server another one's")
                .isEqualTo("CROSS_SITE_REQUEST");
    }

    @Test
    void whoChangesWhatSomebodyElseHasChangedIsTold() {
        Http http = boss();
        for (String path : List.of("/api/v1/machines/demo-6", "/api/v1/images/debian-desktop")) {
            HttpResponse<String> seen = http.get(path);
            String etag = seen.headers().firstValue("ETag").orElseThrow();
            String act = path.contains("machines") ? path + "/maintenance" : path + "/versions/1/deprecate";
            assertThat(conditional(http, act, "\"stale\"").statusCode()).isEqualTo(412);
            HttpResponse<String> done = conditional(http, act, etag);
            assertThat(done.statusCode()).as(done.body()).isEqualTo(200);
            assertThat(done.headers().firstValue("ETag"))
                    .isNotEqualTo(seen.headers().firstValue("ETag"));
            assertThat(Http.reason(conditional(http, act, etag))).isEqualTo("CHANGED");
        }
        http.post("/api/v1/machines/demo-6/maintenance", Map.of("enabled", false));
        http.post("/api/v1/images/debian-desktop/versions/1/publish", "{}");
    }

    private static HttpResponse<String> conditional(Http http, String path, String etag) {
        return Http.send(http.request(path)
                .header("X-Oriel-Request", "1")
                .header("Content-Type", "application/json")
                .header("If-Match", etag)
                .POST(
                        path.endsWith("maintenance")
                                ? BodyPublishers.ofString("{\"enabled\":true}")
                                : BodyPublishers.noBody()));
    }

    @Test
    void signingOutEndsTheSignIn() {
        Http http = user("leaver");
        assertThat(http.get("/api/v1/me").statusCode()).isEqualTo(200);
        assertThat(http.post("/api/v1/logout", null).statusCode()).isEqualTo(204);
        assertThat(Http.reason(http.get("/api/v1/me"))).isEqualTo("NOT_SIGNED_IN");
    }

    @Test
    void wrongPasswordsAndUnknownUsersLookTheSame() {
        f.user("known");
        Http http = new Http(address);
        HttpResponse<String> wrong = http.post("/api/v1/login", Map.of("username", "known", "password", "wrong"));
        HttpResponse<String> unknown = http.post("/api/v1/login", Map.of("username", "unknown", "password", "wrong"));
        assertThat(wrong.statusCode()).isEqualTo(401);
        assertThat(unknown.statusCode()).isEqualTo(401);
        assertThat(withoutTrace(wrong)).isEqualTo(withoutTrace(unknown));
    }

    private static String withoutTrace(HttpResponse<String> response) {
        return response.body().replaceAll("\"traceId\":\"[0-9a-f]+\"", "");
    }

    @Test
    void requestsOfOtherSitesAreRefused() {
        Http http = user("victim");
        HttpResponse<String> noHeader = Http.send(http.request("/api/v1/logout").POST(BodyPublishers.noBody()));
        assertThat(Http.reason(noHeader)).isEqualTo("CROSS_SITE_REQUEST");
        HttpResponse<String> otherOrigin = Http.send(http.request("/api/v1/logout")
                .header("X-Oriel-Request", "1")
                .header("Origin", "https://evil.example")
                .POST(BodyPublishers.noBody()));
        assertThat(Http.reason(otherOrigin)).isEqualTo("CROSS_SITE_REQUEST");
        HttpResponse<String> ownOrigin = Http.send(http.request("/api/v1/desktops/demo/queue")
                .header("X-Oriel-Request", "1")
                .header("Origin", http.server.toString())
                .DELETE());
        assertThat(ownOrigin.statusCode()).isEqualTo(204);
    }

    @Test
    void problemsAreProblemDetails() {
        Http http = boss();
        HttpResponse<String> response = http.get("/api/v1/pools/nothing");
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
        JsonNode problem = Http.json(response);
        assertThat(problem.path("type").asString()).isEqualTo("urn:oriel:problem:not-found");
        assertThat(problem.path("status").asInt()).isEqualTo(404);
        assertThat(problem.path("traceId").asString())
                .isEqualTo(response.headers().firstValue("X-Trace-Id").orElseThrow());
        assertThat(problem.path("detail").asString()).contains("nothing");

        assertThat(http.get("/api/v1/no-such-thing").statusCode()).isEqualTo(404);
        assertThat(http.call("DELETE", "/api/v1/me", null).statusCode()).isEqualTo(405);
    }

    @Test
    void badBodiesAreToldWithTheirField() {
        Http http = boss();
        assertField(http.post("/api/v1/users", "{\"username\":"), "body");
        assertField(http.post("/api/v1/users", "[]"), "body");
        assertField(http.post("/api/v1/users", ""), "body");
        assertField(http.post("/api/v1/users", "{\"username\":\"x\",\"role\":\"king\"}"), "role");
        assertField(http.post("/api/v1/users", "{\"username\":\"x\"}"), "role");
        assertField(http.post("/api/v1/users", "{\"username\":\"X y\",\"role\":\"admin\"}"), "username");
        assertField(http.post("/api/v1/users", "{\"username\":\"x\",\"role\":\"admin\",\"shoe\":42}"), "shoe");
        assertField(
                http.post("/api/v1/pools", "{\"id\":\"p\",\"image\":\"debian-desktop\",\"size\":\"many\"}"), "size");
        assertField(http.post("/api/v1/pools", "{\"id\":\"p\",\"image\":\"debian-desktop\",\"size\":-1}"), "size");
        assertField(http.post("/api/v1/users", "[".repeat(100_000)), "body");
        assertThat(Http.reason(http.get("/api/v1/users?limit=0"))).isEqualTo("BAD_REQUEST");
        assertThat(Http.reason(http.get("/api/v1/sessions?cursor=rubbish"))).isEqualTo("BAD_REQUEST");
        HttpResponse<String> noJson = Http.send(http.request("/api/v1/users")
                .header("X-Oriel-Request", "1")
                .header("Content-Type", "text/plain")
                .POST(BodyPublishers.ofString("{}")));
        assertThat(noJson.statusCode()).isEqualTo(415);
    }

    private static void assertField(HttpResponse<String> response, String field) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(Http.json(response).path("field").asString("")).isEqualTo(field);
    }

    @Test
    void aTenMebibyteBodyIsRefusedAndTheServerGoesOn() {
        Http http = boss();
        HttpResponse<String> response = http.post("/api/v1/users", "x".repeat(10 << 20));
        assertThat(response.statusCode()).isEqualTo(413);
        assertThat(Http.reason(response)).isEqualTo("BODY_TOO_LARGE");
        HttpResponse<String> chunked = Http.send(http.request("/api/v1/users")
                .header("X-Oriel-Request", "1")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(new byte[10 << 20]))));
        assertThat(chunked.statusCode()).isEqualTo(413);
        assertThat(http.get("/api/v1/me").statusCode()).isEqualTo(200);
    }

    @Test
    void aUserIsMadeUsedChangedAndDeleted() {
        Http http = boss();
        JsonNode created = Http.json(http.post(
                "/api/v1/users", Map.of("username", "newbie", "role", "end-user", "groups", List.of("staff"))));
        String password = created.path("generatedPassword").asString();
        assertThat(password.length()).isGreaterThan(19);
        Http newbie = new Http(address).signedIn("newbie", password);
        assertThat(Http.json(newbie.get("/api/v1/me")).path("rights").get(0).asString())
                .isEqualTo("desktop.use");
        assertThat(Http.reason(http.post("/api/v1/users", Map.of("username", "newbie", "role", "end-user"))))
                .isEqualTo("ALREADY_EXISTS");

        assertThat(Http.reason(newbie.post(
                        "/api/v1/me/password", Map.of("currentPassword", password, "newPassword", "short"))))
                .isEqualTo("WEAK_PASSWORD");
        assertThat(Http.reason(newbie.post(
                        "/api/v1/me/password", Map.of("currentPassword", "no", "newPassword", "a longer password"))))
                .isEqualTo("BAD_CREDENTIALS");
        assertThat(newbie.post(
                                "/api/v1/me/password",
                                Map.of("currentPassword", password, "newPassword", "a longer password"))
                        .statusCode())
                .isEqualTo(204);

        String etag =
                http.get("/api/v1/users/newbie").headers().firstValue("ETag").orElseThrow();
        HttpResponse<String> disabled = Http.send(http.request("/api/v1/users/newbie")
                .header("X-Oriel-Request", "1")
                .header("Content-Type", "application/json")
                .header("If-Match", etag)
                .method("PATCH", BodyPublishers.ofString("{\"enabled\":false}")));
        assertThat(disabled.statusCode()).as(disabled.body()).isEqualTo(200);
        assertThat(Http.reason(newbie.get("/api/v1/me"))).isEqualTo("NOT_SIGNED_IN");
        HttpResponse<String> stale = Http.send(http.request("/api/v1/users/newbie")
                .header("X-Oriel-Request", "1")
                .header("Content-Type", "application/json")
                .header("If-Match", etag)
                .method("PATCH", BodyPublishers.ofString("{\"enabled\":true}")));
        assertThat(stale.statusCode()).isEqualTo(412);
        assertThat(http.call("DELETE", "/api/v1/users/newbie", null).statusCode())
                .isEqualTo(204);
        assertThat(http.get("/api/v1/users/newbie").statusCode()).isEqualTo(404);
        assertThat(http.call("DELETE", "/api/v1/users/newbie", null).statusCode())
                .isEqualTo(204);
    }

    @Test
    void listsArePaged() {
        Http http = boss();
        for (int i = 0; i < 5; i++) {
            f.user("paged" + i);
        }
        JsonNode first = Http.json(http.get("/api/v1/users?limit=2&q=paged"));
        assertThat(first.path("items").size()).isEqualTo(2);
        JsonNode second = Http.json(http.get("/api/v1/users?limit=2&q=paged&cursor="
                + first.path("nextCursor").asString()));
        assertThat(second.path("items").get(0).path("username").asString()).isEqualTo("paged2");
        JsonNode third = Http.json(http.get("/api/v1/users?limit=2&q=paged&cursor="
                + second.path("nextCursor").asString()));
        assertThat(third.path("items").size()).isEqualTo(1);
        assertThat(third.has("nextCursor")).isFalse();

        JsonNode audit = Http.json(http.get("/api/v1/audit?limit=3&action=user"));
        assertThat(audit.path("items").size()).isEqualTo(3);
        long newest = audit.path("items").get(0).path("sequence").asLong();
        assertThat(audit.path("items").get(1).path("sequence").asLong()).isLessThan(newest);
        assertThat(Http.json(http.get("/api/v1/audit/verify")).path("intact").asBoolean())
                .isTrue();
        assertThat(Http.json(http.get("/api/v1/operations?limit=1"))
                        .path("items")
                        .size())
                .isLessThanOrEqualTo(1);
    }

    private static JsonNode connected(Http http) {
        return await().until(
                        () -> Http.json(http.post("/api/v1/desktops/demo/connect", null)),
                        json -> json.path("state").asString().equals("READY"));
    }

    @Test
    void somebodyElsesSessionIsNotThereForAUserButForTheHelpdesk() {
        Http ann = user("owner");
        String session = connected(ann).path("sessionId").asString();
        Http other = user("other");
        assertThat(Http.reason(other.get("/api/v1/sessions/" + session))).isEqualTo("NOT_FOUND");
        assertThat(Http.reason(other.post("/api/v1/sessions/" + session + "/logoff", null)))
                .isEqualTo("NOT_FOUND");
        Http helper = new Http(address).signedIn("helper", Fixture.PASSWORD);
        assertThat(helper.get("/api/v1/sessions/" + session).statusCode()).isEqualTo(200);
        assertThat(Http.reason(helper.post("/api/v1/sessions/" + session + "/ticket", null)))
                .as("seeing a desktop without consent is nobody's right")
                .isEqualTo("NOT_FOUND");
        assertThat(Http.json(helper.post("/api/v1/sessions/" + session + "/logoff", null))
                        .path("endReason")
                        .asString())
                .isEqualTo("ADMIN_LOGOFF");
        assertThat(Http.reason(ann.post("/api/v1/sessions/" + session + "/ticket", null)))
                .isEqualTo("SESSION_ENDED");
    }

    @Test
    void theDisplayOpensOnceForATicketAndIsCutWithTheSession() throws Exception {
        Http http = user("viewer");
        JsonNode ready = connected(http);
        Screen screen = new Screen();
        WebSocket socket = open(http, ready, screen).get(60, TimeUnit.SECONDS);
        // RFC 6143 §7.1.1: the server speaks first.
        assertThat(screen.first.get(60, TimeUnit.SECONDS)).startsWith("RFB 003.008");
        handshake(socket);
        Caller caller = f.signIn("viewer");
        f.awaitState(caller, State.CONNECTED);

        Screen second = new Screen();
        assertThat(open(http, ready, second)).succeedsWithin(Fixture.PATIENCE);
        assertThat(second.closed.get(60, TimeUnit.SECONDS))
                .as("a ticket is for one time")
                .isEqualTo(4401);

        http.post("/api/v1/sessions/" + ready.path("sessionId").asString() + "/logoff", null);
        assertThat(screen.closed.get(60, TimeUnit.SECONDS)).isEqualTo(4000);
    }

    @Test
    void aDroppedDisplayIsADisconnectedSessionThatComesBackWithANewTicket() throws Exception {
        Http http = user("dropped");
        JsonNode ready = connected(http);
        Screen screen = new Screen();
        WebSocket socket = open(http, ready, screen).get(60, TimeUnit.SECONDS);
        screen.first.get(60, TimeUnit.SECONDS);
        handshake(socket);
        Caller caller = f.signIn("dropped");
        f.awaitState(caller, State.CONNECTED);
        socket.abort();
        f.awaitState(caller, State.DISCONNECTED);

        String session = ready.path("sessionId").asString();
        JsonNode again = Http.json(http.post("/api/v1/sessions/" + session + "/ticket", null));
        Screen back = new Screen();
        WebSocket reopened = open(http, again, back).get(60, TimeUnit.SECONDS);
        back.first.get(60, TimeUnit.SECONDS);
        handshake(reopened);
        f.awaitState(caller, State.CONNECTED);

        // Signing out of the portal cuts what was opened from it, and leaves the session.
        http.post("/api/v1/logout", null);
        assertThat(back.closed.get(60, TimeUnit.SECONDS)).isEqualTo(4002);
        f.awaitState(caller, State.DISCONNECTED);
        assertThat(f.broker.sessions().get(java.util.UUID.fromString(session)).state())
                .isEqualTo(SessionState.DISCONNECTED);
    }

    @Test
    void aPageOfAnotherSiteCannotOpenADisplay() {
        Http http = user("framed");
        JsonNode ready = connected(http);
        Screen screen = new Screen();
        CompletableFuture<WebSocket> socket =
                builder(ready).header("Origin", "https://evil.example").buildAsync(display(), screen);
        assertThat(socket).failsWithin(Fixture.PATIENCE).withThrowableOfType(ExecutionException.class);
    }

    private static WebSocket.Builder builder(JsonNode ready) {
        return Http.CLIENT
                .newWebSocketBuilder()
                .subprotocols(
                        ready.path("subprotocols").get(0).asString(),
                        ready.path("subprotocols").get(1).asString());
    }

    private static URI display() {
        return URI.create("ws://127.0.0.1:" + address.getPort() + "/display");
    }

    private static CompletableFuture<WebSocket> open(Http http, JsonNode ready, Screen screen) {
        return builder(ready).header("Origin", http.server.toString()).buildAsync(display(), screen);
    }

    /** RFC 6143 §7.1.1–7.3.1: version, security type None, shared. */
    private static void handshake(WebSocket socket) {
        socket.sendBinary(ByteBuffer.wrap("RFB 003.008\n".getBytes(StandardCharsets.US_ASCII)), true)
                .join();
        socket.sendBinary(ByteBuffer.wrap(new byte[] {1}), true).join();
        socket.sendBinary(ByteBuffer.wrap(new byte[] {1}), true).join();
    }

    private static final class Screen implements WebSocket.Listener {
        final CompletableFuture<String> first = new CompletableFuture<>();
        final CompletableFuture<Integer> closed = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            first.complete(StandardCharsets.ISO_8859_1.decode(data).toString());
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            closed.complete(status);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.completeExceptionally(error);
        }
    }

    @Test
    void eventsTellAUserOfTheirDesktopAndOfNobodyElses() throws Exception {
        Http http = user("listener");
        Http other = user("stranger");
        HttpResponse<InputStream> response =
                Http.CLIENT.send(http.request("/api/v1/events").build(), HttpResponse.BodyHandlers.ofInputStream());
        assertThat(response.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/event-stream");
        try (BufferedReader events =
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            assertThat(nextEvent(events)).startsWith("hello ");
            connected(other);
            connected(http);
            String event;
            do {
                event = nextEvent(events);
                assertThat(event).startsWith("desktop ");
                JsonNode desktop = Http.JSON.readTree(event.substring("desktop ".length()));
                assertThat(desktop.path("poolId").asString()).isEqualTo("demo");
                if (desktop.path("state").asString().equals("READY")) {
                    break;
                }
            } while (true);
            http.post("/api/v1/logout", null);
            do {
                event = nextEvent(events);
            } while (event.startsWith("desktop "));
            assertThat(event).startsWith("signed-out ");
            assertThat(events.lines().filter(line -> !line.isEmpty()))
                    .as("the stream ends")
                    .isEmpty();
        }
    }

    private static String nextEvent(BufferedReader events) throws IOException {
        String name = "";
        for (String line = events.readLine(); line != null; line = events.readLine()) {
            if (line.startsWith("event: ")) {
                name = line.substring("event: ".length());
            } else if (line.startsWith("data: ")) {
                return name + " " + line.substring("data: ".length());
            }
        }
        throw new AssertionError("the stream has ended");
    }

    @Test
    void theWebClientComesWithStrictHeaders() {
        Http http = new Http(address);
        HttpResponse<String> page = http.get("/");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/html");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .contains("default-src 'self'", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
        assertThat(page.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(page.headers().firstValue("Referrer-Policy")).contains("no-referrer");
        assertThat(http.get("/desktops/demo").body()).as("a page of the client").isEqualTo(page.body());
        assertThat(http.get("/../../etc/passwd").body()).isEqualTo(page.body());
        assertThat(http.get("/assets/nothing.js").statusCode()).isEqualTo(404);
        assertThat(http.get("/health/live").statusCode()).isEqualTo(200);
        assertThat(http.get("/health/ready").statusCode()).isEqualTo(200);
        assertThat(http.get("/api/v1/openapi.yaml").body()).contains("openapi: 3.1.0");
    }

    @Test
    void aPortInUseIsSaidInASentence() {
        BrokerConfig taken = f.config.listeningOn("127.0.0.1", address.getPort());
        try (Broker second = Broker.open(taken.storedIn(TestDatabase.fresh()), new FakeHost())) {
            org.assertj.core.api.Assertions.assertThatThrownBy(second::listen)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("--port");
        }
    }

    @Test
    void withoutADatabaseTheAnswerIs503() {
        try (Fixture down = new Fixture(1, 0)) {
            InetSocketAddress where = down.listen();
            down.user("ann");
            Http http = new Http(where).signedIn("ann", Fixture.PASSWORD);
            down.broker.store().close();
            HttpResponse<String> response = http.get("/api/v1/me");
            assertThat(response.statusCode()).isEqualTo(503);
            assertThat(Http.reason(response)).isEqualTo("DATABASE_DOWN");
            assertThat(http.get("/health/ready").statusCode()).isEqualTo(503);
            assertThat(http.get("/health/live").statusCode()).isEqualTo(200);
        }
    }
}
