package oriel.broker.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where other brokers come to this one. */
public final class PeerAddress {
    private PeerAddress() {}

    /**
     * What a broker registers.
     *
     * @param configured what its configuration says; null: nothing
     * @param listening where it listens
     * @param certificate SHA-256 of the certificate that it shows; null: it speaks no TLS
     * @throws IOException if peers could not come to what is configured; the message says what to do
     */
    public static HostRegistrations.Address of(
            @Nullable URI configured, InetSocketAddress listening, @Nullable String certificate) throws IOException {
        if (configured == null) {
            return new HostRegistrations.Address(
                    URI.create((certificate == null ? "http://" : "https://") + own(listening.getAddress()) + ":"
                            + listening.getPort()),
                    certificate);
        }
        if (certificate != null && !"https".equals(configured.getScheme())) {
            throw new IOException("\"broker.address\" is " + configured + ", but this broker speaks TLS only, and other"
                    + " brokers would send people's sign-ins there in the clear. Write https://…, or set listen.tls = off"
                    + " if a proxy of yours encrypts.");
        }
        // Encrypted by a proxy, it is the proxy's certificate that peers see: one that is vouched for.
        return new HostRegistrations.Address(configured, certificate);
    }

    private static String own(InetAddress listening) {
        InetAddress address =
                listening.isAnyLocalAddress() ? best(interfaces()).orElse(InetAddress.getLoopbackAddress()) : listening;
        String literal = address.getHostAddress();
        return literal.contains(":") ? "[" + literal.replaceAll("%.*", "") + "]" : literal;
    }

    /**
     * The address by which other computers reach this one. Not what its own name resolves to: on Debian that is 127.0.1.1,
     * where each broker would find nobody but itself.
     */
    static Optional<InetAddress> best(List<InetAddress> addresses) {
        return addresses.stream()
                .filter(address -> !address.isLoopbackAddress()
                        && !address.isLinkLocalAddress()
                        && !address.isMulticastAddress()
                        && !address.isAnyLocalAddress())
                .min(Comparator.comparing(address -> !(address instanceof Inet4Address)));
    }

    private static List<InetAddress> interfaces() {
        try {
            return NetworkInterface.networkInterfaces()
                    .filter(PeerAddress::connects)
                    // A tunnel is for some of them at best.
                    .sorted(Comparator.comparing(PeerAddress::tunnel).thenComparingInt(NetworkInterface::getIndex))
                    .flatMap(NetworkInterface::inetAddresses)
                    .toList();
        } catch (SocketException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean connects(NetworkInterface one) {
        try {
            return one.isUp() && !one.isLoopback();
        } catch (SocketException e) {
            // It went away just now.
            return false;
        }
    }

    private static boolean tunnel(NetworkInterface one) {
        try {
            return one.isPointToPoint();
        } catch (SocketException e) {
            return true;
        }
    }
}
