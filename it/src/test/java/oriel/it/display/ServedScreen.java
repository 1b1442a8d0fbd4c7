package oriel.it.display;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import oriel.displayd.gateway.DisplayGateway;
import oriel.displayd.gateway.OriginPolicy;
import oriel.displayd.gateway.PasswordVerifier.Verdict.Admitted;
import oriel.displayd.gateway.PasswordVerifier.Verdict.Refused;
import oriel.displayd.gateway.RfbTcpServer;
import oriel.displayd.gateway.RfbTlsServer;
import oriel.displayd.testing.SyntheticDisplay;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.PowerSwitch;
import oriel.displayd.viewer.Right;
import oriel.displayd.viewer.ViewerListener;
import oriel.hypervisor.sound.Sound;

/** A screen under the test's control, served as the product serves a machine's. */
final class ServedScreen implements AutoCloseable {
    /** A sub-protocol that opens it, any number of times. */
    static final String TICKET = "oriel.ticket.0123456789abcdef";

    private final SyntheticDisplay display;
    private final DisplayHub hub = new DisplayHub(ViewerListener.NONE);
    private final DisplayGateway gateway;
    private final RfbTcpServer tcp;
    private final DisplayGrant grant;
    private final List<String> switched = new CopyOnWriteArrayList<>();

    ServedScreen(int width, int height, String origin) throws IOException {
        this(width, height, origin, Sound.SILENT);
    }

    ServedScreen(int width, int height, String origin, Sound sound) throws IOException {
        display = new SyntheticDisplay(width, height, sound);
        grant = new DisplayGrant(
                "test", display, Set.of(Right.VIEW, Right.CONTROL), ClipboardPolicy.BOTH_WAYS, new Switch());
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        gateway = new DisplayGateway(
                hub, loopback, ticket -> Optional.of(grant), OriginPolicy.sameHostAnd(Set.of(origin)));
        gateway.start();
        tcp = new RfbTcpServer(hub, loopback, grant);
    }

    void show(int[] picture) {
        display.paint((to, width, height) -> System.arraycopy(picture, 0, to, 0, to.length));
    }

    SyntheticDisplay.RecordingInput input() {
        return display.recordedInput();
    }

    /** What was done to the machine's switch, in order. */
    List<String> switched() {
        return List.copyOf(switched);
    }

    int webSocketPort() {
        return gateway.port();
    }

    /** A port for native viewers over TLS, which takes one ticket. */
    RfbTlsServer serveTls(SSLContext tls, String ticket) throws IOException {
        return new RfbTlsServer(
                hub,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                (user, password, from) -> password.equals(ticket) ? new Admitted(grant) : new Refused("No."),
                tls);
    }

    int tcpPort() {
        return tcp.port();
    }

    @Override
    public void close() {
        tcp.close();
        gateway.close();
        hub.close();
    }

    private final class Switch implements PowerSwitch {
        @Override
        public void shutDown() {
            switched.add("shut down");
        }

        @Override
        public void reboot() {
            switched.add("reboot");
        }

        @Override
        public void reset() {
            switched.add("reset");
        }
    }
}
