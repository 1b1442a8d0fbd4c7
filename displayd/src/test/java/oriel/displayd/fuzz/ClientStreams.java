package oriel.displayd.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import oriel.displayd.rfb.ExtendedClipboard;
import oriel.displayd.rfb.WireBuffer;

/**
 * Streams of client messages that are nearly right: whole messages with random fields, some of them cut, repeated,
 * lengthened or with bytes changed. Random bytes alone would hardly get beyond the first message.
 */
public final class ClientStreams {
    private static final int[] ENCODINGS = {
        0,
        1,
        2,
        5,
        6,
        7,
        16,
        21,
        50,
        -260,
        -32,
        -23,
        -412,
        -512,
        -763,
        -223,
        -224,
        -239,
        -247,
        -256,
        -257,
        -258,
        -261,
        -307,
        -308,
        -312,
        -313,
        -314,
        -316,
        0xC0A1E5CE
    };

    private final Random random;

    private ClientStreams(Random random) {
        this.random = random;
    }

    /** The stream of a seed. */
    public static byte[] stream(long seed) {
        return new ClientStreams(new Random(seed)).stream();
    }

    /** What a fuzzer starts from. */
    static Stream<byte[]> seeds() {
        return IntStream.range(0, 40).mapToObj(ClientStreams::stream);
    }

    private byte[] stream() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int count = 1 + random.nextInt(20);
        for (int i = 0; i < count; i++) {
            byte[] message = message();
            out.writeBytes(random.nextInt(6) == 0 ? damage(message) : message);
        }
        return out.toByteArray();
    }

    private byte[] damage(byte[] message) {
        return switch (random.nextInt(4)) {
            case 0 -> Arrays.copyOf(message, random.nextInt(message.length));
            case 1 -> Arrays.copyOf(message, message.length + random.nextInt(9));
            default -> {
                byte[] changed = message.clone();
                for (int i = 0; i <= random.nextInt(3); i++) {
                    changed[random.nextInt(changed.length)] = (byte) edge();
                }
                yield changed;
            }
        };
    }

    /** Numbers at which things break. */
    private int edge() {
        int[] edges = {0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF};
        return random.nextBoolean() ? edges[random.nextInt(edges.length)] : random.nextInt(1 << 16);
    }

    private byte[] message() {
        WireBuffer out = new WireBuffer(64);
        switch (random.nextInt(12)) {
            case 0 -> pixelFormat(out);
            case 1, 2 -> encodings(out);
            case 3 -> area(out.u8(3).u8(random.nextInt(2)));
            case 4 -> out.u8(4).u8(random.nextInt(2)).u16(0).u32(random.nextInt(4) == 0 ? random.nextInt() : 0xFF0D);
            case 5 -> {
                int buttons = random.nextInt(256);
                out.u8(5).u8(buttons).u16(edge()).u16(edge());
                if ((buttons & 0x80) != 0 && random.nextBoolean()) {
                    out.u8(random.nextInt(256));
                }
            }
            case 6 -> {
                byte[] text = "text ".repeat(random.nextInt(300)).getBytes(StandardCharsets.ISO_8859_1);
                out.u8(6).zeros(3).u32(text.length).bytes(text);
            }
            case 7 -> clipboard(out);
            case 8 -> area(out.u8(150).u8(random.nextInt(2)));
            case 9 -> {
                int length = random.nextInt(66);
                out.u8(248).zeros(3).u32(random.nextInt()).u8(length).zeros(length);
            }
            case 10 -> {
                int screens = random.nextInt(4);
                out.u8(251).u8(0).u16(edge()).u16(edge()).u8(screens).u8(0).zeros(16 * screens);
            }
            default ->
                out.u8(255).u8(0).u16(random.nextInt(2)).u32(random.nextInt()).u32(random.nextInt(260));
        }
        return out.toByteArray();
    }

    private void pixelFormat(WireBuffer out) {
        int[] bits = {8, 16, 32, 32, 24};
        int chosen = bits[random.nextInt(bits.length)];
        out.u8(0).zeros(3).u8(chosen).u8(random.nextInt(chosen + 1)).u8(random.nextInt(2));
        out.u8(random.nextInt(4) == 0 ? 0 : 1);
        for (int i = 0; i < 3; i++) {
            out.u16((1 << random.nextInt(10)) - 1);
        }
        for (int i = 0; i < 3; i++) {
            out.u8(random.nextInt(26));
        }
        out.zeros(3);
    }

    private void encodings(WireBuffer out) {
        int count = random.nextInt(ENCODINGS.length);
        out.u8(2).u8(0).u16(random.nextInt(20) == 0 ? edge() : count);
        for (int i = 0; i < count; i++) {
            out.u32(ENCODINGS[random.nextInt(ENCODINGS.length)]);
        }
    }

    private void clipboard(WireBuffer out) {
        int action = 24 + random.nextInt(6);
        if (action == 28 && random.nextBoolean()) {
            int at = out.size();
            ExtendedClipboard.writeProvide(out, "grün \u20ac\n".repeat(random.nextInt(2000)));
            out.putU8(at, 6); // the client's message is the server's with another type
            return;
        }
        int words = random.nextInt(5);
        out.u8(6).zeros(3).u32(-(4 + 4 * words)).u32(1 << action | random.nextInt(32));
        for (int i = 0; i < words; i++) {
            out.u32(random.nextInt());
        }
    }

    private void area(WireBuffer out) {
        out.u16(edge()).u16(edge()).u16(edge()).u16(edge());
    }
}
