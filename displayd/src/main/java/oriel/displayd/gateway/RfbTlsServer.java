package oriel.displayd.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.displayd.gateway.PasswordVerifier.Verdict;
import oriel.displayd.rfb.RfbProtocolException;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Viewer;

/**
 * RFB over TLS for native viewers, with VeNCrypt: the server proves itself by its certificate, the user by name and
 * password. Nothing else is offered, so nothing goes over the network in the clear. Thread-safe.
 */
public final class RfbTlsServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RfbTlsServer.class);
    /** Between two messages of a client that isn't admitted yet: a person may have to be asked for a password. */
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    /** From the connection to the password, however a client drips. */
    private static final Duration ADMISSION = Duration.ofMinutes(3);
    /** Clients that aren't admitted yet. */
    private static final int MAX_WAITING = 64;

    /**
     * JSSE sends no session tickets for so long a time (RFC 8446 §4.6.1 allows a week). TigerVNC's viewer 1.12 waits for
     * ever if one arrives together with the security result: it takes "ticket read" for "nothing to read".
     */
    private static final Duration NO_TICKETS = Duration.ofDays(8);

    private final DisplayHub hub;
    private final PasswordVerifier passwords;
    private final SSLContext tls;
    private final TcpPort port;
    private final Semaphore waiting = new Semaphore(MAX_WAITING);
    private final Set<Socket> unadmitted = ConcurrentHashMap.newKeySet();

    /**
     * Opens the port and serves it.
     *
     * @param hub takes the viewers; outlives the server
     * @param address where to listen; port 0 for any
     * @param passwords knows who is to be admitted
     * @param tls has the server's certificate; no session of it is resumed
     * @throws IOException if the port can't be had, with the reason
     */
    public RfbTlsServer(DisplayHub hub, InetSocketAddress address, PasswordVerifier passwords, SSLContext tls)
            throws IOException {
        this.hub = hub;
        this.passwords = passwords;
        this.tls = tls;
        tls.getServerSessionContext().setSessionTimeout((int) NO_TICKETS.toSeconds());
        port = new TcpPort("RFB over TLS", address, this::take);
    }

    /** The port it listens on. */
    public int port() {
        return port.number();
    }

    private void take(Socket client) {
        if (waiting.tryAcquire()) {
            Thread.ofVirtual().name("rfb-tls-reader").start(() -> serve(client));
        } else {
            log.warn("{} clients aren't admitted yet: {} is turned away", MAX_WAITING, peer(client));
            close(client);
        }
    }

    private record Admitted(SSLSocket client, DisplayGrant grant) {}

    private void serve(Socket client) {
        Optional<Admitted> admitted = Optional.empty();
        try {
            unadmitted.add(client);
            client.setSoTimeout((int) PATIENCE.toMillis());
            client.setTcpNoDelay(true);
            hub.after(ADMISSION, () -> giveUp(client));
            admitted = admit(client);
        } catch (IOException | RfbProtocolException e) {
            log.info("{} was not admitted: {}", peer(client), e.getMessage());
        } catch (RejectedExecutionException e) {
            log.debug("{} comes while the server stops", peer(client));
        } finally {
            unadmitted.remove(client);
            waiting.release();
            if (admitted.isEmpty()) {
                close(client);
            }
        }
        admitted.ifPresent(who -> TcpTransport.watch(who.client(), hub, who.grant(), Viewer::startAdmitted));
    }

    private Optional<Admitted> admit(Socket client) throws IOException, RfbProtocolException {
        SSLSocket secure = VeNCrypt.secure(client, tls);
        VeNCrypt.Credentials given = VeNCrypt.credentials(secure);
        return switch (verdict(given, client)) {
            case Verdict.Admitted(DisplayGrant grant) -> {
                VeNCrypt.admit(secure);
                secure.setSoTimeout(0);
                yield Optional.of(new Admitted(secure, grant));
            }
            case Verdict.Refused(String reason) -> {
                log.info("{} was not admitted: {}", peer(client), reason);
                VeNCrypt.refuse(secure, reason);
                yield Optional.empty();
            }
        };
    }

    private Verdict verdict(VeNCrypt.Credentials given, Socket client) {
        try {
            return passwords.verify(given.user(), given.password(), client.getInetAddress());
        } catch (RuntimeException e) {
            log.error("a viewer's password could not be checked", e);
            return new Verdict.Refused("The password could not be checked. Try again in a moment.");
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
        port.close();
        unadmitted.forEach(RfbTlsServer::close);
    }
}
