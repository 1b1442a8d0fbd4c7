package oriel.displayd.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import oriel.displayd.rfb.RfbProtocolException;
import oriel.displayd.rfb.RfbVersion;
import oriel.displayd.rfb.WireBuffer;

/**
 * The server's side of VeNCrypt 0.2 (rfbproto "VeNCrypt"), from the first byte up to the security result: subtype X509Plain
 * only. Blocks; the socket's time-out bounds it.
 */
final class VeNCrypt {
    private static final int SECURITY_TYPE = 19;
    private static final int X509_PLAIN = 262;
    private static final int MAX_FIELD = 1024;
    private static final int OK = 0;
    private static final int FAILED = 1;

    private VeNCrypt() {}

    /**
     * Agrees on version and subtype, and begins TLS.
     *
     * @throws RfbProtocolException if the client can't or won't
     */
    static SSLSocket secure(Socket client, SSLContext tls) throws IOException, RfbProtocolException {
        DataInputStream in = new DataInputStream(client.getInputStream());
        send(client, new WireBuffer(16).bytes(RfbVersion.V3_8.banner()));
        byte[] banner = new byte[RfbVersion.LENGTH];
        in.readFully(banner);
        if (RfbVersion.parse(banner) == RfbVersion.V3_3) {
            throw new RfbProtocolException("RFB 3.3 knows no VeNCrypt");
        }
        send(client, new WireBuffer(2).u8(1).u8(SECURITY_TYPE));
        int type = in.readUnsignedByte();
        if (type != SECURITY_TYPE) {
            throw new RfbProtocolException("security type " + type + " was not offered");
        }
        send(client, new WireBuffer(2).u8(0).u8(2));
        int version = in.readUnsignedShort();
        if (version != 2) {
            send(client, new WireBuffer(1).u8(FAILED));
            throw new RfbProtocolException("VeNCrypt %d.%d is not spoken here".formatted(version >> 8, version & 0xFF));
        }
        send(client, new WireBuffer(8).u8(OK).u8(1).u32(X509_PLAIN));
        int subtype = in.readInt();
        if (subtype != X509_PLAIN) {
            send(client, new WireBuffer(1).u8(0));
            throw new RfbProtocolException("VeNCrypt subtype " + subtype + " was not offered");
        }
        send(client, new WireBuffer(1).u8(1));
        SSLSocket secure = (SSLSocket) tls.getSocketFactory()
                .createSocket(client, client.getInetAddress().getHostAddress(), client.getPort(), true);
        secure.setUseClientMode(false);
        secure.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
        secure.startHandshake();
        return secure;
    }

    /**
     * What a viewer's user gave.
     *
     * @param user name, unchecked
     * @param password unchecked
     */
    record Credentials(String user, String password) {
        @Override
        public String toString() {
            return "Credentials";
        }
    }

    /** Reads name and password (subtype Plain). */
    static Credentials credentials(SSLSocket client) throws IOException, RfbProtocolException {
        DataInputStream in = new DataInputStream(client.getInputStream());
        int user = in.readInt();
        int password = in.readInt();
        if (user < 0 || user > MAX_FIELD || password < 0 || password > MAX_FIELD) {
            throw new RfbProtocolException("a name of %d and a password of %d bytes".formatted(user, password));
        }
        return new Credentials(text(in, user), text(in, password));
    }

    private static String text(DataInputStream in, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("name and password end early");
        }
        return new String(bytes, UTF_8);
    }

    /** SecurityResult (RFC 6143 §7.1.3): the client may go on. */
    static void admit(SSLSocket client) throws IOException {
        send(client, new WireBuffer(4).u32(OK));
    }

    /** SecurityResult: the client may not, and its user reads why. */
    static void refuse(SSLSocket client, String reason) throws IOException {
        byte[] bytes = reason.getBytes(UTF_8);
        send(
                client,
                new WireBuffer(8 + bytes.length).u32(FAILED).u32(bytes.length).bytes(bytes));
    }

    private static void send(Socket client, WireBuffer message) throws IOException {
        DataOutputStream out = new DataOutputStream(client.getOutputStream());
        out.write(message.array(), 0, message.size());
        out.flush();
    }
}
