package oriel.broker.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Prints answers: lists as tables, single objects as names with values, or JSON. */
final class Output {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int WIDEST = 48;

    private Output() {}

    static void print(JsonNode answer, boolean json, PrintWriter out) {
        if (json) {
            out.println(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(answer));
        } else if (answer.path("items").isArray()) {
            table(answer.path("items"), out);
            String next = answer.path("nextCursor").asString("");
            if (!next.isEmpty()) {
                out.println("… more with --cursor " + next);
            }
        } else if (answer.isObject()) {
            answer.forEachEntry((name, value) -> out.printf("%-20s %s%n", name, text(value)));
        } else if (!answer.isNull() && !answer.isMissingNode()) {
            out.println(answer.isString() ? answer.asString() : answer.toString());
        }
        out.flush();
    }

    private static void table(JsonNode items, PrintWriter out) {
        Set<String> columns = new LinkedHashSet<>();
        // What is nested does not fit in a column: --output json shows it.
        items.forEach(item -> item.forEachEntry((name, value) -> {
            if (!value.isContainer()) {
                columns.add(name);
            }
        }));
        List<List<String>> rows = new ArrayList<>();
        rows.add(columns.stream().map(name -> name.toUpperCase(Locale.ROOT)).toList());
        items.forEach(item -> rows.add(
                columns.stream().map(name -> cut(text(item.path(name)))).toList()));
        int[] widths = new int[columns.size()];
        rows.forEach(row -> {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                line.append(row.get(i)).repeat(' ', widths[i] - row.get(i).length() + 2);
            }
            out.println(line.toString().stripTrailing());
        }
    }

    /** Text of a guest or a user must not drive the terminal. */
    private static String text(JsonNode value) {
        String text =
                value.isMissingNode() || value.isNull() ? "" : value.isString() ? value.asString() : value.toString();
        return text.replaceAll("\\p{Cntrl}", " ");
    }

    private static String cut(String text) {
        return text.length() <= WIDEST ? text : text.substring(0, WIDEST - 1) + "…";
    }
}
