package oriel.it.bench.display;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import oriel.displayd.gateway.DisplayGateway;
import oriel.displayd.gateway.OriginPolicy;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Right;
import oriel.displayd.viewer.ViewerListener;
import oriel.hypervisor.display.DisplaySize;

/** Our daemon with a {@link TypingScreen}, in a process of its own as TigerVNC's server is. */
public final class TypingDaemon {
    private TypingDaemon() {}

    /** {@code WIDTH HEIGHT ORIGIN,…}: says its port, and serves until it is ended. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        TypingScreen screen =
                new TypingScreen(new DisplaySize(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1])));
        DisplayGrant grant =
                new DisplayGrant("typing", screen, Set.of(Right.VIEW, Right.CONTROL), ClipboardPolicy.DENIED);
        try (DisplayHub hub = new DisplayHub(ViewerListener.NONE);
                DisplayGateway gateway = new DisplayGateway(
                        hub,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        ticket -> Optional.of(grant),
                        OriginPolicy.sameHostAnd(Set.of(arguments[2].split(","))))) {
            gateway.start();
            System.out.println("typing on port " + gateway.port());
            new CountDownLatch(1).await();
        }
    }
}
