package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Role;
import tools.jackson.databind.JsonNode;

/** Second factors, tokens for programs, and the list of one's sign-ins, as a browser and a program see them. */
class CredentialsTest {
    @Test
    void aSecondFactorIsAskedForOnceItIsConfirmedAndEachCodeIsGoodOnce() throws Exception {
        try (Fixture f = new Fixture(0, 0)) {
            InetSocketAddress address = f.listen();
            f.user("ann");
            Http ann = new Http(address).signedIn("ann", Fixture.PASSWORD);
            assertThat(Http.reason(ann.post("/api/v1/me/second-factor", Map.of("password", "wrong"))))
                    .isEqualTo("BAD_CREDENTIALS");
            JsonNode enrolment = Http.json(ann.post("/api/v1/me/second-factor", Map.of("password", Fixture.PASSWORD)));
            String secret = enrolment.path("secret").asString();
            assertThat(secret).matches("[A-Z2-7]{32}");
            assertThat(enrolment.path("uri").asString()).contains("secret=" + secret);
            assertThat(enrolment.path("qrImage").asString()).startsWith("data:image/svg+xml,");

            assertThat(login(address, "ann", null).statusCode())
                    .as("not before it is confirmed")
                    .isEqualTo(200);
            assertThat(Http.reason(ann.post("/api/v1/me/second-factor/confirm", Map.of("code", "000000"))))
                    .isEqualTo("BAD_CODE");
            HttpResponse<String> confirmed =
                    ann.post("/api/v1/me/second-factor/confirm", Map.of("code", code(secret, f.clock.instant())));
            assertThat(confirmed.statusCode()).as(confirmed.body()).isEqualTo(200);
            List<String> recovery = new ArrayList<>();
            Http.json(confirmed).path("recoveryCodes").forEach(each -> recovery.add(each.asString()));
            assertThat(recovery).hasSize(10).doesNotHaveDuplicates();

            assertThat(Http.reason(login(address, "ann", null))).isEqualTo("CODE_NEEDED");
            assertThat(Http.reason(login(address, "ann", code(secret, f.clock.instant()))))
                    .as("it has confirmed the enrolment: each code is good once")
                    .isEqualTo("BAD_CODE");
            f.clock.skip(java.time.Duration.ofSeconds(30));
            String next = code(secret, f.clock.instant());
            assertThat(login(address, "ann", next).statusCode()).isEqualTo(200);
            assertThat(Http.reason(login(address, "ann", next))).isEqualTo("BAD_CODE");

            assertThat(login(address, "ann", recovery.getFirst().toUpperCase(java.util.Locale.ROOT))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(Http.reason(login(address, "ann", recovery.getFirst()))).isEqualTo("BAD_CODE");
            JsonNode state = Http.json(ann.get("/api/v1/me/second-factor"));
            assertThat(state.path("enabled").asBoolean()).isTrue();
            assertThat(state.path("recoveryCodesLeft").asInt()).isEqualTo(9);

            f.user("boss", Role.ADMIN);
            Http boss = new Http(address).signedIn("boss", Fixture.PASSWORD);
            assertThat(boss.call("DELETE", "/api/v1/users/ann/second-factor", null)
                            .statusCode())
                    .isEqualTo(204);
            assertThat(login(address, "ann", null).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void guessedCodesLockAndAskingForTheCodeFieldForgivesNothing() {
        try (Fixture f = new Fixture(0, 0)) {
            InetSocketAddress address = f.listen();
            f.user("ann");
            Http ann = new Http(address).signedIn("ann", Fixture.PASSWORD);
            String secret = Http.json(ann.post("/api/v1/me/second-factor", Map.of("password", Fixture.PASSWORD)))
                    .path("secret")
                    .asString();
            ann.post("/api/v1/me/second-factor/confirm", Map.of("code", code(secret, f.clock.instant())));
            String reason = "";
            int guesses = 0;
            while (!reason.equals("LOCKED_OUT") && guesses < 20) {
                login(address, "ann", null);
                reason = Http.reason(login(address, "ann", "12345"));
                guesses++;
            }
            assertThat(guesses).isLessThanOrEqualTo(6);
        }
    }

    @Test
    void codesAreThoseOfTheSpecification() {
        // RFC 6238 appendix B, SHA-1, the last six digits; the secret is "12345678901234567890".
        byte[] secret = "12345678901234567890".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        assertThat(code(secret, 59)).isEqualTo("287082");
        assertThat(code(secret, 1111111109)).isEqualTo("081804");
    }

    @Test
    void aTokenActsForItsUserWithinItsRightsAndNoLonger() {
        try (Fixture f = new Fixture(0, 0)) {
            InetSocketAddress address = f.listen();
            f.user("boss", Role.ADMIN);
            Http boss = new Http(address).signedIn("boss", Fixture.PASSWORD);
            HttpResponse<String> made = boss.post(
                    "/api/v1/me/tokens", Map.of("name", "inventory", "rights", List.of("machine.read"), "days", 2));
            assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
            String token = Http.json(made).path("token").asString();
            String id = Http.json(made).path("view").path("id").asString();
            assertThat(token).startsWith("oriel_");

            assertThat(program(address, token, "GET", "/api/v1/machines").statusCode())
                    .isEqualTo(200);
            assertThat(Http.reason(program(address, token, "GET", "/api/v1/users")))
                    .isEqualTo("FORBIDDEN");
            assertThat(Http.json(program(address, token, "GET", "/api/v1/me"))
                            .path("username")
                            .asString())
                    .isEqualTo("boss");
            for (String path : List.of("/api/v1/logout", "/api/v1/me/tokens", "/api/v1/me/second-factor/confirm")) {
                assertThat(program(address, token, "POST", path).statusCode())
                        .as(path)
                        .isIn(400, 403);
            }
            assertThat(Http.reason(boss.post("/api/v1/me/tokens", Map.of("name", "x", "rights", List.of()))))
                    .isEqualTo("BAD_REQUEST");
            assertThat(program(address, token + "x", "GET", "/api/v1/machines").statusCode())
                    .isEqualTo(401);

            f.user("ann");
            Http ann = new Http(address).signedIn("ann", Fixture.PASSWORD);
            assertThat(Http.reason(
                            ann.post("/api/v1/me/tokens", Map.of("name", "x", "rights", List.of("machine.read")))))
                    .isEqualTo("FORBIDDEN");
            assertThat(ann.call("DELETE", "/api/v1/me/tokens/" + id, null).statusCode())
                    .as("somebody else's")
                    .isEqualTo(404);

            assertThat(boss.call("DELETE", "/api/v1/me/tokens/" + id, null).statusCode())
                    .isEqualTo(204);
            assertThat(program(address, token, "GET", "/api/v1/machines").statusCode())
                    .isEqualTo(401);

            String brief = Http.json(boss.post("/api/v1/me/tokens", Map.of("name", "brief", "days", 1)))
                    .path("token")
                    .asString();
            f.clock.skip(java.time.Duration.ofHours(25));
            assertThat(program(address, brief, "GET", "/api/v1/me").statusCode())
                    .isEqualTo(401);
        }
    }

    @Test
    void peopleSeeWhereTheyAreSignedInAndEndIt() {
        try (Fixture f = new Fixture(0, 0)) {
            InetSocketAddress address = f.listen();
            f.user("ann");
            Http here = new Http(address).signedIn("ann", Fixture.PASSWORD);
            Http there = new Http(address).signedIn("ann", Fixture.PASSWORD);
            JsonNode items = Http.json(here.get("/api/v1/me/sign-ins")).path("items");
            assertThat(items.size()).isEqualTo(2);
            JsonNode other = items.get(0).path("current").asBoolean() ? items.get(1) : items.get(0);
            assertThat(other.path("current").asBoolean()).isFalse();
            assertThat(other.path("userAgent").asString()).startsWith("Java-http-client");
            assertThat(here.call(
                                    "DELETE",
                                    "/api/v1/me/sign-ins/" + other.path("id").asString(),
                                    null)
                            .statusCode())
                    .isEqualTo(204);
            assertThat(there.get("/api/v1/me").statusCode()).isEqualTo(401);
            assertThat(here.get("/api/v1/me").statusCode()).isEqualTo(200);

            f.user("boss", Role.ADMIN);
            Http boss = new Http(address).signedIn("boss", Fixture.PASSWORD);
            String id = Http.json(boss.get("/api/v1/users/ann/sign-ins"))
                    .path("items")
                    .get(0)
                    .path("id")
                    .asString();
            assertThat(boss.call("DELETE", "/api/v1/users/ann/sign-ins/" + id, null)
                            .statusCode())
                    .isEqualTo(204);
            assertThat(here.get("/api/v1/me").statusCode()).isEqualTo(401);
        }
    }

    private static HttpResponse<String> login(InetSocketAddress address, String user, String code) {
        return new Http(address)
                .post(
                        "/api/v1/login",
                        code == null
                                ? Map.of("username", user, "password", Fixture.PASSWORD)
                                : Map.of("username", user, "password", Fixture.PASSWORD, "code", code));
    }

    private static HttpResponse<String> program(InetSocketAddress address, String token, String method, String path) {
        var request = new Http(address).request(path).header("Authorization", "Bearer " + token);
        return Http.send(
                method.equals("GET")
                        ? request.GET()
                        : request.header("Content-Type", "application/json")
                                .POST(java.net.http.HttpRequest.BodyPublishers.ofString(
                                        "{\"name\":\"x\",\"code\":\"1\"}")));
    }

    private static String code(String base32, Instant now) {
        StringBuilder bits = new StringBuilder();
        for (int i = 0; i < base32.length(); i++) {
            String five = Integer.toBinaryString(32 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(base32.charAt(i)));
            bits.append(five, 1, 6);
        }
        byte[] secret = new byte[bits.length() / 8];
        for (int i = 0; i < secret.length; i++) {
            secret[i] = (byte) Integer.parseInt(bits.substring(8 * i, 8 * i + 8), 2);
        }
        return code(secret, now.getEpochSecond());
    }

    /** RFC 6238 once more, by other means than the broker's. */
    private static String code(byte[] secret, long second) {
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(secret, "HmacSHA1"));
            byte[] hash = mac.doFinal(HexFormat.of().parseHex(HexFormat.of().toHexDigits(second / 30)));
            int at = hash[19] & 15;
            int number = ((hash[at] & 0x7F) << 24)
                    | ((hash[at + 1] & 0xFF) << 16)
                    | ((hash[at + 2] & 0xFF) << 8)
                    | (hash[at + 3] & 0xFF);
            return String.format("%06d", number % 1_000_000);
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
