package oriel.it.bench.display;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.testing.RfbDecoder;

/**
 * A client that decodes and counts. It asks for the next update as soon as it has decoded the last, like any viewer
 * without ContinuousUpdates, so that both peers are driven the same way.
 */
public final class BenchClient implements AutoCloseable {
    private static final int TIGHT = 7;
    private static final int COPY_RECT = 1;
    private static final int H264 = 50;
    private static final int LAST_RECT = -224;
    private static final int COMPRESSION_2 = -254;
    private static final int QUALITY_0 = -32;

    private final Socket socket;
    private final DataInputStream in;
    private final RfbDecoder decoder;
    private final AtomicLong bytes = new AtomicLong();
    private volatile long lastByte = System.nanoTime();
    private final AtomicInteger updates = new AtomicInteger();
    private volatile boolean ended;

    /**
     * Connects and asks for everything.
     *
     * @param quality JPEG quality level, or −1 for lossless
     * @param films whether H.264 is taken
     */
    public BenchClient(int port, int quality, boolean films) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        in = new DataInputStream(new BufferedInputStream(new Counting(socket.getInputStream()), 1 << 16));
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        in.skipNBytes(12);
        out.write("RFB 003.008\n".getBytes(StandardCharsets.US_ASCII));
        in.skipNBytes(in.readUnsignedByte());
        out.write(1);
        in.readInt();
        out.write(1);
        int width = in.readUnsignedShort();
        int height = in.readUnsignedShort();
        in.skipNBytes(16);
        in.skipNBytes(in.readInt());
        decoder = new RfbDecoder(PixelFormat.NATIVE, width, height);
        out.write(
                new byte[] {0, 0, 0, 0, 32, 24, 0, 1, 0, (byte) 255, 0, (byte) 255, 0, (byte) 255, 16, 8, 0, 0, 0, 0});
        List<Integer> encodings = new ArrayList<>(List.of(TIGHT, COPY_RECT, LAST_RECT, COMPRESSION_2));
        if (quality >= 0) {
            encodings.add(QUALITY_0 + quality);
        }
        if (films) {
            encodings.addFirst(H264);
        }
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(message);
        fields.writeInt(0x0200_0000 | encodings.size());
        for (int encoding : encodings) {
            fields.writeInt(encoding);
        }
        out.write(message.toByteArray());
        request(false);
        Thread.ofPlatform().daemon().name("bench-client").start(this::read);
    }

    private void request(boolean incremental) throws IOException {
        byte[] message = {3, (byte) (incremental ? 1 : 0), 0, 0, 0, 0, 0, 0, 0, 0};
        message[6] = (byte) (decoder.width() >> 8);
        message[7] = (byte) decoder.width();
        message[8] = (byte) (decoder.height() >> 8);
        message[9] = (byte) decoder.height();
        socket.getOutputStream().write(message);
    }

    private void read() {
        try {
            while (true) {
                int type = in.readUnsignedByte();
                switch (type) {
                    case 0 -> update();
                    case 2 -> {}
                    case 3 -> {
                        in.skipNBytes(3);
                        in.skipNBytes(in.readInt());
                    }
                    default -> throw new IOException("message " + type);
                }
            }
        } catch (IOException e) {
            ended = true;
        }
    }

    private void update() throws IOException {
        in.skipNBytes(1);
        int count = in.readUnsignedShort();
        for (int i = 0; i < count; i++) {
            int x = in.readUnsignedShort();
            int y = in.readUnsignedShort();
            int w = in.readUnsignedShort();
            int h = in.readUnsignedShort();
            int encoding = in.readInt();
            if (encoding == LAST_RECT) {
                break;
            }
            synchronized (decoder) {
                decoder.decode(encoding, x, y, w, h, in);
            }
        }
        updates.incrementAndGet();
        lastByte = System.nanoTime();
        request(true);
    }

    /** Waits until nothing has come for a while, an update at least if one is expected. */
    public void settle(int updatesBefore, boolean expected, long quietNanos) throws IOException {
        long end = System.nanoTime() + 3_000_000_000L;
        while (System.nanoTime() < end) {
            if (ended) {
                throw new IOException("the server closed the connection, or sent what can't be decoded");
            }
            boolean came = !expected || updates.get() > updatesBefore;
            if (came && System.nanoTime() - lastByte > quietNanos) {
                return;
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Updates decoded. */
    public int updates() {
        return updates.get();
    }

    /** Bytes received. */
    public long bytes() {
        return bytes.get();
    }

    /** A copy of its picture, 0x00RRGGBB. */
    public int[] picture() {
        synchronized (decoder) {
            return decoder.pixels().clone();
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private final class Counting extends FilterInputStream {
        Counting(InputStream in) {
            super(in);
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            int count = super.read(to, offset, length);
            if (count > 0) {
                bytes.addAndGet(count);
                lastByte = System.nanoTime();
            }
            return count;
        }
    }
}
