package oriel.broker.cli;

import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** Takes a host out of service without cutting anybody short. */
@Command(
        name = "drain",
        description = "Take no new sessions on a host, before it is stopped. Sessions that run go on.",
        mixinStandardHelpOptions = true)
final class DrainCommand implements Callable<Integer> {
    private static final long LOOK_SECONDS = 2;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private ApiClient api;

    @Parameters(arity = "0..1", paramLabel = "HOST", description = "Which host (default: the only one).")
    private @Nullable String host;

    @Option(names = "--stop", description = "End the broker when the last session there has.")
    private boolean stop;

    @Option(names = "--wait", description = "Return when nobody has a session there any more.")
    private boolean waits;

    @Option(names = "--resume", description = "Let the host take sessions again.")
    private boolean resume;

    @Option(names = "--message", paramLabel = "TEXT", description = "What its users are told.")
    private @Nullable String message;

    @Override
    public Integer call() {
        api.signIn();
        String path = "/api/v1/hosts/" + name() + "/drain";
        JsonNode now;
        if (resume) {
            now = api.call("DELETE", path, null);
        } else {
            Map<String, Object> order = new HashMap<>(Map.of("stop", stop));
            if (message != null) {
                order.put("message", message);
            }
            now = api.call("POST", path, order);
        }
        String name = now.path("name").asString();
        tell(now);
        while (waits && !resume && !now.path("state").asString().equals("DRAINED")) {
            try {
                TimeUnit.SECONDS.sleep(LOOK_SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return 1;
            }
            JsonNode before = now;
            now = find(name);
            if (now.path("sessions").asLong() != before.path("sessions").asLong()) {
                tell(now);
            }
        }
        if (!stop) {
            api.signOut();
        }
        return 0;
    }

    private String name() {
        if (host != null) {
            return host;
        }
        JsonNode hosts = api.call("GET", "/api/v1/hosts", null).path("items");
        if (hosts.size() != 1) {
            throw new Main.Failure(2, "There are " + hosts.size() + " hosts. Say which one.");
        }
        return hosts.get(0).path("name").asString();
    }

    private JsonNode find(String name) {
        for (JsonNode one : api.call("GET", "/api/v1/hosts", null).path("items")) {
            if (one.path("name").asString().equals(name)) {
                return one;
            }
        }
        throw new Main.Failure(3, "There is no host \"" + name + "\" any more.");
    }

    private void tell(JsonNode now) {
        PrintWriter out = spec.commandLine().getOut();
        long sessions = now.path("sessions").asLong();
        out.println(now.path("name").asString() + ": " + now.path("state").asString() + ", " + sessions
                + (sessions == 1 ? " session" : " sessions"));
        out.flush();
    }
}
