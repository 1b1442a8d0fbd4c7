package oriel.broker.cli;

import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import oriel.broker.Recovery;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.StoreUnavailableException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** Users of a running broker. */
@Command(name = "user", description = "Add, list and change users of a running Oriel.", mixinStandardHelpOptions = true)
final class UserCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "Say what to do: add, list, password, recover, unlock or remove.");
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    private static String user(String name) {
        return "/api/v1/users/" + URLEncoder.encode(name, StandardCharsets.UTF_8);
    }

    @Command(description = "Add a user; the password is generated and shown.", mixinStandardHelpOptions = true)
    int add(
            @Mixin ApiClient api,
            @Parameters(paramLabel = "NAME") String name,
            @Option(names = "--name", paramLabel = "TEXT", description = "Name for people.") @Nullable
                    String displayName,
            @Option(
                            names = "--role",
                            paramLabel = "ROLE",
                            defaultValue = "end-user",
                            description = "end-user, helpdesk or admin (default: ${DEFAULT-VALUE}).")
                    String role,
            @Option(names = "--group", paramLabel = "GROUP", description = "Group; may be repeated.") @Nullable
                    List<String> groups) {
        api.signIn();
        JsonNode created = api.call(
                "POST",
                "/api/v1/users",
                Map.of(
                        "username",
                        name,
                        "displayName",
                        displayName == null ? name : displayName,
                        "role",
                        role,
                        "groups",
                        groups == null ? List.of() : groups));
        api.signOut();
        out().printf(
                        "user %s, password %s (shown only this once)%n",
                        name, created.path("generatedPassword").asString());
        return 0;
    }

    @Command(description = "List users.", mixinStandardHelpOptions = true)
    int list(@Mixin ApiClient api) {
        api.signIn();
        String cursor = "";
        do {
            JsonNode page = api.call("GET", "/api/v1/users?limit=200&cursor=" + cursor, null);
            for (JsonNode user : page.path("items")) {
                out().printf(
                                "%-24s %-10s %-9s %s%n",
                                user.path("username").asString(),
                                user.path("role").asString(),
                                user.path("enabled").asBoolean() ? "" : "disabled",
                                user.path("displayName").asString());
            }
            cursor = page.path("nextCursor").asString("");
        } while (!cursor.isEmpty());
        api.signOut();
        return 0;
    }

    @Command(description = "Give a user a new password, which is generated and shown.", mixinStandardHelpOptions = true)
    int password(@Mixin ApiClient api, @Parameters(paramLabel = "NAME") String name) {
        api.signIn();
        JsonNode done = api.call("POST", user(name) + "/password", Map.of());
        out().printf(
                        "user %s, password %s (shown only this once)%n",
                        name, done.path("generatedPassword").asString());
        return 0;
    }

    @Command(
            description = "Give a user a new password while Oriel is stopped: for who has lost the administrator's.",
            mixinStandardHelpOptions = true)
    int recover(
            @Parameters(paramLabel = "NAME", defaultValue = "admin", description = "User (default: ${DEFAULT-VALUE}).")
                    String name,
            @Option(names = "--data-dir", paramLabel = "DIR", description = "As for \"oriel up\".") @Nullable Path data,
            @Option(names = "--config", paramLabel = "FILE", description = "As for \"oriel up\".") @Nullable
                    Path config) {
        try {
            String password = Recovery.resetPassword(ConfigFile.find(data, config), name);
            out().printf("user %s, password %s (shown only this once)%n", name, password);
            return 0;
        } catch (StoreUnavailableException | RefusedException e) {
            throw new Main.Failure(1, String.valueOf(e.getMessage()));
        }
    }

    @Command(description = "End a user's lock-out after failed sign-ins.", mixinStandardHelpOptions = true)
    int unlock(@Mixin ApiClient api, @Parameters(paramLabel = "NAME") String name) {
        api.signIn();
        api.call("POST", user(name) + "/unlock", null);
        api.signOut();
        return 0;
    }

    @Command(description = "Remove a user; live sessions are logged off.", mixinStandardHelpOptions = true)
    int remove(@Mixin ApiClient api, @Parameters(paramLabel = "NAME") String name) {
        api.signIn();
        api.call("DELETE", user(name), null);
        api.signOut();
        return 0;
    }
}
