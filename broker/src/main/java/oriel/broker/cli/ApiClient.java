package oriel.broker.cli;

import java.io.Console;
import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** How commands reach a running broker: through its API, with an administrator's sign-in. */
final class ApiClient {
    @Option(
            names = "--server",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:8006",
            description = "Where the broker is (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init")
    private URI server;

    @Option(
            names = "--as",
            paramLabel = "USER",
            defaultValue = "admin",
            description =
                    "Who signs in (default: ${DEFAULT-VALUE}). The password is taken from $ORIEL_PASSWORD, or asked for.")
    @SuppressWarnings("NullAway.Init")
    private String user;

    private final JsonMapper json = JsonMapper.builder().build();
    private final HttpClient http = HttpClient.newBuilder()
            .cookieHandler(new CookieManager())
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    void signIn() {
        if (token() != null) {
            return;
        }
        call("POST", "/api/v1/login", Map.of("username", user, "password", password()));
    }

    void signOut() {
        if (token() != null) {
            return;
        }
        call("POST", "/api/v1/logout", null);
    }

    @SuppressWarnings("SystemConsoleNull") // NullAway still knows it as nullable
    private static String password() {
        String given = System.getenv("ORIEL_PASSWORD");
        if (given != null) {
            return given;
        }
        Console console = System.console();
        char[] typed = console != null && console.isTerminal() ? console.readPassword("Password: ") : null;
        if (typed == null) {
            throw new Main.Failure(2, "There is no terminal to ask for the password: set ORIEL_PASSWORD.");
        }
        return new String(typed);
    }

    /** An API token instead of a password: for programs. */
    private static @Nullable String token() {
        return System.getenv("ORIEL_TOKEN");
    }

    JsonNode call(String method, String path, @Nullable Object body) {
        return call(method, path, body, null);
    }

    JsonNode call(String method, String path, @Nullable Object body, @Nullable String etag) {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.resolve(path))
                .timeout(Duration.ofSeconds(30))
                .header("X-Oriel-Request", "1")
                .header("Accept", "application/json");
        String token = token();
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        if (etag != null) {
            request.header("If-Match", etag);
        }
        if (body == null) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json")
                    .method(method, HttpRequest.BodyPublishers.ofString(json.writeValueAsString(body)));
        }
        HttpResponse<String> response;
        try {
            response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new Main.Failure(
                    6,
                    "No broker answers at " + server
                            + ". Is \"oriel up\" running? Another place is given with --server.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Main.Failure(1, "interrupted");
        }
        String type = response.headers().firstValue("Content-Type").orElse("");
        JsonNode answer = response.body().isEmpty()
                ? json.createObjectNode()
                : type.endsWith("json") ? json.readTree(response.body()) : json.valueToTree(response.body());
        if (response.statusCode() >= 400) {
            throw new Main.Failure(
                    exitCode(response.statusCode()),
                    answer.path("detail").asString("the broker answers " + response.statusCode()));
        }
        return answer;
    }

    private static int exitCode(int status) {
        return switch (status) {
            case 404 -> 3;
            case 401, 403 -> 4;
            case 409, 410, 412 -> 5;
            case 503 -> 6;
            default -> 1;
        };
    }
}
