package oriel.it.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs of the host that build or fetch what guests need. */
public final class HostCommand {
    private HostCommand() {}

    /** Whether a program can be started by its name. */
    public static boolean exists(String program) {
        for (String folder : (System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin").split(":", -1)) {
            if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }

    /**
     * Runs a program in a folder and returns what it says.
     *
     * @throws IOException if it can't be started, fails or takes longer than ten minutes
     */
    public static String run(Path folder, List<String> command) throws IOException, InterruptedException {
        Path output = Files.createTempFile("oriel-command", ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(10, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IOException(command + " did not end within ten minutes");
            }
            String said = Files.readString(output);
            if (process.exitValue() != 0) {
                throw new IOException(command + " failed: " + said);
            }
            return said;
        } finally {
            Files.delete(output);
        }
    }
}
