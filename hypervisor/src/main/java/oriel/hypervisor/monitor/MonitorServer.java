package oriel.hypervisor.monitor;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.json.JsonException;
import oriel.hypervisor.json.JsonValue;

/**
 * Serves a machine's monitor on a Unix socket that only its owner can open: a greeting, then a JSON object a line each
 * way, in the manner of QMP. Whoever can write to the socket owns the machine. Thread-safe.
 */
public final class MonitorServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MonitorServer.class);
    private static final int LONGEST_LINE = 64 << 10;

    private final MonitorCommands commands;
    private final Path socket;
    private final ServerSocketChannel server;

    /**
     * Begins to listen.
     *
     * @throws IOException if the socket can't be made, for instance because the file exists
     */
    public MonitorServer(Path socket, MonitorCommands commands) throws IOException {
        this.socket = socket;
        this.commands = commands;
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        boolean listening = false;
        try {
            server.bind(UnixDomainSocketAddress.of(socket));
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            listening = true;
        } finally {
            if (!listening) {
                server.close();
            }
        }
        Thread.ofVirtual().name("monitor").start(this::accept);
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel client = server.accept();
                Thread.ofVirtual().name("monitor client").start(() -> serve(client));
            }
        } catch (ClosedChannelException e) {
            // closed: the machine is over
        } catch (IOException e) {
            LOG.warn("monitor {}: {}", socket, e.getMessage());
        }
    }

    private void serve(SocketChannel client) {
        try (client) {
            BufferedReader in = new BufferedReader(Channels.newReader(client, UTF_8));
            Writer out = Channels.newWriter(client, UTF_8);
            send(out, JsonValue.of(Map.of("QMP", JsonValue.of(Map.of("oriel", JsonValue.of(1))))));
            for (String line = readLine(in); line != null; line = readLine(in)) {
                if (!line.isBlank()) {
                    send(out, answer(line));
                }
            }
        } catch (IOException e) {
            LOG.debug("monitor {}: a client is gone: {}", socket, e.getMessage());
        }
    }

    private static @org.jspecify.annotations.Nullable String readLine(BufferedReader in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '\n') {
                return line.toString();
            }
            if (line.length() == LONGEST_LINE) {
                throw new IOException("a line is longer than " + LONGEST_LINE + " characters");
            }
            line.append((char) c);
        }
        return null;
    }

    private static void send(Writer out, JsonValue value) throws IOException {
        out.write(value + "\n");
        out.flush();
    }

    private JsonValue answer(String line) {
        try {
            return commands.answer(JsonValue.parse(line));
        } catch (JsonException e) {
            return MonitorCommands.error("GenericError", "not JSON: " + e.getMessage());
        }
    }

    /** Ends it; clients see their connection close when they next write. */
    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(socket);
    }
}
