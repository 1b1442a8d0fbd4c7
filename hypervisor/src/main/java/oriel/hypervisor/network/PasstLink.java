package oriel.hypervisor.network;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A way out through the host's own connections, without privileges: the program passt translates one machine's packets
 * into sockets. By itself it gives the machine an address and names by DHCP; {@linkplain #behind behind} a segment's
 * gateway it takes what leaves the segment. Frames travel behind their length, big-endian (QEMU's stream protocol).
 *
 * <p>What the host can reach, the machine can: passt keeps it from the host's loopback addresses only.
 */
public final class PasstLink implements NetworkLink {
    private static final Logger LOG = LoggerFactory.getLogger(PasstLink.class);
    private static final int START_SECONDS = 10;

    /** Longest frame taken from passt. */
    private static final int MAX_FRAME = 65_536;

    private final Path program;
    private final List<String> options;

    /** Through a passt at a path: "passt" is looked for by the system. */
    public PasstLink(Path program) {
        this(program, List.of());
    }

    private PasstLink(Path program, List<String> options) {
        this.program = program;
        this.options = options;
    }

    /** For a machine of a segment, which has its address from there. Its resolver is the host's. */
    public static PasstLink behind(Path program, WayOut.Gateway gateway) {
        return new PasstLink(
                program,
                List.of(
                        "--no-dhcp",
                        "--address",
                        gateway.machine().toString(),
                        "--netmask",
                        Integer.toString(gateway.subnet().prefix()),
                        "--gateway",
                        gateway.address().toString(),
                        "--mac-addr",
                        gateway.hardware().toString(),
                        "--dns-forward",
                        gateway.address().toString()));
    }

    @Override
    public Connection connect(Consumer<byte[]> toCard) {
        try {
            Path folder = folder();
            return new PasstConnection(start(folder), folder, toCard);
        } catch (IOException e) {
            throw new NetworkException(
                    "passt can't be started: " + e.getMessage() + "; install Debian's package passt", e);
        }
    }

    /** A folder for the socket, which nobody else may reach. */
    private static Path folder() throws IOException {
        Path folder = Files.createTempDirectory(
                "oriel-net", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        if (System.getProperty("user.name").equals("root")) { // passt gives root up, and must still get at its socket
            Files.setOwner(
                    folder,
                    folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
        }
        return folder;
    }

    private Process start(Path folder) throws IOException {
        // --no-map-gw: the gateway's address isn't a way to services that listen on the host's loopback only.
        List<String> command = new ArrayList<>(List.of(
                program.toString(),
                "--foreground",
                "--one-off",
                "--quiet",
                "--no-map-gw",
                "--ipv4-only",
                "--tcp-ports",
                "none",
                "--udp-ports",
                "none",
                "--socket",
                folder.resolve("passt").toString()));
        command.addAll(options);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("passt.log").toFile())
                .start();
    }

    private static final class PasstConnection implements Connection {
        private final Process process;
        private final Path folder;
        private final SocketChannel socket;
        private final OutputStream out; // guarded by itself
        private volatile boolean closed;

        PasstConnection(Process process, Path folder, Consumer<byte[]> toCard) throws IOException {
            this.process = process;
            this.folder = folder;
            this.socket = connect();
            this.out = Channels.newOutputStream(socket);
            Thread.ofVirtual().name("passt").start(() -> read(toCard));
        }

        private SocketChannel connect() throws IOException {
            UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("passt"));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
            while (true) {
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                try {
                    channel.connect(address);
                    return channel;
                } catch (IOException e) {
                    channel.close();
                    if (!process.isAlive() || System.nanoTime() > deadline) {
                        String log =
                                Files.readString(folder.resolve("passt.log")).strip();
                        end();
                        throw new IOException(log.isEmpty() ? "it doesn't listen" : log, e);
                    }
                    pause();
                }
            }
        }

        private static void pause() throws IOException {
            try {
                TimeUnit.MILLISECONDS.sleep(5);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }

        private void read(Consumer<byte[]> toCard) {
            try (DataInputStream in = new DataInputStream(Channels.newInputStream(socket))) {
                while (true) {
                    int length = in.readInt();
                    if (length < EthernetFrame.HEADER || length > MAX_FRAME) {
                        throw new IOException("a frame of " + length + " bytes");
                    }
                    toCard.accept(in.readNBytes(length));
                }
            } catch (EOFException e) {
                LOG.debug("passt has ended");
            } catch (IOException e) {
                if (!closed) {
                    LOG.warn("the connection to passt is lost: {}", e.getMessage());
                }
            }
        }

        @Override
        public void send(byte[] frame) {
            ByteBuffer packet =
                    ByteBuffer.allocate(4 + frame.length).putInt(frame.length).put(frame);
            byte[] bytes = new byte[packet.flip().remaining()];
            packet.get(bytes);
            synchronized (out) {
                try {
                    out.write(bytes);
                } catch (IOException e) {
                    LOG.debug("a frame for passt is lost: {}", e.getMessage());
                }
            }
        }

        @Override
        public void close() {
            closed = true;
            try {
                socket.close();
            } catch (IOException e) {
                LOG.debug("passt's socket: {}", e.getMessage());
            }
            end();
        }

        private void end() {
            process.destroy();
            try {
                Files.deleteIfExists(folder.resolve("passt"));
                Files.deleteIfExists(folder.resolve("passt.log"));
                Files.delete(folder);
            } catch (IOException e) {
                LOG.debug("{}: {}", folder, e.getMessage());
            }
        }
    }
}
