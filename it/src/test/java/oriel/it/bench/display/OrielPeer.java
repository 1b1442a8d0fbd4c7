package oriel.it.bench.display;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Our own daemon, as {@code oriel displayd} with the same JVM and class path as the benchmark's. */
public final class OrielPeer implements Peer {
    private static final Pattern SERVING = Pattern.compile("serving \\d+ frames on port (\\d+)");

    private final Process process;
    private final BufferedReader output;
    private final Writer input;
    private final int port;

    /** Starts it on a file of frames. */
    public OrielPeer(Path frames, int width, int height) throws IOException {
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-Xmx1g",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "oriel.displayd.cli.DisplaydCommand",
                        "--source",
                        "raw:%s,size=%dx%d,fps=0".formatted(frames, width, height),
                        "--listen",
                        "0")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        output = process.inputReader();
        input = process.outputWriter();
        port = Integer.parseInt(await(SERVING).group(1));
    }

    private Matcher await(Pattern wanted) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher matcher = wanted.matcher(line);
            if (matcher.find()) {
                return matcher;
            }
        }
        throw new IOException("oriel displayd ended before it was ready; its complaint is above");
    }

    @Override
    public String name() {
        return "Oriel";
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public void show(int frame) throws IOException {
        input.write(frame + "\n");
        input.flush();
        await(Pattern.compile("shown"));
    }

    @Override
    public long cpuNanos() throws IOException {
        return ProcessCpu.nanos(process.pid());
    }

    @Override
    public void close() throws IOException {
        input.close();
        process.destroy();
    }
}
