package oriel.displayd.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.displayd.rfb.RfbProtocolException;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Viewer;

/**
 * RFB over TLS for native viewers, with VeNCrypt: the server proves itself by its certificate, and a one-time ticket is the
 * password. Nothing else is offered, so nothing goes over the network in the clear. Thread-safe.
 */
public final class RfbTlsServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RfbTlsServer.class);
    /** Between two messages of a client that isn't admitted yet. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** From the connection to the ticket, however a client drips. */
    private static final Duration ADMISSION = Duration.ofSeconds(60);
    /** Clients that aren't admitted yet. */
    private static final int MAX_WAITING = 64;

    private final DisplayHub hub;
    private final TicketVerifier tickets;
    private final SSLContext tls;
    private final ServerSocket socket;
    private final Semaphore waiting = new Semaphore(MAX_WAITING);
    private final Set<Socket> unadmitted = ConcurrentHashMap.newKeySet();

    /**
     * Opens the port and serves it.
     *
     * @param hub takes the viewers; outlives the server
     * @param address where to listen; port 0 for any
     * @param tickets knows which passwords are good; a user's name is not heeded
     * @param tls has the server's certificate
     * @throws IOException if the port can't be had, with the reason
     */
    public RfbTlsServer(DisplayHub hub, InetSocketAddress address, TicketVerifier tickets, SSLContext tls)
            throws IOException {
        this.hub = hub;
        this.tickets = tickets;
        this.tls = tls;
        socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);
            socket.bind(address);
        } catch (IOException e) {
            socket.close();
            throw new IOException("RFB over TLS can't listen on " + address + ": " + e.getMessage(), e);
        }
        Thread.ofVirtual().name("rfb-tls-accept").start(this::accept);
        log.info("RFB over TLS at {}", socket.getLocalSocketAddress());
    }

    /** The port it listens on. */
    public int port() {
        return socket.getLocalPort();
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                if (waiting.tryAcquire()) {
                    Thread.ofVirtual().name("rfb-tls-reader").start(() -> serve(client));
                } else {
                    log.warn("{} clients aren't admitted yet: {} is turned away", MAX_WAITING, peer(client));
                    client.close();
                }
            } catch (IOException e) {
                if (!socket.isClosed()) {
                    log.warn("RFB connection not accepted: {}", e.getMessage());
                }
            }
        }
    }

    private void serve(Socket client) {
        Optional<SSLSocket> admitted = Optional.empty();
        DisplayGrant grant = null;
        try {
            unadmitted.add(client);
            client.setSoTimeout((int) PATIENCE.toMillis());
            client.setTcpNoDelay(true);
            hub.after(ADMISSION, () -> giveUp(client));
            SSLSocket secure = VeNCrypt.secure(client, tls);
            String password = VeNCrypt.password(secure);
            grant = Admission.isTicket(password) ? tickets.redeem(password).orElse(null) : null;
            VeNCrypt.result(secure, grant != null);
            admitted = Optional.of(secure);
            secure.setSoTimeout(0);
        } catch (IOException | RfbProtocolException e) {
            log.info("{} was not admitted: {}", peer(client), e.getMessage());
        } finally {
            unadmitted.remove(client);
            waiting.release();
        }
        if (grant == null || admitted.isEmpty()) {
            if (admitted.isPresent()) {
                log.info("{} was not admitted: its ticket is unknown, expired or was used", peer(client));
            }
            close(client);
            return;
        }
        watch(grant, admitted.get());
    }

    private void watch(DisplayGrant grant, SSLSocket client) {
        TcpTransport transport = new TcpTransport(client, hub);
        Viewer viewer = hub.open(grant, transport);
        if (viewer == null) {
            return;
        }
        transport.onWritten(viewer::writable);
        try {
            viewer.startAdmitted();
            transport.readFor(viewer);
        } catch (IOException e) {
            viewer.transportClosed(String.valueOf(e.getMessage()));
        }
    }

    private void giveUp(Socket client) {
        if (unadmitted.contains(client)) {
            close(client);
        }
    }

    private static void close(Socket client) {
        try {
            client.close();
        } catch (IOException e) {
            log.debug("{} not closed: {}", peer(client), e.getMessage());
        }
    }

    private static String peer(Socket client) {
        return String.valueOf(client.getRemoteSocketAddress());
    }

    /** Closes the port. Viewers that were admitted stay, as the grants' owner cuts them. */
    @Override
    public void close() {
        close(socket);
        unadmitted.forEach(RfbTlsServer::close);
    }

    private static void close(ServerSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            log.warn("RFB port not closed: {}", e.getMessage());
        }
    }
}
