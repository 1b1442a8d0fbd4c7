package oriel.displayd.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import oriel.displayd.gateway.PasswordVerifier.Verdict.Admitted;
import oriel.displayd.gateway.PasswordVerifier.Verdict.Refused;
import oriel.displayd.testing.SyntheticDisplay;
import oriel.displayd.testing.TestCertificate;
import oriel.displayd.viewer.ClipboardPolicy;
import oriel.displayd.viewer.DisplayGrant;
import oriel.displayd.viewer.DisplayHub;
import oriel.displayd.viewer.Right;
import oriel.displayd.viewer.ViewerListener;

final class RfbTlsServerTest {
    private static final String TICKET = "a-ticket_0123456789ABCDEF";

    @TempDir
    private static Path folder;

    private static TestCertificate certificate;

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private DisplayHub hub;
    private RfbTlsServer server;

    @BeforeAll
    static void makeCertificate() throws IOException {
        certificate = new TestCertificate(folder);
    }

    @BeforeEach
    void serve() throws IOException {
        SyntheticDisplay display = new SyntheticDisplay(64, 48);
        DisplayGrant grant = new DisplayGrant("s", display, Set.of(Right.VIEW), ClipboardPolicy.DENIED);
        hub = new DisplayHub(ViewerListener.NONE);
        server = new RfbTlsServer(
                hub,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                (user, password, from) -> {
                    asked.add(user + " " + password);
                    assertThat(from.isLoopbackAddress()).isTrue();
                    if (password.equals("broken")) {
                        throw new IllegalStateException("no database");
                    }
                    return password.equals(TICKET) ? new Admitted(grant) : new Refused("No, because.");
                },
                certificate.context());
    }

    @AfterEach
    void stop() {
        server.close();
        hub.close();
    }

    /** The conversation up to TLS, byte by byte as VeNCrypt has it. */
    private SSLSocket secure(Socket socket) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        assertThat(in.readNBytes(12)).isEqualTo("RFB 003.008\n".getBytes(US_ASCII));
        socket.getOutputStream().write("RFB 003.008\n".getBytes(US_ASCII));
        assertHears(in, "0113"); // one security type: 19
        say(socket, "13");
        assertHears(in, "0002"); // version 0.2
        say(socket, "0002");
        assertHears(in, "00" + "01" + "00000106"); // agreed; one subtype: X509Plain
        say(socket, "00000106");
        assertHears(in, "01");
        SSLSocket secure = (SSLSocket)
                certificate.context().getSocketFactory().createSocket(socket, "127.0.0.1", server.port(), true);
        secure.startHandshake();
        return secure;
    }

    private static void assertHears(DataInputStream in, String hex) throws IOException {
        assertThat(HexFormat.of().formatHex(in.readNBytes(hex.length() / 2))).isEqualTo(hex);
    }

    private static void say(Socket socket, String hex) throws IOException {
        socket.getOutputStream().write(HexFormat.of().parseHex(hex));
    }

    private static void giveTicket(Socket socket, String ticket) throws IOException {
        byte[] bytes = ticket.getBytes(UTF_8);
        say(
                socket,
                "00000003" + HexFormat.of().toHexDigits(bytes.length) + "626f62"
                        + HexFormat.of().formatHex(bytes));
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        socket.setSoTimeout((int) Duration.ofSeconds(20).toMillis());
        return socket;
    }

    @Test
    void admitsWhoHasATicketAndSpeaksTls() throws IOException {
        try (Socket socket = connect();
                SSLSocket secure = secure(socket)) {
            giveTicket(secure, TICKET);
            DataInputStream in = new DataInputStream(secure.getInputStream());
            assertHears(in, "00000000");
            say(secure, "01");
            assertHears(in, "00400030"); // ServerInit: 64 × 48
            await().atMost(Duration.ofSeconds(20)).until(() -> hub.viewers("s").size() == 1);
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> hub.viewers().isEmpty());
        assertThat(asked).containsExactly("bob " + TICKET);
    }

    @ParameterizedTest
    @ValueSource(strings = {"another_0123456789ABCDEF", "short", "", "with spaces and ümlaut"})
    void tellsWhoHasNone(String password) throws IOException {
        try (Socket socket = connect();
                SSLSocket secure = secure(socket)) {
            giveTicket(secure, password);
            DataInputStream in = new DataInputStream(secure.getInputStream());
            assertThat(in.readInt()).isEqualTo(1);
            assertThat(new String(in.readNBytes(in.readInt()), UTF_8)).isEqualTo("No, because.");
            assertThat(in.read()).isNegative();
        }
        assertThat(asked).containsExactly("bob " + password);
        assertThat(hub.viewers()).isEmpty();
    }

    @Test
    void tellsWhenItCannotKnow() throws IOException {
        try (Socket socket = connect();
                SSLSocket secure = secure(socket)) {
            giveTicket(secure, "broken");
            DataInputStream in = new DataInputStream(secure.getInputStream());
            assertThat(in.readInt()).isEqualTo(1);
            assertThat(new String(in.readNBytes(in.readInt()), UTF_8)).contains("Try again");
        }
        assertThat(hub.viewers()).isEmpty();
    }

    @Test
    void takesNoNameOfAnyLength() throws IOException {
        try (Socket socket = connect();
                SSLSocket secure = secure(socket)) {
            say(secure, "7fffffff" + "00000000");
            assertThat(secure.getInputStream().read()).isNegative();
        }
        assertThat(asked).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"01", "13" + "0001", "13" + "0002" + "00000105", "13" + "0002" + "00000106" + "00"})
    void leavesWhoWantsItOtherwise(String said) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write("RFB 003.008\n".getBytes(US_ASCII));
            say(socket, said);
            socket.shutdownOutput();
            // Whatever it says until then, it ends.
            socket.getInputStream().readAllBytes();
        }
        assertThat(hub.viewers()).isEmpty();
        assertThat(asked).isEmpty();
    }
}
