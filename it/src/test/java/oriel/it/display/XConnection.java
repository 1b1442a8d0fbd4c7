package oriel.it.display;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A client's connection to an X server of this machine: the core protocol itself (X Window System Protocol, Version 11),
 * so that no library or compiler is needed. Not thread-safe.
 */
public final class XConnection implements AutoCloseable {
    private static final int GET_INPUT_FOCUS = 43;
    private static final int GET_IMAGE = 73;
    private static final int QUERY_EXTENSION = 98;
    private static final int Z_PIXMAP = 2;

    private final SocketChannel socket;
    private final int idBase;
    private final int root;
    private ByteBuffer request = buffer(64);

    /** Connects to display {@code number}. */
    public XConnection(int number) throws IOException {
        socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        socket.connect(UnixDomainSocketAddress.of(socketOf(number)));
        ByteBuffer setup = connect();
        idBase = setup.getInt(12);
        int vendor = setup.getShort(24) & 0xFFFF;
        int formats = setup.get(29) & 0xFF;
        int screen = 40 + (vendor + 3 & ~3) + 8 * formats;
        root = setup.getInt(screen);
        enableBigRequests();
    }

    private static Path socketOf(int number) {
        return Path.of("/tmp/.X11-unix/X" + number);
    }

    /** A display number that nobody uses. */
    public static int freeNumber() {
        int number = 90;
        while (Files.exists(socketOf(number)) || Files.exists(Path.of("/tmp/.X" + number + "-lock"))) {
            number++;
        }
        return number;
    }

    /** The first of the identifiers that are ours to give. */
    public int idBase() {
        return idBase;
    }

    /** The window behind all others. */
    public int root() {
        return root;
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer connect() throws IOException {
        request.clear();
        request.put((byte) 'l')
                .put((byte) 0)
                .putShort((short) 11)
                .putShort((short) 0)
                .putShort((short) 0);
        request.putShort((short) 0).putShort((short) 0);
        send();
        ByteBuffer head = read(8);
        ByteBuffer rest = read(4 * (head.getShort(6) & 0xFFFF));
        if (head.get(0) != 1) {
            throw new IOException("the X server refused the connection");
        }
        ByteBuffer all = buffer(8 + rest.remaining());
        return all.put(head).put(rest).flip();
    }

    private void enableBigRequests() throws IOException {
        byte[] name = "BIG-REQUESTS".getBytes(StandardCharsets.US_ASCII);
        begin(QUERY_EXTENSION, 0, 2 + name.length / 4)
                .putShort((short) name.length)
                .putShort((short) 0);
        request.put(name);
        send();
        ByteBuffer reply = reply();
        if (reply.get(8) == 0) {
            throw new IOException("the X server has no BIG-REQUESTS");
        }
        begin(reply.get(9) & 0xFF, 0, 1);
        send();
        reply();
    }

    /** Starts a request; what follows its first word is appended to the buffer returned. */
    public ByteBuffer begin(int opcode, int detail, int words) {
        request.clear();
        return request.put((byte) opcode).put((byte) detail).putShort((short) words);
    }

    /**
     * Starts a request of any length (Big Requests Extension).
     *
     * @param bytes of all of it, with the word that this adds
     */
    public ByteBuffer beginBig(int opcode, int detail, int bytes) {
        if (request.capacity() < bytes) {
            request = buffer(bytes);
        }
        // A length of 0 announces that the real one follows.
        return begin(opcode, detail, 0).putInt(bytes / 4);
    }

    /** Sends what was begun. */
    public void send() throws IOException {
        request.flip();
        while (request.hasRemaining()) {
            socket.write(request);
        }
    }

    /** Reads so many bytes. */
    public ByteBuffer read(int count) throws IOException {
        ByteBuffer to = buffer(count);
        while (to.hasRemaining()) {
            if (socket.read(to) < 0) {
                throw new EOFException("the X server closed the connection");
            }
        }
        return to.flip();
    }

    /** The next reply's first 32 bytes; events in between are dropped. */
    private ByteBuffer head() throws IOException {
        while (true) {
            ByteBuffer head = read(32);
            if (head.get(0) == 0) {
                throw new IOException("X error " + head.get(1) + " in request " + head.get(10));
            }
            if (head.get(0) == 1) {
                return head;
            }
        }
    }

    /** The next reply's first 32 bytes; the rest, and events in between, are dropped. */
    public ByteBuffer reply() throws IOException {
        ByteBuffer head = head();
        read(4 * head.getInt(4));
        return head;
    }

    /** Returns once the server has done everything asked before. */
    public void sync() throws IOException {
        begin(GET_INPUT_FOCUS, 0, 1);
        send();
        reply();
    }

    /** The upper left part of what the screen shows, as 0x00RRGGBB. */
    public int[] picture(int width, int height) throws IOException {
        begin(GET_IMAGE, Z_PIXMAP, 5).putInt(root).putInt(0);
        request.putShort((short) width).putShort((short) height).putInt(-1);
        send();
        ByteBuffer head = head();
        ByteBuffer data = read(4 * head.getInt(4));
        int[] pixels = new int[width * height];
        data.asIntBuffer().get(pixels);
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] &= 0xFFFFFF;
        }
        return pixels;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
