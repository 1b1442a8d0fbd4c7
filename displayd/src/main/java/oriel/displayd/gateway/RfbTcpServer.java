package oriel.displayd.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.displayd.viewer.CloseReason;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Viewer;

/**
 * Plain RFB over TCP for native viewers, without authentication: whoever reaches the port gets the grant. Therefore
 * loopback only.
 */
public final class RfbTcpServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RfbTcpServer.class);

    private final DisplayHub hub;
    private final DisplayGrant grant;
    private final ServerSocket socket;

    /**
     * Opens the port and serves it.
     *
     * @param hub takes the viewers; outlives the server
     * @param address a loopback address; port 0 for any
     * @param grant what every client gets
     * @throws IOException if the port can't be had, with the reason
     * @throws IllegalArgumentException if the address is not loopback
     */
    public RfbTcpServer(DisplayHub hub, InetSocketAddress address, DisplayGrant grant) throws IOException {
        if (address.isUnresolved() || !address.getAddress().isLoopbackAddress()) {
            throw new IllegalArgumentException(
                    address + " is not a loopback address: RFB without authentication is served on loopback only");
        }
        this.hub = hub;
        this.grant = grant;
        socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);
            socket.bind(address);
        } catch (IOException e) {
            socket.close();
            throw new IOException("RFB can't listen on " + address + ": " + e.getMessage(), e);
        }
        Thread.ofVirtual().name("rfb-accept").start(this::accept);
        log.info("RFB of {} at {}", grant.display().name(), socket.getLocalSocketAddress());
    }

    /** The port it listens on. */
    public int port() {
        return socket.getLocalPort();
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                Thread.ofVirtual().name("rfb-reader").start(() -> serve(client));
            } catch (IOException e) {
                if (!socket.isClosed()) {
                    log.warn("RFB connection not accepted: {}", e.getMessage());
                }
            }
        }
    }

    private void serve(Socket client) {
        TcpTransport transport = new TcpTransport(client, hub);
        Viewer viewer = hub.open(grant, transport);
        if (viewer == null) {
            return;
        }
        transport.onWritten(viewer::writable);
        try {
            client.setTcpNoDelay(true);
            viewer.start();
            transport.readFor(viewer);
        } catch (IOException e) {
            viewer.transportClosed(String.valueOf(e.getMessage()));
        }
    }

    /** Closes the port and the connections it brought. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            log.warn("RFB port not closed: {}", e.getMessage());
        }
        hub.close(grant.sessionId(), CloseReason.SERVER_SHUTDOWN, "");
    }
}
