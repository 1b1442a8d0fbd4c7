package oriel.broker.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * A command for each operation of the API, made from its contract: {@code oriel TAG OPERATION}. Parameters of the path
 * are positional, those of the query and the fields of the body are options; {@code --body} gives a whole body. So the
 * command line can do whatever the API can, and never falls behind it.
 */
final class ApiCommands {
    private static final Set<String> METHODS = Set.of("get", "post", "put", "patch", "delete");
    /** Sign-in is what the other commands do by themselves; streams and pictures are not for a terminal. */
    private static final Set<String> LEFT_OUT = Set.of(
            "login",
            "logout",
            "events",
            "machineScreen",
            "snapshotPicture",
            "recordingContent",
            "live",
            "ready",
            "openapi");

    private static final Set<String> ENDED = Set.of("DONE", "FAILED", "CANCELLED");
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static final Pattern COMMA = Pattern.compile(",");

    private final JsonNode contract;

    ApiCommands() {
        try (InputStream in = ApiCommands.class.getResourceAsStream("/oriel/broker/openapi.yaml")) {
            contract = new YAMLMapper().readTree(in);
        } catch (IOException e) {
            throw new IllegalStateException("the API's contract cannot be read", e);
        }
    }

    private record Operation(String id, String method, String path, JsonNode node, List<JsonNode> parameters) {}

    /** Adds the commands to {@code oriel}. */
    void addTo(CommandLine oriel) {
        Map<String, CommandLine> groups = new TreeMap<>();
        contract.path("paths")
                .forEachEntry((path, item) -> item.forEachEntry((method, node) -> {
                    String id = node.path("operationId").asString("");
                    if (METHODS.contains(method) && !LEFT_OUT.contains(id) && !path.contains("oidc")) {
                        List<JsonNode> parameters = new ArrayList<>();
                        item.path("parameters").forEach(parameter -> parameters.add(resolved(parameter)));
                        node.path("parameters").forEach(parameter -> parameters.add(resolved(parameter)));
                        String tag = node.path("tags").path(0).asString("service");
                        groups.computeIfAbsent(tag, ApiCommands::group)
                                .addSubcommand(
                                        kebab(id),
                                        command(new Operation(
                                                id, method.toUpperCase(Locale.ROOT), path, node, parameters)));
                    }
                }));
        groups.forEach((tag, group) -> {
            CommandLine own = oriel.getSubcommands().get(tag);
            if (own == null) {
                oriel.addSubcommand(tag, group);
            } else {
                // What a command of our own does by another way (without a running broker) keeps its name.
                group.getSubcommands().forEach((name, command) -> {
                    if (!own.getSubcommands().containsKey(name)) {
                        own.addSubcommand(name, command);
                    }
                });
            }
        });
    }

    private static CommandLine group(String tag) {
        CommandSpec spec = CommandSpec.create().name(tag).mixinStandardHelpOptions(true);
        spec.usageMessage().description("The API's operations on " + tag + " of a running Oriel.");
        spec.usageMessage().synopsisSubcommandLabel("COMMAND");
        return new CommandLine(spec);
    }

    private JsonNode resolved(JsonNode node) {
        String reference = node.path("$ref").asString("");
        return reference.isEmpty() ? node : contract.at(reference.substring(1));
    }

    /** {@code takeSnapshot} is {@code take-snapshot}. */
    private static String kebab(String name) {
        return name.replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
    }

    private CommandLine command(Operation operation) {
        Call call = new Call(operation, fields(operation));
        CommandSpec spec = CommandSpec.wrapWithoutInspection(call)
                .name(kebab(operation.id()))
                .mixinStandardHelpOptions(true)
                .addMixin("api", CommandSpec.forAnnotatedObject(call.api));
        spec.usageMessage()
                .description(operation.node().path("summary").asString("").replace("%", "%%"));
        int index = 0;
        for (JsonNode parameter : operation.parameters()) {
            String name = parameter.path("name").asString();
            String text = parameter.path("description").asString("").replace("%", "%%");
            switch (parameter.path("in").asString()) {
                case "path" ->
                    spec.addPositional(PositionalParamSpec.builder()
                            .index(Integer.toString(index++))
                            .paramLabel(kebab(name).toUpperCase(Locale.ROOT))
                            .type(String.class)
                            .required(true)
                            .description(text)
                            .build());
                case "query" -> spec.addOption(option(name, text, false));
                case "header" -> {
                    if (name.equals("If-Match")) {
                        spec.addOption(OptionSpec.builder("--if-match")
                                .paramLabel("ETAG")
                                .type(String.class)
                                .description(text)
                                .build());
                    }
                }
                default -> {}
            }
        }
        call.fields.forEach((name, schema) -> {
            if (spec.findOption("--" + kebab(name)) == null) {
                spec.addOption(
                        option(name, schema.path("description").asString("").replace("%", "%%"), true));
            }
        });
        if (!operation.method().equals("GET")) {
            spec.addOption(OptionSpec.builder("--body")
                    .paramLabel("JSON")
                    .type(String.class)
                    .description("The request's body; options for single fields are put into it.")
                    .build());
        }
        spec.addOption(OptionSpec.builder("-o", "--output")
                .paramLabel("table|json")
                .type(String.class)
                .defaultValue("table")
                .description("How the answer is printed (default: table).")
                .build());
        if (answersOperation(operation)) {
            spec.addOption(OptionSpec.builder("--wait")
                    .type(boolean.class)
                    .arity("0")
                    .description("Wait until it has ended, and show how far it is.")
                    .build());
        }
        return new CommandLine(spec);
    }

    private static boolean answersOperation(Operation operation) {
        return operation
                .node()
                .at("/responses/202/content/application~1json/schema/$ref")
                .asString("")
                .endsWith("/Operation");
    }

    private static OptionSpec option(String name, String text, boolean body) {
        return OptionSpec.builder("--" + kebab(name))
                .paramLabel(body ? "VALUE" : kebab(name).toUpperCase(Locale.ROOT))
                .type(String.class)
                .description(text)
                .build();
    }

    private Map<String, JsonNode> fields(Operation operation) {
        Map<String, JsonNode> fields = new LinkedHashMap<>();
        JsonNode schema = resolved(operation.node().at("/requestBody/content/application~1json/schema"));
        schema.path("properties").forEachEntry((name, field) -> fields.put(name, resolved(field)));
        return fields;
    }

    /** Calls one operation. */
    private static final class Call implements java.util.concurrent.Callable<Integer> {
        private final ApiClient api = new ApiClient();
        private final Operation operation;
        private final Map<String, JsonNode> fields;

        Call(Operation operation, Map<String, JsonNode> fields) {
            this.operation = operation;
            this.fields = fields;
        }

        @Override
        public Integer call() {
            throw new IllegalStateException("run with what was parsed");
        }

        int run(ParseResult given, PrintWriter out, PrintWriter err) {
            String path = operation.path();
            int index = 0;
            List<String> query = new ArrayList<>();
            for (JsonNode parameter : operation.parameters()) {
                String name = parameter.path("name").asString();
                String in = parameter.path("in").asString();
                if (in.equals("path")) {
                    path = path.replace("{" + name + "}", encoded(given.matchedPositionalValue(index++, "")));
                } else if (in.equals("query")) {
                    String value = given.matchedOptionValue("--" + kebab(name), (String) null);
                    if (value != null) {
                        query.add(encoded(name) + "=" + encoded(value));
                    }
                }
            }
            boolean json = given.matchedOptionValue("--output", "table").equals("json");
            api.signIn();
            try {
                String address = query.isEmpty() ? path : path + "?" + String.join("&", query);
                JsonNode answer = api.call(
                        operation.method(), address, body(given), given.matchedOptionValue("--if-match", (String)
                                null));
                boolean wait = given.hasMatchedOption("--wait");
                answer = wait ? awaited(answer, err) : answer;
                Output.print(answer, json, out);
                return wait && !answer.path("state").asString("DONE").equals("DONE") ? 1 : 0;
            } finally {
                api.signOut();
            }
        }

        private static String encoded(String text) {
            return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
        }

        private @Nullable Object body(ParseResult given) {
            String whole = operation.method().equals("GET") ? null : given.matchedOptionValue("--body", (String) null);
            ObjectNode body;
            try {
                body = whole == null ? JSON.createObjectNode() : (ObjectNode) JSON.readTree(whole);
            } catch (RuntimeException e) {
                throw new Main.Failure(2, "--body must be a JSON object.");
            }
            fields.forEach((name, schema) -> {
                String value = given.matchedOptionValue("--" + kebab(name), (String) null);
                if (value != null) {
                    body.set(name, typed(name, schema, value));
                }
            });
            return body.isEmpty() && whole == null ? null : body;
        }

        private static JsonNode typed(String name, JsonNode schema, String value) {
            String type = schema.path("type").asString("string");
            try {
                return switch (type) {
                    case "integer", "number", "boolean", "object" -> JSON.readTree(value);
                    case "array" ->
                        value.startsWith("[") ? JSON.readTree(value) : JSON.valueToTree(List.of(COMMA.split(value)));
                    default -> JSON.valueToTree(value);
                };
            } catch (RuntimeException e) {
                throw new Main.Failure(2, "--" + kebab(name) + " must be of type " + type + ".");
            }
        }

        private JsonNode awaited(JsonNode begun, PrintWriter err) {
            String id = begun.path("id").asString();
            String shown = "";
            JsonNode now = begun;
            while (!ENDED.contains(now.path("state").asString())) {
                String line = now.path("progress").asInt() + " % "
                        + now.path("step").asString(now.path("state").asString());
                if (!line.equals(shown)) {
                    err.println(line);
                    err.flush();
                    shown = line;
                }
                try {
                    Thread.sleep(LOOK);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new Main.Failure(1, "interrupted; operation " + id + " goes on");
                }
                now = api.call("GET", "/api/v1/operations/" + id, null, null);
            }
            return now;
        }
    }

    /** Runs a command that was made here; empty if another one was given. */
    static @Nullable Integer run(ParseResult parsed) {
        ParseResult last = parsed;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        Object user = last.commandSpec().userObject();
        if (!(user instanceof Call call)) {
            return null;
        }
        CommandLine line = last.commandSpec().commandLine();
        try {
            return call.run(last, line.getOut(), line.getErr());
        } catch (Main.Failure e) {
            // So that it is told like those of other commands.
            throw new CommandLine.ExecutionException(line, String.valueOf(e.getMessage()), e);
        }
    }
}
