package oriel.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import oriel.broker.BrokerConfig;

class ConfigFileTest {
    private static final Path DATA = Path.of("/data");

    @Test
    void nothingSaidIsTheDefaults() {
        assertThat(ConfigFile.empty().toConfig(DATA)).isEqualTo(BrokerConfig.defaults(DATA));
    }

    @Test
    void whatIsSaidCounts() {
        BrokerConfig config = ConfigFile.parse(
                        "oriel.conf",
                        List.of(
                                "# a comment",
                                "listen.port = 9000",
                                "  pool.size=12",
                                "",
                                "database.url = jdbc:postgresql://db/oriel?a=b",
                                "listen.behind-proxy = true",
                                "machines.boot-timeout-seconds = 90"))
                .toConfig(DATA);
        assertThat(config.listen().getPort()).isEqualTo(9000);
        assertThat(config.pool().size()).isEqualTo(12);
        assertThat(config.store().url()).isEqualTo("jdbc:postgresql://db/oriel?a=b");
        assertThat(config.behindProxy()).isTrue();
        assertThat(config.machines().bootTimeout()).isEqualTo(Duration.ofSeconds(90));
    }

    @Test
    void vncViewersHaveAPortIfOneIsSaid() {
        assertThat(ConfigFile.empty().toConfig(DATA).nativeViewers()).isNull();
        BrokerConfig.NativeViewerPort port = ConfigFile.parse(
                        "oriel.conf",
                        List.of(
                                "listen.address = 0.0.0.0",
                                "native-viewers.port = 5900",
                                "native-viewers.public-host = vnc.example.org"))
                .toConfig(DATA)
                .nativeViewers();
        assertThat(port).isNotNull();
        assertThat(port.listen().getHostString()).isEqualTo("0.0.0.0");
        assertThat(port.listen().getPort()).isEqualTo(5900);
        assertThat(port.publicHost()).isEqualTo("vnc.example.org");
        assertMistake(List.of("native-viewers.port = on"), "line 1", "number between 0 and 65535");
        assertMistake(
                List.of("native-viewers.port = 1", "native-viewers.public-host = example.org:5900"),
                "line 2",
                "without a port");
    }

    @Test
    void mistakesAreToldWithTheirLine() {
        assertMistake(List.of("", "pool.sise = 3"), "line 2", "pool.sise", "pool.size");
        assertMistake(List.of("listen.port = http"), "line 1", "number between 0 and 65535");
        assertMistake(List.of("listen.port = 70000"), "line 1", "number between");
        assertMistake(List.of("listen.behind-proxy = yes"), "line 1", "true or false");
        assertMistake(List.of("pool.size 3"), "line 1", "key = value");
        assertMistake(List.of("pool.size = 3", "pool.size = 4"), "line 2", "twice");
    }

    private static void assertMistake(List<String> lines, String... parts) {
        assertThatThrownBy(() -> ConfigFile.parse("oriel.conf", lines).toConfig(DATA))
                .isInstanceOf(Main.Failure.class)
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    /** The example names every key with its default, commented out. */
    @Test
    void theExampleIsWhatTheProgramKnows() throws IOException {
        String example;
        try (InputStream in = ConfigFileTest.class.getResourceAsStream("/oriel/config/broker/oriel.conf")) {
            example = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        List<String> active = example.lines()
                .filter(line -> line.matches("# [a-z.-]+ =.*"))
                .map(line -> line.substring(2).replace("<data directory>", "/data"))
                .toList();
        BrokerConfig config = ConfigFile.parse("example", active).toConfig(DATA);
        assertThat(config.listen()).isEqualTo(BrokerConfig.defaults(DATA).listen());
        assertThat(config.pool()).isEqualTo(BrokerConfig.defaults(DATA).pool());
        String message = org.assertj.core.api.Assertions.catchThrowable(
                        () -> ConfigFile.parse("x", List.of("no.such.key = 1")).toConfig(DATA))
                .getMessage();
        for (String key : message.replaceAll(".*Keys are: |\\.$", "").split(", ", -1)) {
            assertThat(active).anyMatch(line -> line.startsWith(key + " ="));
        }
    }

    @Test
    void theDataDirectoryFollowsXdg() {
        assertThat(DataDirectory.choose(null, Map.of(), "/home/ann"))
                .isEqualTo(Path.of("/home/ann/.local/share/oriel"));
        assertThat(DataDirectory.choose(null, Map.of("XDG_DATA_HOME", "/x"), "/home/ann"))
                .isEqualTo(Path.of("/x/oriel"));
        assertThat(DataDirectory.choose(null, Map.of("XDG_DATA_HOME", "relative"), "/home/ann"))
                .isEqualTo(Path.of("/home/ann/.local/share/oriel"));
        assertThat(DataDirectory.choose(null, Map.of("ORIEL_DATA_DIR", "/o", "XDG_DATA_HOME", "/x"), "/home/ann"))
                .isEqualTo(Path.of("/o"));
        assertThat(DataDirectory.choose(Path.of("/given"), Map.of("ORIEL_DATA_DIR", "/o"), "/home/ann"))
                .isEqualTo(Path.of("/given"));
    }
}
