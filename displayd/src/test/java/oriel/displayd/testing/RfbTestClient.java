package oriel.displayd.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.InflaterInputStream;
import oriel.displayd.rfb.PixelFormat;

/**
 * A small RFB client of our own, for what can't be seen through a finished one. A thread of its own reads; what it met is
 * noted as lines in {@link #log}.
 */
public final class RfbTestClient implements AutoCloseable {
    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final PixelFormat format;
    private final RfbDecoder decoder;
    private final List<String> log = new CopyOnWriteArrayList<>();
    private final String name;
    private volatile boolean answerFences = true;
    private volatile boolean requestAlways;

    /** Connects and shakes hands with version 3.8. */
    public RfbTestClient(int port, PixelFormat format) throws IOException {
        this.format = format;
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        out = new DataOutputStream(socket.getOutputStream());
        expect("RFB 003.008\n".getBytes(US_ASCII));
        out.write("RFB 003.008\n".getBytes(US_ASCII));
        expect(new byte[] {1, 1});
        out.write(1);
        expect(new byte[] {0, 0, 0, 0});
        out.write(1);
        int width = in.readUnsignedShort();
        int height = in.readUnsignedShort();
        in.skipNBytes(16);
        name = new String(in.readNBytes(in.readInt()), UTF_8);
        decoder = new RfbDecoder(format, width, height);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream message = new DataOutputStream(bytes);
        message.writeInt(0);
        message.write(format.bitsPerPixel());
        message.write(format.depth());
        message.write(format.bigEndian() ? 1 : 0);
        message.write(1);
        message.writeShort(format.redMax());
        message.writeShort(format.greenMax());
        message.writeShort(format.blueMax());
        message.write(format.redShift());
        message.write(format.greenShift());
        message.write(format.blueShift());
        message.write(new byte[3]);
        send(bytes.toByteArray());
    }

    private void expect(byte[] expected) throws IOException {
        byte[] got = in.readNBytes(expected.length);
        if (!Arrays.equals(got, expected)) {
            throw new IOException("expected " + Arrays.toString(expected) + ", got " + Arrays.toString(got));
        }
    }

    /** Starts reading. */
    public RfbTestClient listen() {
        Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    message();
                }
            } catch (IOException | RuntimeException e) {
                log.add("end " + e);
            }
        });
        return this;
    }

    public String name() {
        return name;
    }

    public List<String> log() {
        return log;
    }

    public RfbDecoder decoder() {
        return decoder;
    }

    public void answerFences(boolean answer) {
        answerFences = answer;
    }

    /** What the picture is now. */
    public int[] pixels() {
        synchronized (decoder) {
            return decoder.pixels().clone();
        }
    }

    public synchronized void send(byte[] message) throws IOException {
        out.write(message);
        out.flush();
    }

    public void encodings(int... encodings) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream message = new DataOutputStream(bytes);
        message.writeShort(0x0200);
        message.writeShort(encodings.length);
        for (int encoding : encodings) {
            message.writeInt(encoding);
        }
        send(bytes.toByteArray());
    }

    public void request(boolean incremental) throws IOException {
        request(incremental, 0, 0, decoder.width(), decoder.height());
    }

    public void request(boolean incremental, int x, int y, int width, int height) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream message = new DataOutputStream(bytes);
        message.write(3);
        message.write(incremental ? 1 : 0);
        message.writeShort(x);
        message.writeShort(y);
        message.writeShort(width);
        message.writeShort(height);
        send(bytes.toByteArray());
    }

    /** Asks for the picture, and for the next change after every update. */
    public void requestAlways() throws IOException {
        requestAlways = true;
        request(false);
    }

    public void continuousUpdates(boolean enable) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream message = new DataOutputStream(bytes);
        message.write(150);
        message.write(enable ? 1 : 0);
        message.writeInt(0);
        message.writeShort(decoder.width());
        message.writeShort(decoder.height());
        send(bytes.toByteArray());
    }

    private void message() throws IOException {
        int type = in.readUnsignedByte();
        switch (type) {
            case 0 -> update();
            case 3 -> cutText();
            case 150 -> log.add("end of continuous updates");
            case 248 -> fence();
            case 250 -> log.add("xvp " + HexFormat.of().formatHex(in.readNBytes(3)));
            case 255 -> audio();
            default -> throw new IOException("unknown message " + type);
        }
    }

    private void audio() throws IOException {
        in.skipNBytes(1);
        int operation = in.readUnsignedShort();
        log.add(
                operation == 2
                        ? "audio " + HexFormat.of().formatHex(in.readNBytes(in.readInt()))
                        : "audio " + operation);
    }

    private void cutText() throws IOException {
        in.skipNBytes(3);
        int length = in.readInt();
        if (length >= 0) {
            log.add("text " + new String(in.readNBytes(length), ISO_8859_1));
            return;
        }
        byte[] data = in.readNBytes(-length);
        log.add("clipboard " + HexFormat.of().formatHex(data, 0, 4) + (data[0] == 0x10 ? " " + inflate(data) : ""));
    }

    private static String inflate(byte[] data) throws IOException {
        try (DataInputStream text =
                new DataInputStream(new InflaterInputStream(new ByteArrayInputStream(data, 4, data.length - 4)))) {
            return new String(text.readNBytes(text.readInt()), UTF_8);
        }
    }

    private void fence() throws IOException {
        in.skipNBytes(3);
        int flags = in.readInt();
        byte[] payload = in.readNBytes(in.readUnsignedByte());
        if (flags >= 0) {
            log.add("fence answer " + HexFormat.of().formatHex(payload));
            return;
        }
        log.add("fence");
        if (answerFences) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream message = new DataOutputStream(bytes);
            message.writeInt(248 << 24);
            message.writeInt(flags & 7);
            message.write(payload.length);
            message.write(payload);
            send(bytes.toByteArray());
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
            if (encoding == -224) {
                log.add("last rectangle after " + i);
                break;
            }
            rectangle(encoding, x, y, w, h);
        }
        log.add("update");
        if (requestAlways) {
            request(true);
        }
    }

    private void rectangle(int encoding, int x, int y, int w, int h) throws IOException {
        switch (encoding) {
            case -223 -> {
                synchronized (decoder) {
                    decoder.resize(w, h);
                }
                log.add("size " + w + "×" + h);
            }
            case -308 -> {
                int screens = in.readUnsignedByte();
                in.skipNBytes(3);
                StringBuilder layout = new StringBuilder();
                for (int i = 0; i < screens; i++) {
                    layout.append(' ').append(Integer.toUnsignedString(in.readInt()));
                    layout.append(':')
                            .append(in.readUnsignedShort())
                            .append(',')
                            .append(in.readUnsignedShort());
                    layout.append('+')
                            .append(in.readUnsignedShort())
                            .append('×')
                            .append(in.readUnsignedShort());
                    in.skipNBytes(4);
                }
                synchronized (decoder) {
                    if (y == 0 && (w != decoder.width() || h != decoder.height())) {
                        decoder.resize(w, h);
                    }
                }
                log.add("extended size " + w + "×" + h + " reason " + x + " status " + y);
                log.add("screens" + layout);
            }
            case -239 -> {
                in.skipNBytes((long) w * h * format.bitsPerPixel() / 8 + (w + 7L) / 8 * h);
                log.add("cursor " + w + "×" + h + " at " + x + "," + y);
            }
            case -314 -> {
                in.readInt();
                byte[] rgba = in.readNBytes(4 * w * h);
                log.add("alpha cursor " + HexFormat.of().formatHex(rgba));
            }
            case -257 -> log.add("pointer absolute " + x);
            case -258, -259, -316 -> log.add("acknowledged " + encoding);
            case -261 -> log.add("leds " + in.readUnsignedByte());
            case -307 -> log.add("name " + new String(in.readNBytes(in.readInt()), UTF_8));
            default -> {
                synchronized (decoder) {
                    decoder.decode(encoding, x, y, w, h, in);
                }
                log.add("rectangle " + encoding + " " + w + "×" + h);
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
