package oriel.hypervisor.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A JSON value (RFC 8259). Immutable. Its text on one line is what {@code toString} gives. */
public sealed interface JsonValue {
    /**
     * An object.
     *
     * @param members in the order of the text
     */
    record ObjectValue(Map<String, JsonValue> members) implements JsonValue {
        /** Copies the map. */
        public ObjectValue {
            members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
        }

        /** A member; empty if there is none or it is null. */
        public Optional<JsonValue> find(String name) {
            return Optional.ofNullable(members.get(name)).filter(value -> !(value instanceof NullValue));
        }

        @Override
        public String toString() {
            return JsonWriter.text(this);
        }
    }

    /** An array. */
    record ArrayValue(List<JsonValue> elements) implements JsonValue {
        /** Copies the list. */
        public ArrayValue {
            elements = List.copyOf(elements);
        }

        @Override
        public String toString() {
            return JsonWriter.text(this);
        }
    }

    /** A string. */
    record StringValue(String value) implements JsonValue {
        @Override
        public String toString() {
            return JsonWriter.text(this);
        }
    }

    /**
     * A number.
     *
     * @param literal as it was written
     */
    record NumberValue(String literal) implements JsonValue {
        @Override
        public String toString() {
            return literal;
        }
    }

    /** True or false. */
    record BooleanValue(boolean value) implements JsonValue {
        @Override
        public String toString() {
            return Boolean.toString(value);
        }
    }

    /** Null. */
    record NullValue() implements JsonValue {
        @Override
        public String toString() {
            return "null";
        }
    }

    /** A string. */
    static JsonValue of(String value) {
        return new StringValue(value);
    }

    /** An integer. */
    static JsonValue of(long value) {
        return new NumberValue(Long.toString(value));
    }

    /** True or false. */
    static JsonValue of(boolean value) {
        return new BooleanValue(value);
    }

    /** An array of strings. */
    static JsonValue of(List<String> values) {
        return new ArrayValue(values.stream().map(JsonValue::of).toList());
    }

    /** An object. */
    static JsonValue of(Map<String, JsonValue> members) {
        return new ObjectValue(members);
    }

    /**
     * Reads a text.
     *
     * @throws JsonException if it is no JSON or nested deeper than 64
     */
    static JsonValue parse(String text) {
        return new JsonParser(text).parse();
    }

    /**
     * This as an object.
     *
     * @throws JsonException if it is none
     */
    default ObjectValue asObject() {
        if (this instanceof ObjectValue object) {
            return object;
        }
        throw new JsonException("an object was expected");
    }

    /**
     * The elements of this array.
     *
     * @throws JsonException if it is none
     */
    default List<JsonValue> asList() {
        if (this instanceof ArrayValue(List<JsonValue> elements)) {
            return elements;
        }
        throw new JsonException("an array was expected");
    }

    /**
     * The text of this string.
     *
     * @throws JsonException if it is none
     */
    default String asString() {
        if (this instanceof StringValue(String value)) {
            return value;
        }
        throw new JsonException("a string was expected");
    }

    /**
     * This as an integer.
     *
     * @throws JsonException if it is none, or not in the range of a {@code long}
     */
    default long asLong() {
        if (this instanceof NumberValue(String literal)) {
            try {
                return Long.parseLong(literal);
            } catch (NumberFormatException e) {
                throw new JsonException(literal + " is no integer of 64 bits");
            }
        }
        throw new JsonException("a number was expected");
    }

    /**
     * This as a boolean.
     *
     * @throws JsonException if it is none
     */
    default boolean asBoolean() {
        if (this instanceof BooleanValue(boolean value)) {
            return value;
        }
        throw new JsonException("true or false was expected");
    }
}
