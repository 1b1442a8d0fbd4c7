package oriel.it.browser;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real Keycloak with our realm, and two people in it: ada administers Oriel, bob uses desktops. */
final class Keycloak implements AutoCloseable {
    static final String SECRET = "only-for-this-test";
    static final String PASSWORD = "correct horse battery staple";
    private static final String ADMIN = "root";
    /** The first start builds what Keycloak runs on later ones. */
    private static final Duration START = Duration.ofMinutes(10);

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Process process;
    private final int port;

    private Keycloak(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * Starts it.
     *
     * @param home an unpacked distribution
     * @param realm our realm, for an installation at {@code http://localhost:8006}
     * @param oriel where the installation is here
     */
    static Keycloak start(Path home, Path realm, int port, URI oriel) throws IOException {
        // A realm that is there already is not imported again.
        forget(home.resolve("data/h2"));
        Path imports = Files.createDirectories(home.resolve("data/import"));
        String users = """
                "users": [
                  {"username": "ada", "enabled": true, "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.org",
                   "emailVerified": true, "realmRoles": ["oriel-admin"], "groups": ["/staff"],
                   "credentials": [{"type": "password", "value": "%1$s", "temporary": false}]},
                  {"username": "bob", "enabled": true, "firstName": "Bob", "lastName": "Ross", "email": "bob@example.org",
                   "emailVerified": true,
                   "credentials": [{"type": "password", "value": "%1$s", "temporary": false}]}
                ],
                "clients": [""".formatted(PASSWORD);
        String text = Files.readString(realm)
                .replace("http://localhost:8006", oriel.toString())
                .replace("\"clientId\": \"oriel\",", "\"clientId\": \"oriel\", \"secret\": \"" + SECRET + "\",")
                .replaceFirst("\"clients\": \\[", java.util.regex.Matcher.quoteReplacement(users));
        Files.writeString(imports.resolve("oriel-realm.json"), text);
        ProcessBuilder builder = new ProcessBuilder(
                        home.resolve("bin/kc.sh").toString(),
                        "start-dev",
                        "--http-host=127.0.0.1",
                        "--http-port=" + port,
                        "--import-realm")
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("keycloak.log").toFile());
        builder.environment()
                .putAll(Map.of(
                        "JAVA_HOME",
                        System.getProperty("java.home"),
                        "KC_BOOTSTRAP_ADMIN_USERNAME",
                        ADMIN,
                        "KC_BOOTSTRAP_ADMIN_PASSWORD",
                        PASSWORD));
        Files.setPosixFilePermissions(
                home.resolve("bin/kc.sh"), java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        Keycloak keycloak = new Keycloak(builder.start(), port);
        Awaitility.await()
                .atMost(START)
                .pollInterval(Duration.ofSeconds(1))
                .failFast("Keycloak ended, see " + home.resolve("keycloak.log"), () -> !keycloak.process.isAlive())
                .until(keycloak::answers);
        return keycloak;
    }

    private static void forget(Path database) throws IOException {
        if (Files.isDirectory(database)) {
            try (Stream<Path> files = Files.list(database)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    URI issuer() {
        return URI.create("http://127.0.0.1:" + port + "/realms/oriel");
    }

    private boolean answers() {
        try {
            return get(issuer().resolve("/realms/oriel/.well-known/openid-configuration"), "")
                            .statusCode()
                    == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /** An administrator there signs somebody out everywhere. */
    void signOut(String username) throws IOException {
        String token = adminToken();
        JsonNode found = JSON.readTree(get(
                        URI.create("http://127.0.0.1:" + port + "/admin/realms/oriel/users?exact=true&username="
                                + username),
                        token)
                .body());
        String id = found.get(0).path("id").asString();
        HttpResponse<String> done = send(HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + port + "/admin/realms/oriel/users/" + id + "/logout"))
                .header("Authorization", "Bearer " + token)
                .POST(HttpRequest.BodyPublishers.noBody()));
        if (done.statusCode() != 204) {
            throw new IOException("Keycloak answered " + done.statusCode() + " " + done.body());
        }
    }

    private String adminToken() throws IOException {
        String form = Map.of(
                        "grant_type", "password", "client_id", "admin-cli", "username", ADMIN, "password", PASSWORD)
                .entrySet()
                .stream()
                .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
        HttpResponse<String> answer = send(HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + port + "/realms/master/protocol/openid-connect/token"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form)));
        return JSON.readTree(answer.body()).path("access_token").asString();
    }

    private static HttpResponse<String> get(URI uri, String token) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).GET();
        return send(token.isEmpty() ? request : request.header("Authorization", "Bearer " + token));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
        try {
            return HTTP.send(request.timeout(Duration.ofSeconds(30)).build(), HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        List<ProcessHandle> all = Stream.concat(process.toHandle().descendants(), Stream.of(process.toHandle()))
                .toList();
        all.forEach(ProcessHandle::destroy);
        all.forEach(each -> each.onExit().join());
    }
}
