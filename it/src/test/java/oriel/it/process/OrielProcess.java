package oriel.it.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command {@code oriel} in a process of its own, as the launcher starts it. */
public final class OrielProcess {
    private OrielProcess() {}

    /** A process yet to be started. */
    public static ProcessBuilder of(List<String> arguments) {
        return ofMain("oriel.broker.cli.Main", arguments);
    }

    /** Another class's {@code main}, with everything that tests have. */
    public static ProcessBuilder ofMain(String main, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:ReservedCodeCacheSize=512m",
                "-XX:+UseSerialGC",
                "-Doriel.home=" + System.getProperty("oriel.home", ".."),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                main));
        command.addAll(arguments);
        return new ProcessBuilder(command);
    }
}
