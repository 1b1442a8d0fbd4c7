package oriel.displayd.soak;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;

/** A WebSocket client without manners. */
final class RawWebSocket implements RawClient {
    private final Socket socket = new Socket();

    RawWebSocket(int port) throws IOException {
        socket.setReceiveBufferSize(RECEIVE_BUFFER);
        socket.setTcpNoDelay(true);
        socket.connect(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket.setSoTimeout(60_000);
    }

    /** The bytes of an opening request. */
    static byte[] openingRequest(String ticket) {
        return String.join(
                        "\r\n",
                        "GET /display HTTP/1.1",
                        "Host: localhost",
                        "Upgrade: websocket",
                        "Connection: Upgrade",
                        "Sec-WebSocket-Version: 13",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                        "Sec-WebSocket-Protocol: binary, oriel.ticket." + ticket,
                        "",
                        "")
                .getBytes(ISO_8859_1);
    }

    /** A masked frame, the mask being zero (RFC 6455 §5.2). */
    static byte[] frame(int finAndOpcode, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(14 + payload.length);
        frame.put((byte) finAndOpcode);
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else if (payload.length < 1 << 16) {
            frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (0x80 | 127)).putLong(payload.length);
        }
        frame.putInt(0).put(payload).flip();
        byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        return bytes;
    }

    /** Opens the WebSocket and shakes RFB's hands, up to ServerInit. */
    RawWebSocket shakeHands(String ticket) throws IOException {
        send(openingRequest(ticket));
        skipPast("\r\n\r\n");
        skipPast("RFB 003.008\n");
        message("RFB 003.008\n".getBytes(US_ASCII));
        skipPast("\1\1");
        message(new byte[] {1});
        skipPast("\0\0\0\0");
        message(new byte[] {1});
        return this;
    }

    /** The same, and this one. */
    RawWebSocket askForEverything(int encoding) throws IOException {
        demandEverything(encoding);
        return this;
    }

    @Override
    public void message(byte[] payload) throws IOException {
        send(frame(0x82, payload));
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    /** Reads up to the end of a text. */
    void skipPast(String end) throws IOException {
        StringBuilder window = new StringBuilder();
        while (!window.toString().endsWith(end)) {
            int next = socket.getInputStream().read();
            if (next < 0) {
                throw new EOFException("the server closed the connection before '" + end + "'");
            }
            window.append((char) next);
            if (window.length() > end.length()) {
                window.deleteCharAt(0);
            }
        }
    }

    /** Whether the server has closed the connection; what it sent until then is dropped. Blocks until it does. */
    @Override
    public boolean awaitEnd() {
        try {
            byte[] buffer = new byte[4096];
            int count = socket.getInputStream().read(buffer);
            while (count >= 0) {
                count = socket.getInputStream().read(buffer);
            }
            return true;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true; // reset: ended as well
        }
    }

    /** Is gone without a word: a reset instead of an end (RFC 9293 §3.10.7). */
    void vanish() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
