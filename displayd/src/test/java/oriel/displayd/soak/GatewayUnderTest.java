package oriel.displayd.soak;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import oriel.displayd.gateway.DisplayGateway;
import oriel.displayd.gateway.OriginPolicy;
import oriel.displayd.gateway.PasswordVerifier.Verdict.Admitted;
import oriel.displayd.gateway.RfbTcpServer;
import oriel.displayd.gateway.RfbTlsServer;
import oriel.displayd.testing.SyntheticDisplay;
import oriel.displayd.testing.TestCertificate;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.displayd.viewer.CloseReason;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Right;
import oriel.displayd.viewer.Viewer;
import oriel.displayd.viewer.ViewerListener;

/** A hub with every way in, to one screen. Every ticket and password is good. */
final class GatewayUnderTest implements AutoCloseable {
    final SyntheticDisplay display;
    final DisplayHub hub;
    final List<String> ends = new CopyOnWriteArrayList<>();
    private final DisplayGateway gateway;
    private final RfbTcpServer tcp;
    private final RfbTlsServer tls;
    private final SSLContext certificate;
    private final AtomicInteger tickets = new AtomicInteger();

    /**
     * Opens all ports.
     *
     * @param folder for the certificate
     */
    GatewayUnderTest(int width, int height, Path folder) throws IOException {
        display = new SyntheticDisplay(width, height);
        hub = new DisplayHub(2, 1000, new ViewerListener() {
            @Override
            public void disconnected(Viewer viewer, CloseReason reason, String detail) {
                ends.add(viewer.grant().sessionId() + " " + reason + " " + detail);
            }
        });
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        Set<Right> rights = Set.of(Right.VIEW, Right.CONTROL);
        DisplayGrant grant = new DisplayGrant("hostile", display, rights, ClipboardPolicy.BOTH_WAYS);
        gateway = new DisplayGateway(hub, loopback, ticket -> Optional.of(grant), OriginPolicy.sameHost());
        gateway.start();
        tcp = new RfbTcpServer(
                hub, loopback, new DisplayGrant("friend", display, Set.of(Right.VIEW), ClipboardPolicy.DENIED));
        certificate = new TestCertificate(folder).context();
        tls = new RfbTlsServer(hub, loopback, (user, password, from) -> new Admitted(grant), certificate);
    }

    /** A native viewer over TLS. */
    RawClient tlsViewer() throws IOException {
        return new RawTlsViewer(tls.port(), certificate);
    }

    /** A browser's WebSocket. */
    RawClient webSocket() throws IOException {
        return new RawWebSocket(port()).shakeHands(ticket());
    }

    int port() {
        return gateway.port();
    }

    int friendlyPort() {
        return tcp.port();
    }

    String ticket() {
        return "soak-ticket-%08d".formatted(tickets.incrementAndGet());
    }

    @Override
    public void close() {
        tcp.close();
        tls.close();
        gateway.close();
        hub.close();
    }
}
