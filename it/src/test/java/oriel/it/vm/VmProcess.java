package oriel.it.vm;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oriel.it.process.OrielProcess;

/** {@code oriel vm} in a process of its own, its serial console and what it says in files. */
final class VmProcess implements AutoCloseable {
    private static final Pattern PORT = Pattern.compile("VNC viewers connect to localhost::(\\d+)");

    private final Process process;
    private final Path serial;
    private final Path messages;

    private VmProcess(Process process, Path serial, Path messages) {
        this.process = process;
        this.serial = serial;
        this.messages = messages;
    }

    /** Starts one with its serial console in {@code serial.log} and its messages in {@code vm.log} of a folder. */
    static VmProcess start(Path folder, List<String> options) throws IOException {
        Path serial = folder.resolve("serial.log");
        Path messages = folder.resolve("vm.log");
        Files.deleteIfExists(serial);
        List<String> arguments = new ArrayList<>(List.of("vm", "--serial", "file:" + serial));
        arguments.addAll(options);
        Process process = OrielProcess.of(arguments)
                .redirectErrorStream(true)
                .redirectOutput(messages.toFile())
                .start();
        return new VmProcess(process, serial, messages);
    }

    /** What the guest has written on its serial console. */
    String serial() {
        return read(serial);
    }

    /** What the command has said. */
    String messages() {
        return read(messages);
    }

    private static String read(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for the guest to say something; fails at once if the process ends before. */
    void awaitSerial(String text, Duration limit) {
        awaitText(this::serial, "the serial console", text, limit);
    }

    /** Waits for the command to say something. */
    void awaitMessage(String text, Duration limit) {
        awaitText(this::messages, "standard error", text, limit);
    }

    private void awaitText(Supplier<String> source, String where, String text, Duration limit) {
        await("\"" + text + "\" on " + where)
                .atMost(limit)
                .pollInterval(Duration.ofMillis(100))
                .failFast(() -> {
                    if (!process.isAlive() && !source.get().contains(text)) {
                        throw new AssertionError("the process has ended: " + messages());
                    }
                })
                .until(() -> source.get().contains(text));
    }

    int rfbPort() {
        Matcher port = PORT.matcher(messages());
        if (!port.find()) {
            throw new AssertionError("no VNC port was announced: " + messages());
        }
        return Integer.parseInt(port.group(1));
    }

    Duration cpu() {
        return process.toHandle().info().totalCpuDuration().orElseThrow();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** As a power failure would. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    int awaitExit(Duration limit) throws InterruptedException {
        if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("still running after " + limit + ": " + messages());
        }
        return process.exitValue();
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
