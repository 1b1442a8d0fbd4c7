package oriel.hypervisor.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A recursive-descent parser (RFC 8259 §2). The text's length bounds its work, a depth limit its stack. */
final class JsonParser {
    private static final int MAX_DEPTH = 64;
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

    private final String text;
    private int at;

    JsonParser(String text) {
        this.text = text;
    }

    JsonValue parse() {
        JsonValue value = value(0);
        space();
        if (at != text.length()) {
            throw wrong("the end was expected");
        }
        return value;
    }

    private JsonException wrong(String what) {
        return new JsonException("at character " + at + ": " + what);
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char peek() {
        if (at >= text.length()) {
            throw wrong("the text is too short");
        }
        return text.charAt(at);
    }

    private boolean take(char wanted) {
        space();
        if (at < text.length() && text.charAt(at) == wanted) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char wanted) {
        if (!take(wanted)) {
            throw wrong("'" + wanted + "' was expected");
        }
    }

    private JsonValue value(int depth) {
        if (depth > MAX_DEPTH) {
            throw wrong("nested deeper than " + MAX_DEPTH);
        }
        space();
        return switch (peek()) {
            case '{' -> object(depth);
            case '[' -> array(depth);
            case '"' -> new JsonValue.StringValue(string());
            case 't' -> word("true", new JsonValue.BooleanValue(true));
            case 'f' -> word("false", new JsonValue.BooleanValue(false));
            case 'n' -> word("null", new JsonValue.NullValue());
            default -> number();
        };
    }

    private JsonValue word(String word, JsonValue value) {
        if (!text.startsWith(word, at)) {
            throw wrong("a value was expected");
        }
        at += word.length();
        return value;
    }

    private JsonValue number() {
        int end = at;
        while (end < text.length() && "+-.eE0123456789".indexOf(text.charAt(end)) >= 0) {
            end++;
        }
        String literal = text.substring(at, end);
        if (!NUMBER.matcher(literal).matches()) {
            throw wrong("a value was expected");
        }
        at = end;
        return new JsonValue.NumberValue(literal);
    }

    private JsonValue object(int depth) {
        expect('{');
        Map<String, JsonValue> members = new LinkedHashMap<>();
        if (take('}')) {
            return new JsonValue.ObjectValue(members);
        }
        do {
            space();
            String name = string();
            expect(':');
            members.put(name, value(depth + 1));
        } while (take(','));
        expect('}');
        return new JsonValue.ObjectValue(members);
    }

    private JsonValue array(int depth) {
        expect('[');
        List<JsonValue> elements = new ArrayList<>();
        if (take(']')) {
            return new JsonValue.ArrayValue(elements);
        }
        do {
            elements.add(value(depth + 1));
        } while (take(','));
        expect(']');
        return new JsonValue.ArrayValue(elements);
    }

    private String string() {
        if (peek() != '"') {
            throw wrong("a string was expected");
        }
        at++;
        StringBuilder out = new StringBuilder();
        while (true) {
            char c = peek();
            at++;
            if (c == '"') {
                return out.toString();
            } else if (c < ' ') {
                throw wrong("a control character in a string");
            }
            out.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() {
        char c = peek();
        at++;
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> throw wrong("no such escape");
        };
    }

    private char unicode() {
        int code = 0;
        for (int i = 0; i < 4; i++) {
            int digit = Character.digit(peek(), 16);
            if (digit < 0) {
                throw wrong("four hexadecimal digits were expected");
            }
            code = code << 4 | digit;
            at++;
        }
        return (char) code;
    }
}
