package oriel.broker;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import tools.jackson.databind.JsonNode;

/** A native viewer of sorts: VeNCrypt 0.2 with X509Plain, then RFB 3.8. It trusts the certificate that the API told of, only. */
final class VncClient implements AutoCloseable {
    private final SSLSocket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final String refusal;

    /** Opens what the API's answer is for. */
    static VncClient open(JsonNode access) throws Exception {
        return new VncClient(
                access,
                access.path("username").asString(),
                access.path("password").asString());
    }

    VncClient(JsonNode access, String user, String password) throws Exception {
        Socket plain =
                new Socket(InetAddress.getLoopbackAddress(), access.path("port").asInt());
        plain.setSoTimeout((int) Fixture.PATIENCE.toMillis());
        DataInputStream first = new DataInputStream(plain.getInputStream());
        DataOutputStream say = new DataOutputStream(plain.getOutputStream());
        assertThat(first.readNBytes(12)).isEqualTo("RFB 003.008\n".getBytes(US_ASCII));
        say.write("RFB 003.008\n".getBytes(US_ASCII));
        assertThat(first.readNBytes(2)).containsExactly(1, 19);
        say.write(19);
        assertThat(first.readUnsignedShort()).isEqualTo(2);
        say.writeShort(2);
        assertThat(first.readNBytes(6)).containsExactly(0, 1, 0, 0, 1, 6);
        say.writeInt(262);
        assertThat(first.readUnsignedByte()).isEqualTo(1);
        socket = (SSLSocket) trusting(access.path("certificate").asString())
                .getSocketFactory()
                .createSocket(plain, "127.0.0.1", plain.getPort(), true);
        socket.startHandshake();
        in = new DataInputStream(socket.getInputStream());
        out = new DataOutputStream(socket.getOutputStream());
        byte[] name = user.getBytes(UTF_8);
        byte[] secret = password.getBytes(UTF_8);
        out.writeInt(name.length);
        out.writeInt(secret.length);
        out.write(name);
        out.write(secret);
        out.flush();
        refusal = in.readInt() == 0 ? "" : new String(in.readNBytes(in.readInt()), UTF_8);
    }

    private static SSLContext trusting(String pem) throws GeneralSecurityException, IOException {
        KeyStore known = KeyStore.getInstance("PKCS12");
        known.load(null, null);
        known.setCertificateEntry(
                "server",
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(pem.getBytes(US_ASCII))));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(known);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** Why it was not let in; empty if it was. */
    String refusal() {
        return refusal;
    }

    /** ClientInit and ServerInit (RFC 6143 §7.3); the desktop's name. */
    String begin() throws IOException {
        out.write(1);
        out.flush();
        in.skipNBytes(20);
        return new String(in.readNBytes(in.readInt()), UTF_8);
    }

    /** Presses a key (§7.5.4) of a keysym. */
    void press(int keysym) throws IOException {
        out.write(new byte[] {4, 1, 0, 0});
        out.writeInt(keysym);
        out.flush();
    }

    /** Names xvp as what it can do (§7.5.2), and waits until the server offers it. */
    void awaitSwitch() throws IOException {
        out.write(new byte[] {2, 0, 0, 1});
        out.writeInt(-309);
        out.flush();
        assertThat(in.readNBytes(4)).as("xvp's \"init\"").containsExactly(250, 0, 1, 1);
    }

    /** xvp: asks for something. */
    void useSwitch(int action) throws IOException {
        out.write(new byte[] {(byte) 250, 0, 1, (byte) action});
        out.flush();
    }

    /** Waits until the server has closed the connection. */
    void awaitEnd() throws IOException {
        try {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        } catch (java.net.SocketTimeoutException e) {
            throw e;
        } catch (IOException e) {
            // Closed without TLS's goodbye: closed all the same.
            assertThat(String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT)).doesNotContain("timed out");
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
