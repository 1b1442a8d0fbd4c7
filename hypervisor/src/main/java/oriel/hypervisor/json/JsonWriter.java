package oriel.hypervisor.json;

import java.util.Map;

/** Writes values on one line, in ASCII: what isn't ASCII is escaped. */
final class JsonWriter {
    private JsonWriter() {}

    static String text(JsonValue value) {
        StringBuilder out = new StringBuilder();
        append(out, value);
        return out.toString();
    }

    private static void append(StringBuilder out, JsonValue value) {
        switch (value) {
            case JsonValue.ObjectValue(Map<String, JsonValue> members) -> {
                String separator = "{";
                for (Map.Entry<String, JsonValue> member : members.entrySet()) {
                    out.append(separator);
                    quote(out, member.getKey());
                    out.append(':');
                    append(out, member.getValue());
                    separator = ",";
                }
                out.append(members.isEmpty() ? "{}" : "}");
            }
            case JsonValue.ArrayValue(var elements) -> {
                String separator = "[";
                for (JsonValue element : elements) {
                    out.append(separator);
                    append(out, element);
                    separator = ",";
                }
                out.append(elements.isEmpty() ? "[]" : "]");
            }
            case JsonValue.StringValue(String text) -> quote(out, text);
            case JsonValue.NumberValue(String literal) -> out.append(literal);
            case JsonValue.BooleanValue(boolean truth) -> out.append(truth);
            case JsonValue.NullValue() -> out.append("null");
        }
    }

    private static void quote(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c >= ' ' && c < 0x7F) {
                out.append(c);
            } else {
                out.append("\\u").append(Character.forDigit(c >> 12, 16)).append(Character.forDigit(c >> 8 & 15, 16));
                out.append(Character.forDigit(c >> 4 & 15, 16)).append(Character.forDigit(c & 15, 16));
            }
        }
        out.append('"');
    }
}
