package oriel.hypervisor.cpu.hostcode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What instructions the host has, by the names that Linux gives them in /proc/cpuinfo. Immutable. */
public final class HostFeatures {
    private final Set<String> names;

    private HostFeatures(Set<String> names) {
        this.names = names;
    }

    /** This host's; none where Linux doesn't tell. */
    public static HostFeatures ofThisHost() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return new HostFeatures(lines.filter(line -> line.startsWith("flags"))
                    .limit(1)
                    .flatMap(line -> Stream.of(
                            line.substring(line.indexOf(':') + 1).trim().split(" ")))
                    .collect(Collectors.toUnmodifiableSet()));
        } catch (IOException e) {
            return new HostFeatures(Set.of());
        }
    }

    /** Whether it has all of these. */
    public boolean have(String... features) {
        return names.containsAll(Set.of(features));
    }
}
