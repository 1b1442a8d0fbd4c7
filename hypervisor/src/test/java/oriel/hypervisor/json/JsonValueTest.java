package oriel.hypervisor.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonValueTest {
    @Test
    void readsWhatProtocolsSend() {
        JsonValue.ObjectValue value = JsonValue.parse(
                        "{\"return\": {\"pid\": -12, \"out\": \"a\\n\\u00e4\\\\\", \"ok\": true, \"no\": null, \"l\": [1.5e3, []]}}")
                .asObject()
                .members()
                .get("return")
                .asObject();
        assertThat(value.find("pid").orElseThrow().asLong()).isEqualTo(-12);
        assertThat(value.find("out").orElseThrow().asString()).isEqualTo("a\nä\\");
        assertThat(value.find("ok").orElseThrow().asBoolean()).isTrue();
        assertThat(value.find("no")).isEmpty();
        assertThat(value.find("l").orElseThrow().asList()).hasSize(2);
        assertThatThrownBy(
                        () -> value.find("l").orElseThrow().asList().getFirst().asLong())
                .isInstanceOf(JsonException.class);
    }

    @Test
    void writesOneLineOfAscii() {
        JsonValue value = JsonValue.of(Map.of("a", JsonValue.of(List.of("x\n\"", "ß"))));
        assertThat(value).hasToString("{\"a\":[\"x\\u000a\\\"\",\"\\u00df\"]}");
        assertThat(JsonValue.of(Map.of())).hasToString("{}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[1,]",
                "{\"a\"}",
                "{\"a\":1,}",
                "01",
                "1.",
                "+1",
                "nul",
                "\"\\x\"",
                "\"\\u12g4\"",
                "\"a\nb\"",
                "1 2",
                "'a'",
                "{a:1}",
                "\"",
                "[1 2]",
                "-"
            })
    void refusesWhatIsNoJson(String text) {
        assertThatThrownBy(() -> JsonValue.parse(text)).isInstanceOf(JsonException.class);
    }

    @Test
    void refusesWhatIsNestedTooDeeply() {
        assertThatThrownBy(() -> JsonValue.parse("[".repeat(100_000))).isInstanceOf(JsonException.class);
        assertThat(JsonValue.parse("[".repeat(60) + "]".repeat(60)).asList()).hasSize(1);
    }

    @Test
    void whatIsWrittenReadsTheSame() {
        Random random = new Random(42);
        for (int round = 0; round < 2000; round++) {
            JsonValue value = value(random, 0);
            assertThat(JsonValue.parse(value.toString())).isEqualTo(value);
        }
    }

    private static JsonValue value(Random random, int depth) {
        return switch (random.nextInt(depth > 4 ? 4 : 6)) {
            case 0 -> JsonValue.of(random.nextLong());
            case 1 -> JsonValue.of(random.nextBoolean());
            case 2 -> new JsonValue.NullValue();
            case 3 -> JsonValue.of(text(random));
            case 4 ->
                new JsonValue.ArrayValue(random.ints(random.nextInt(4), 0, 2)
                        .mapToObj(_ -> value(random, depth + 1))
                        .toList());
            default -> JsonValue.of(Map.of(text(random), value(random, depth + 1)));
        };
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        random.ints(random.nextInt(8), 0, 0x10000).forEach(c -> text.append((char) c));
        return text.toString();
    }
}
