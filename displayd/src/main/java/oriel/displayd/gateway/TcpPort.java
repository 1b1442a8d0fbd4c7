package oriel.displayd.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.function.Consumer;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A TCP port that hands its connections on, until it is closed. Thread-safe. */
final class TcpPort implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TcpPort.class);
    /** Out of file descriptors, for example: trying again at once would only cost CPU. */
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final String what;
    private final ServerSocket socket;
    private final Consumer<Socket> taker;

    /**
     * Opens the port and begins to accept.
     *
     * @param what is served there, for the log
     * @param address where to listen; port 0 for any
     * @param taker called for each connection, on one thread; must not block, and owns the connection
     * @throws IOException if the port can't be had, with the reason
     */
    TcpPort(String what, InetSocketAddress address, Consumer<Socket> taker) throws IOException {
        this.what = what;
        this.taker = taker;
        socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);
            socket.bind(address);
        } catch (IOException e) {
            socket.close();
            throw new IOException(what + " can't listen on " + address + ": " + e.getMessage(), e);
        }
        Thread.ofVirtual().name("rfb-accept").start(this::accept);
        log.info("{} at {}", what, socket.getLocalSocketAddress());
    }

    /** The port it listens on. */
    int number() {
        return socket.getLocalPort();
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                noticeVanished(client);
                taker.accept(client);
            } catch (IOException e) {
                if (!socket.isClosed()) {
                    log.warn("{}: a connection was not accepted: {}", what, e.getMessage());
                    pause();
                }
            }
        }
    }

    /** A client whose network is gone says nothing: within a minute its viewer is closed. RFB has no ping of its own. */
    private static void noticeVanished(Socket client) throws IOException {
        client.setKeepAlive(true);
        if (client.supportedOptions().contains(ExtendedSocketOptions.TCP_KEEPIDLE)) {
            client.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 30);
            client.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 10);
            client.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 3);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Accepts no more; connections that were handed on stay. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            log.warn("{}: the port was not closed: {}", what, e.getMessage());
        }
    }
}
