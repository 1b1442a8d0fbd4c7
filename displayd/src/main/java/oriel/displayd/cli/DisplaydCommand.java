package oriel.displayd.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import oriel.displayd.gateway.RfbTcpServer;
import oriel.displayd.recording.RecordingSettings;
import oriel.displayd.source.RawFrames;
import oriel.displayd.source.RawFramesDisplay;
import oriel.displayd.source.TestTone;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Recorder;
import oriel.displayd.viewer.Right;
import oriel.displayd.viewer.ViewerListener;
import oriel.hypervisor.sound.Sound;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code oriel displayd}: shows recorded frames to any VNC client, so that codecs can be tried without a machine. */
@Command(
        name = "displayd",
        mixinStandardHelpOptions = true,
        description = "Serves a file of raw frames to any VNC client on this computer, over and over.",
        exitCodeOnExecutionException = 1)
public final class DisplaydCommand implements Callable<Integer> {
    private static final long NANOS = 1_000_000_000L;

    @Option(
            names = "--source",
            required = true,
            paramLabel = SourceOption.FORM,
            description = "32-bit B,G,R,0 frames, one after the other; fps=0 shows the frame whose number is "
                    + "read from standard input, or the next at an empty line "
                    + "(default: 30).")
    private String source = "";

    @Option(names = "--listen", required = true, paramLabel = "PORT", description = "Loopback port; 0 for any.")
    private int port;

    @Option(
            names = "--record",
            paramLabel = "FILE",
            description = "Also records what is shown, as a session's recording.")
    private @Nullable Path recording;

    @Option(names = "--tone", paramLabel = "HERTZ", description = "Also plays a tone, for clients that can hear.")
    private int tone;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** Runs the command by itself. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new DisplaydCommand()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        SourceOption from;
        try {
            from = SourceOption.parse(source);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--source: " + e.getMessage(), e);
        }
        PrintWriter out = spec.commandLine().getOut();
        try (RawFrames frames = new RawFrames(from.file(), from.size());
                DisplayHub hub = new DisplayHub(ViewerListener.NONE);
                TestTone played = tone > 0 ? new TestTone(tone) : null) {
            RawFramesDisplay display = new RawFramesDisplay(
                    frames, String.valueOf(from.file().getFileName()), played == null ? Sound.SILENT : played.sound());
            DisplayGrant grant = new DisplayGrant("raw", display, Set.of(Right.VIEW), ClipboardPolicy.DENIED);
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            if (recording != null) {
                Recorder recorder = hub.record(display, RecordingSettings.to(recording), (why, detail) -> {});
                Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(recorder::close));
            }
            try (RfbTcpServer server = new RfbTcpServer(hub, address, grant)) {
                out.printf("serving %d frames on port %d%n", frames.count(), server.port());
                out.flush();
                if (from.framesPerSecond() == 0) {
                    step(display, out);
                } else {
                    play(display, from.framesPerSecond());
                }
            }
        } catch (IOException e) {
            spec.commandLine().getErr().println("oriel displayd: " + e.getMessage());
            return 1;
        }
        return 0;
    }

    private static void step(RawFramesDisplay display, PrintWriter out) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.matches("[0-9]{1,9}")) {
                display.show(Integer.parseInt(line));
            } else {
                display.next();
            }
            out.println("shown");
            out.flush();
        }
    }

    private static void play(RawFramesDisplay display, int framesPerSecond) {
        long due = System.nanoTime();
        while (!Thread.currentThread().isInterrupted()) {
            due += NANOS / framesPerSecond;
            LockSupport.parkNanos(due - System.nanoTime());
            display.next();
        }
    }
}
