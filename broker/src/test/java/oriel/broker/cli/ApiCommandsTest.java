package oriel.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The command line can do whatever the API can. */
class ApiCommandsTest {
    /** What the other commands do by themselves, what browsers do for their users, and what is no single answer. */
    private static final Set<String> NO_COMMAND = Set.of(
            "login",
            "logout",
            "events",
            "machineScreen",
            "snapshotPicture",
            "recordingContent",
            "live",
            "ready",
            "openapi");

    private static final Set<String> METHODS = Set.of("get", "post", "put", "patch", "delete");

    @Test
    void everyOperationOfTheContractHasACommandThatExplainsItself() throws Exception {
        JsonNode contract;
        try (InputStream in = ApiCommandsTest.class.getResourceAsStream("/oriel/broker/openapi.yaml")) {
            contract = new YAMLMapper().readTree(in);
        }
        CommandLine oriel = new CommandLine(new Main());
        new ApiCommands().addTo(oriel);
        List<String> missing = new ArrayList<>();
        List<String> all = new ArrayList<>();
        contract.path("paths")
                .forEachEntry((path, item) -> item.forEachEntry((method, node) -> {
                    String id = node.path("operationId").asString("");
                    if (!METHODS.contains(method) || NO_COMMAND.contains(id) || path.contains("oidc")) {
                        return;
                    }
                    String tag = node.path("tags").path(0).asString();
                    String command = id.replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
                    all.add(tag + " " + command);
                    CommandLine group = oriel.getSubcommands().get(tag);
                    CommandLine found =
                            group == null ? null : group.getSubcommands().get(command);
                    if (found == null || !found.getUsageMessage().startsWith("Usage: oriel " + tag + " " + command)) {
                        missing.add(tag + " " + command);
                    }
                }));
        assertThat(all).hasSizeGreaterThan(100).doesNotHaveDuplicates();
        assertThat(missing).isEmpty();
    }
}
