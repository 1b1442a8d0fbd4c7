package oriel.it.bench.display;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import oriel.displayd.source.RawFrames;
import oriel.it.display.XConnection;

/** TigerVNC's X server: what engineers would put behind noVNC. Debian package {@code tigervnc-standalone-server}. */
public final class TigerVncPeer implements Peer {
    private static final Path PROGRAM = Path.of("/usr/bin/Xtigervnc");
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private final RawFrames frames;
    private final Process process;
    private final int port;
    private final XScreen screen;
    private final int width;
    private final int height;
    private int[] shown;
    private int[] next;

    /**
     * Starts it.
     *
     * @param frames what it will show; not closed
     * @return null where it isn't installed
     */
    public static @Nullable TigerVncPeer start(RawFrames frames) throws IOException {
        return Files.isExecutable(PROGRAM) ? new TigerVncPeer(PROGRAM, frames) : null;
    }

    private TigerVncPeer(Path program, RawFrames frames) throws IOException {
        this.frames = frames;
        width = frames.size().width();
        height = frames.size().height();
        shown = new int[width * height];
        next = new int[width * height];
        int number = XConnection.freeNumber();
        try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = any.getLocalPort();
        }
        process = new ProcessBuilder(
                        program.toString(),
                        ":" + number,
                        "-geometry",
                        width + "x" + height,
                        "-depth",
                        "24",
                        "-SecurityTypes",
                        "None",
                        "-rfbport",
                        Integer.toString(port),
                        "-localhost",
                        "-ac",
                        "-nolisten",
                        "tcp")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        awaitPort();
        screen = new XScreen(number, width, height);
    }

    private void awaitPort() throws IOException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                if (socket.isConnected()) {
                    return;
                }
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() > end) {
                    process.destroy();
                    throw new IOException("Xtigervnc doesn't come up on port " + port, e);
                }
                LockSupport.parkNanos(50_000_000);
            }
        }
    }

    @Override
    public String name() {
        return "TigerVNC";
    }

    @Override
    public int port() {
        return port;
    }

    /** Answers every key at once, as {@link TypingScreen} does; doesn't return until the peer is closed. */
    void type() throws IOException {
        screen.selectKeys();
        boolean lit = false;
        while (true) {
            screen.awaitKey();
            lit = !lit;
            screen.fill(TypingScreen.CHARACTER, lit ? 0xFFFFFF : 0);
        }
    }

    /** Draws the rows that differ, as a program that knows what it changed would. */
    @Override
    public void show(int frame) throws IOException {
        frames.copy(frame, frames.size().bounds(), next, 0, width);
        int first = Arrays.mismatch(shown, next);
        if (first < 0) {
            return;
        }
        int last = shown.length - 1;
        while (shown[last] == next[last]) {
            last--;
        }
        screen.put(next, first / width, last / width + 1);
        screen.sync();
        int[] swap = shown;
        shown = next;
        next = swap;
    }

    @Override
    public long cpuNanos() throws IOException {
        return ProcessCpu.nanos(process.pid());
    }

    @Override
    public void close() throws IOException {
        screen.close();
        process.destroy();
    }
}
