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
        call("POST", "/api/v1/login", Map.of("username", user, "password", password()));
    }

    void signOut() {
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

    JsonNode call(String method, String path, @Nullable Object body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.resolve(path))
                .timeout(Duration.ofSeconds(30))
                .header("X-Oriel-Request", "1")
                .header("Accept", "application/json");
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
                    1,
                    "No broker answers at " + server
                            + ". Is \"oriel up\" running? Another place is given with --server.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Main.Failure(1, "interrupted");
        }
        JsonNode answer = response.body().isEmpty() ? json.createObjectNode() : json.readTree(response.body());
        if (response.statusCode() >= 400) {
            throw new Main.Failure(1, answer.path("detail").asString("the broker answers " + response.statusCode()));
        }
        return answer;
    }
}
