package oriel.displayd.soak;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A native viewer over TLS (VeNCrypt, X509Plain). */
final class RawTlsViewer implements RawClient {
    private final SSLSocket socket;

    /** Opens it and shakes hands, up to ServerInit. */
    RawTlsViewer(int port, SSLContext tls) throws IOException {
        Socket plain = new Socket();
        plain.setReceiveBufferSize(RECEIVE_BUFFER);
        plain.setTcpNoDelay(true);
        plain.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        plain.setSoTimeout(60_000);
        DataInputStream in = new DataInputStream(plain.getInputStream());
        DataOutputStream out = new DataOutputStream(plain.getOutputStream());
        in.readFully(new byte[12]);
        out.write("RFB 003.008\n".getBytes(US_ASCII));
        in.readFully(new byte[2]);
        out.write(19);
        in.readFully(new byte[2]);
        out.writeShort(2);
        in.readFully(new byte[6]);
        out.writeInt(262);
        in.readFully(new byte[1]);
        socket = (SSLSocket) tls.getSocketFactory().createSocket(plain, "127.0.0.1", port, true);
        socket.startHandshake();
        // No name, a password of one letter, ClientInit.
        message(new byte[] {0, 0, 0, 0, 0, 0, 0, 1, 'p', 1});
        assertThat(new DataInputStream(socket.getInputStream()).readInt()).isZero();
    }

    @Override
    public void message(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    @Override
    public boolean awaitEnd() {
        try {
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true; // reset: ended as well
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
