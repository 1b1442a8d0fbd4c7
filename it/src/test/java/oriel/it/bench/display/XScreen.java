package oriel.it.bench.display;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The smallest X client that can fill a screen with pixels: it speaks the core protocol itself (X Window System
 * Protocol, Version 11), so that no library or compiler is needed to drive a peer.
 */
final class XScreen implements AutoCloseable {
    private static final int CREATE_WINDOW = 1;
    private static final int MAP_WINDOW = 8;
    private static final int GET_INPUT_FOCUS = 43;
    private static final int CREATE_GC = 55;
    private static final int PUT_IMAGE = 72;
    private static final int QUERY_EXTENSION = 98;
    private static final int Z_PIXMAP = 2;
    private static final int OVERRIDE_REDIRECT = 1 << 9;

    private final SocketChannel socket;
    private final int window;
    private final int graphicsContext;
    private final int width;
    private final int height;
    private ByteBuffer request = buffer(64);

    /** Connects to display {@code number} and covers its screen with a window. */
    XScreen(int number, int width, int height) throws IOException {
        this.width = width;
        this.height = height;
        socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        socket.connect(UnixDomainSocketAddress.of(Path.of("/tmp/.X11-unix/X" + number)));
        ByteBuffer setup = connect();
        int idBase = setup.getInt(12);
        int vendor = setup.getShort(24) & 0xFFFF;
        int formats = setup.get(29) & 0xFF;
        int screen = 40 + (vendor + 3 & ~3) + 8 * formats;
        int root = setup.getInt(screen);
        window = idBase;
        graphicsContext = idBase + 1;
        enableBigRequests();
        begin(CREATE_WINDOW, 0, 9)
                .putInt(window)
                .putInt(root)
                .putShort((short) 0)
                .putShort((short) 0);
        request.putShort((short) width)
                .putShort((short) height)
                .putShort((short) 0)
                .putShort((short) 1);
        request.putInt(0).putInt(OVERRIDE_REDIRECT).putInt(1);
        send();
        begin(CREATE_GC, 0, 4).putInt(graphicsContext).putInt(window).putInt(0);
        send();
        begin(MAP_WINDOW, 0, 2).putInt(window);
        send();
        sync();
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

    private ByteBuffer begin(int opcode, int detail, int words) {
        request.clear();
        return request.put((byte) opcode).put((byte) detail).putShort((short) words);
    }

    private void send() throws IOException {
        request.flip();
        while (request.hasRemaining()) {
            socket.write(request);
        }
    }

    private ByteBuffer read(int count) throws IOException {
        ByteBuffer to = buffer(count);
        while (to.hasRemaining()) {
            if (socket.read(to) < 0) {
                throw new EOFException("the X server closed the connection");
            }
        }
        return to.flip();
    }

    /** The next reply; events in between are dropped. */
    private ByteBuffer reply() throws IOException {
        while (true) {
            ByteBuffer head = read(32);
            if (head.get(0) == 0) {
                throw new IOException("X error " + head.get(1) + " in request " + head.get(10));
            }
            if (head.get(0) == 1) {
                read(4 * head.getInt(4));
                return head;
            }
        }
    }

    /** Draws rows of a picture of the whole screen, as 0x00RRGGBB. */
    void put(int[] picture, int top, int bottom) throws IOException {
        int rows = bottom - top;
        int size = 28 + 4 * width * rows;
        if (request.capacity() < size) {
            request = buffer(28 + 4 * width * height);
        }
        // A length of 0 announces that the real one, one word longer, follows (Big Requests Extension).
        begin(PUT_IMAGE, Z_PIXMAP, 0).putInt(size / 4).putInt(window).putInt(graphicsContext);
        request.putShort((short) width)
                .putShort((short) rows)
                .putShort((short) 0)
                .putShort((short) top);
        request.put((byte) 0).put((byte) 24).putShort((short) 0);
        request.asIntBuffer().put(picture, top * width, width * rows);
        request.position(size);
        send();
    }

    /** Returns once the server has done everything asked before. */
    void sync() throws IOException {
        begin(GET_INPUT_FOCUS, 0, 1);
        send();
        reply();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
