package oriel.broker.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where other brokers are sent. */
class PeerAddressTest {
    private static final InetSocketAddress LOOPBACK = new InetSocketAddress(InetAddress.getLoopbackAddress(), 8006);

    private static InetAddress address(String literal) throws Exception {
        return InetAddress.getByName(literal);
    }

    @Test
    void whereItListensUnlessConfiguredOtherwise() throws Exception {
        assertThat(PeerAddress.of(null, LOOPBACK, null).at()).hasToString("http://127.0.0.1:8006");
        assertThat(PeerAddress.of(null, LOOPBACK, "AA:BB"))
                .isEqualTo(new HostRegistrations.Address(URI.create("https://127.0.0.1:8006"), "AA:BB"));
        assertThat(PeerAddress.of(null, new InetSocketAddress(address("2001:db8::1"), 8006), null)
                        .at())
                .hasToString("http://[2001:db8:0:0:0:0:0:1]:8006");
        URI other = URI.create("https://broker-1.example.org");
        assertThat(PeerAddress.of(other, LOOPBACK, "AA:BB").at()).isEqualTo(other);
    }

    @Test
    void othersAreNotSentToLoopbackIfThereIsAnyOtherWay() throws Exception {
        // As Debian's /etc/hosts has it for the computer's own name.
        InetAddress own = address("127.0.1.1");
        assertThat(PeerAddress.best(List.of(
                        own, address("fe80::1"), address("2001:db8::1"), address("192.0.2.7"), address("192.0.2.8"))))
                .contains(address("192.0.2.7"));
        assertThat(PeerAddress.best(List.of(own, address("2001:db8::1")))).contains(address("2001:db8::1"));
        assertThat(PeerAddress.best(List.of(own))).isEmpty();
    }

    @Test
    void signInsDoNotGoInTheClearToABrokerThatSpeaksTls() {
        assertThatThrownBy(() -> PeerAddress.of(URI.create("http://broker-1.example.org"), LOOPBACK, "AA:BB"))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("broker.address", "https://", "listen.tls");
    }
}
