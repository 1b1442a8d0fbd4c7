package oriel.displayd.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import oriel.displayd.viewer.CloseReason;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Viewer;

/**
 * Plain RFB over TCP for native viewers, without authentication: whoever reaches the port gets the grant. Therefore
 * loopback only.
 */
public final class RfbTcpServer implements AutoCloseable {
    private final DisplayHub hub;
    private final DisplayGrant grant;
    private final TcpPort port;

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
        port = new TcpPort("RFB of " + grant.display().name(), address, this::take);
    }

    /** The port it listens on. */
    public int port() {
        return port.number();
    }

    private void take(Socket client) {
        Thread.ofVirtual().name("rfb-reader").start(() -> TcpTransport.watch(client, hub, grant, Viewer::start));
    }

    /** Closes the port and the connections it brought. */
    @Override
    public void close() {
        port.close();
        hub.close(grant.sessionId(), CloseReason.SERVER_SHUTDOWN, "");
    }
}
