package oriel.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
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

    private static int help(String tag, String operation, StringWriter out) {
        PrintWriter writer = new PrintWriter(out);
        return Main.run(new String[] {tag, operation, "--help"}, List.of(), writer, writer);
    }

    @Test
    void everyOperationOfTheContractHasACommandThatExplainsItself() throws Exception {
        JsonNode contract;
        try (InputStream in = ApiCommandsTest.class.getResourceAsStream("/oriel/broker/openapi.yaml")) {
            contract = new YAMLMapper().readTree(in);
        }
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
                    StringWriter out = new StringWriter();
                    all.add(tag + " " + command);
                    // Without a command of that name, the help is that of the group, or there is none.
                    if (help(tag, command, out) != 0
                            || !out.toString().contains("Usage: oriel " + tag + " " + command)) {
                        missing.add(tag + " " + command);
                    }
                }));
        assertThat(all).hasSizeGreaterThan(100).doesNotHaveDuplicates();
        assertThat(missing).isEmpty();
    }
}
