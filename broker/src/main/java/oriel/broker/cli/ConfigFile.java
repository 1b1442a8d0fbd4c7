package oriel.broker.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import oriel.broker.BrokerConfig;
import oriel.broker.BrokerConfig.FirstPool;
import oriel.broker.BrokerConfig.MachineConfig;
import oriel.broker.BrokerConfig.TlsConfig;
import oriel.broker.identity.keycloak.OidcConfig;
import oriel.broker.recording.Retention;
import oriel.broker.store.StoreConfig;
import oriel.hypervisor.host.Overcommit;
import oriel.hypervisor.machine.Accelerator;

/**
 * The configuration file: lines {@code key = value}, comments with {@code #}. Every key is known and has a type; what is
 * not known is an error with its line, so that a mistyped key is not silently without effect. Absent keys have defaults.
 */
final class ConfigFile {
    private final String name;
    private final Map<String, Entry> entries;
    private final Set<String> known = new TreeSet<>();

    private record Entry(int line, String value) {}

    private ConfigFile(String name, Map<String, Entry> entries) {
        this.name = name;
        this.entries = entries;
    }

    /**
     * The configuration of a command.
     *
     * @param dataDirectory given with {@code --data-dir}
     * @param file given with {@code --config}; else {@code oriel.conf} in the data directory, if there
     */
    static BrokerConfig find(@Nullable Path dataDirectory, @Nullable Path file) {
        Path directory = DataDirectory.choose(dataDirectory, System.getenv(), System.getProperty("user.home"));
        Path inDirectory = directory.resolve("oriel.conf");
        if (file != null) {
            return read(file).toConfig(directory);
        }
        return (Files.isRegularFile(inDirectory) ? read(inDirectory) : empty()).toConfig(directory);
    }

    /** No file: defaults everywhere. */
    static ConfigFile empty() {
        return new ConfigFile("", new LinkedHashMap<>());
    }

    static ConfigFile read(Path file) {
        try {
            return parse(file.toString(), Files.readAllLines(file, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new Main.Failure(2, "The configuration " + file + " cannot be read: " + e.getMessage());
        }
    }

    static ConfigFile parse(String name, List<String> lines) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            int equals = line.indexOf('=');
            if (equals < 1) {
                throw new Main.Failure(2, name + ", line " + (i + 1) + ": write \"key = value\".");
            }
            String key = line.substring(0, equals).strip();
            if (entries.put(key, new Entry(i + 1, line.substring(equals + 1).strip())) != null) {
                throw new Main.Failure(2, name + ", line " + (i + 1) + ": \"" + key + "\" is there twice.");
            }
        }
        return new ConfigFile(name, entries);
    }

    /** The configuration, or a failure that names the line. */
    BrokerConfig toConfig(Path dataDirectory) {
        BrokerConfig defaults = BrokerConfig.defaults(dataDirectory);
        StoreConfig store = defaults.store();
        FirstPool pool = defaults.pool();
        MachineConfig machines = defaults.machines();
        BrokerConfig config = new BrokerConfig(
                dataDirectory,
                Path.of(text("images.directory", defaults.imageDirectory().toString())),
                new StoreConfig(
                        text("database.url", store.url()),
                        text("database.user", store.user()),
                        secret("database.password", store.password()),
                        number("database.connections", store.connections(), 2, 200)),
                defaults.listen(),
                flag("listen.behind-proxy", defaults.behindProxy()),
                tls(),
                oidc(),
                new FirstPool(
                        text("pool.name", pool.id()),
                        text("pool.image", pool.image()),
                        number("pool.size", pool.size(), 0, 1000),
                        number("pool.warm", pool.warm(), 0, 1000),
                        number("pool.memory-mib", pool.memoryMib(), 64, 1 << 20),
                        number("pool.vcpus", pool.vcpus(), 1, 64)),
                new MachineConfig(
                        brokerName(machines.broker()),
                        flag("machines.emulated", Accelerator.automatic() == Accelerator.EMULATED),
                        number("machines.parallel-operations", machines.parallel(), 1, 256),
                        number("machines.booting", machines.booting(), 1, 256),
                        seconds("machines.boot-timeout-seconds", machines.bootTimeout()),
                        seconds("machines.look-seconds", machines.interval()),
                        machines.retryPause(),
                        seconds("machines.unclaimed-after-seconds", machines.unclaimedAfter()),
                        new Overcommit(
                                number(
                                        "host.vcpus-per-core",
                                        machines.overcommit().vcpusPerCore(),
                                        1,
                                        1000),
                                number(
                                        "host.memory-overcommit-percent",
                                        machines.overcommit().memoryPercent(),
                                        50,
                                        1000)),
                        seconds("host.lost-after-seconds", machines.hostLostAfter())),
                new Retention(
                        Path.of(text(
                                "recordings.directory",
                                defaults.recordings().folder().toString())),
                        Duration.ofDays(number(
                                "recordings.keep-days",
                                (int) defaults.recordings().time().toDays(),
                                1,
                                3650)),
                        (long) number(
                                        "recordings.most-gib",
                                        (int) (defaults.recordings().bytes() >> 30),
                                        1,
                                        1 << 20)
                                << 30),
                nativeViewers(text("listen.address", defaults.listen().getHostString())),
                peerAddress());
        config = config.listeningOn(
                text("listen.address", defaults.listen().getHostString()),
                number("listen.port", defaults.listen().getPort(), 0, 65535));
        entries.keySet().stream()
                .filter(key -> !known.contains(key))
                .findFirst()
                .ifPresent(key -> {
                    throw new Main.Failure(
                            2,
                            where(key) + "there is no key \"" + key + "\". Keys are: " + String.join(", ", known)
                                    + ".");
                });
        return config;
    }

    private TlsConfig tls() {
        TlsConfig.Use use = switch (text("listen.tls", "auto")) {
            case "auto" -> TlsConfig.Use.AUTO;
            case "on" -> TlsConfig.Use.ON;
            case "off" -> TlsConfig.Use.OFF;
            default -> throw new Main.Failure(2, where("listen.tls") + "\"listen.tls\" must be auto, on or off.");
        };
        String certificate = text("tls.certificate", "");
        String key = text("tls.key", "");
        if (certificate.isEmpty() != key.isEmpty()) {
            throw new Main.Failure(
                    2,
                    where(certificate.isEmpty() ? "tls.key" : "tls.certificate")
                            + "\"tls.certificate\" and \"tls.key\" go together.");
        }
        return certificate.isEmpty()
                ? new TlsConfig(use, null, null)
                : new TlsConfig(use, Path.of(certificate), Path.of(key));
    }

    private BrokerConfig.@Nullable NativeViewerPort nativeViewers(String otherwise) {
        String address = text("native-viewers.address", otherwise);
        String host = text("native-viewers.public-host", "");
        String port = text("native-viewers.port", "off");
        return port.equals("off")
                ? null
                : new BrokerConfig.NativeViewerPort(
                        InetSocketAddress.createUnresolved(
                                address, number("native-viewers.port", BrokerConfig.NativeViewerPort.USUAL, 0, 65535)),
                        host.isEmpty() ? null : hostName("native-viewers.public-host", host));
    }

    private String hostName(String key, String host) {
        if (host.matches("[A-Za-z0-9.-]{1,253}|(?=.*:.*:)[0-9A-Fa-f:.]{2,45}")) {
            return host;
        }
        throw new Main.Failure(2, where(key) + "\"" + key + "\" must be a name or an address, without a port.");
    }

    private String brokerName(String otherwise) {
        String name = text("broker.name", otherwise);
        if (name.matches("[a-z][a-z0-9-]{0,19}")) {
            return name;
        }
        throw new Main.Failure(
                2,
                where("broker.name") + "\"broker.name\" must have lower-case letters, digits and dashes, 20 at most.");
    }

    private @Nullable URI peerAddress() {
        String address = text("broker.address", "");
        return address.isEmpty() ? null : url("broker.address", address);
    }

    private @Nullable OidcConfig oidc() {
        String issuer = text("oidc.issuer", "");
        String client = text("oidc.client-id", "oriel");
        String secret = secret("oidc.client-secret", "");
        String label = text("oidc.label", "single sign-on");
        String prefix = text("oidc.role-prefix", OidcConfig.ROLE_PREFIX);
        String publicUrl = text("listen.public-url", "");
        return issuer.isEmpty()
                ? null
                : new OidcConfig(
                        url("oidc.issuer", issuer),
                        client,
                        secret.isEmpty() ? null : secret,
                        label,
                        prefix,
                        publicUrl.isEmpty() ? null : url("listen.public-url", publicUrl));
    }

    private URI url(String key, String value) {
        try {
            URI url = new URI(value);
            if (("http".equals(url.getScheme()) || "https".equals(url.getScheme())) && url.getHost() != null) {
                return url;
            }
        } catch (URISyntaxException e) {
            // The same answer as for another scheme.
        }
        throw new Main.Failure(2, where(key) + "\"" + key + "\" must be an address like https://host/path.");
    }

    /** A secret: here, in the file that {@code KEY-file} names, or in the environment as {@code ORIEL_KEY}. */
    private String secret(String key, String otherwise) {
        String file = text(key + "-file", "");
        String variable =
                "ORIEL_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
        String inEnvironment = System.getenv(variable);
        String value = text(key, inEnvironment == null ? otherwise : inEnvironment);
        if (file.isEmpty()) {
            return value;
        }
        if (entries.containsKey(key)) {
            throw new Main.Failure(2, where(key) + "give \"" + key + "\" or \"" + key + "-file\", not both.");
        }
        try {
            return Files.readString(Path.of(file), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new Main.Failure(2, where(key + "-file") + "the file cannot be read: " + e.getMessage());
        }
    }

    private String where(String key) {
        Entry entry = entries.get(key);
        return entry == null ? name + ": " : name + ", line " + entry.line() + ": ";
    }

    private String text(String key, String otherwise) {
        known.add(key);
        Entry entry = entries.get(key);
        return entry == null ? otherwise : entry.value();
    }

    private int number(String key, int otherwise, int least, int most) {
        String value = text(key, Integer.toString(otherwise));
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The same answer as for a number out of range.
        }
        throw new Main.Failure(
                2, where(key) + "\"" + key + "\" must be a number between " + least + " and " + most + ".");
    }

    private Duration seconds(String key, Duration otherwise) {
        return Duration.ofSeconds(number(key, (int) otherwise.toSeconds(), 1, 7 * 24 * 3600));
    }

    private boolean flag(String key, boolean otherwise) {
        return switch (text(key, Boolean.toString(otherwise))) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new Main.Failure(2, where(key) + "\"" + key + "\" must be true or false.");
        };
    }
}
