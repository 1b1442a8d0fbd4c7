package oriel.displayd.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Opening requests that are nearly right, with frames behind them that are nearly right too. */
final class OpeningRequests {
    static final String TICKET = "0123456789abcdefABCDEF_-";

    private static final String[] PATHS = {"/display", "/", "/display/", "/display?ticket=1", "//display", "*", ""};
    private static final String[] ORIGINS = {
        "https://vdi.example", "https://evil.example", "null", "http://vdi.example:443", "https://", "\0", ":", "\u00e9"
    };
    private static final String[] PROTOCOLS = {
        "binary",
        "oriel.ticket." + TICKET,
        "oriel.ticket.",
        "oriel.ticket." + "x".repeat(513),
        "xoriel.ticket." + TICKET,
        "oriel.ticket." + TICKET + "!",
        ",,;",
        "base64"
    };

    private final Random random;

    private OpeningRequests(Random random) {
        this.random = random;
    }

    static byte[] request(long seed) {
        return new OpeningRequests(new Random(seed)).request();
    }

    static Stream<byte[]> seeds() {
        return IntStream.range(0, 40).mapToObj(OpeningRequests::request);
    }

    /** One that is right in every way. */
    static String wellFormed() {
        return String.join(
                "\r\n",
                "GET /display HTTP/1.1",
                "Host: vdi.example",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Protocol: binary, oriel.ticket." + TICKET,
                "",
                "");
    }

    /** A masked frame of zeros (RFC 6455 §5.2), shorter than 64 KiB. */
    static ByteBuffer fragment(int finAndOpcode, int length) {
        ByteBuffer frame = ByteBuffer.allocate(8 + length);
        return frame.put((byte) finAndOpcode)
                .put((byte) (0x80 | 126))
                .putShort((short) length)
                .rewind();
    }

    private String any(String... of) {
        return of[random.nextInt(of.length)];
    }

    private boolean rarely() {
        return random.nextInt(8) == 0;
    }

    private byte[] request() {
        List<String> fields = new ArrayList<>();
        fields.add("Host: vdi.example");
        fields.add("Upgrade: " + (rarely() ? any("h2c", "", "websocket, x") : "websocket"));
        fields.add(
                "Connection: " + (rarely() ? any("close", "", "keep-alive") : any("Upgrade", "keep-alive, Upgrade")));
        fields.add("Sec-WebSocket-Version: " + (rarely() ? any("8", "", "999999999999", "-1", "x") : "13"));
        fields.add("Sec-WebSocket-Key: " + (rarely() ? any("", "x", "=".repeat(500)) : "dGhlIHNhbXBsZSBub25jZQ=="));
        if (random.nextBoolean()) {
            fields.add("Origin: " + any(ORIGINS));
        }
        List<String> protocols =
                new ArrayList<>(Arrays.asList(PROTOCOLS).subList(0, random.nextInt(PROTOCOLS.length + 1)));
        if (random.nextBoolean()) {
            Collections.shuffle(protocols, random);
        }
        fields.add("Sec-WebSocket-Protocol: " + String.join(any(", ", ",", " "), protocols));
        if (rarely()) {
            fields.add("Sec-WebSocket-Extensions: " + any("permessage-deflate", "x;y=\"", ";"));
        }
        if (rarely()) {
            fields.add("X-Forwarded-For: " + any("10.0.0.1", "%s%n", "x".repeat(2000), "1,2,3"));
        }
        if (rarely()) {
            fields.add(fields.get(random.nextInt(fields.size())));
        }
        if (rarely()) {
            fields.remove(random.nextInt(fields.size()));
        }
        String path = random.nextInt(3) > 0 ? "/display" : any(PATHS);
        String line = (rarely() ? any("POST", "", "GET GET") : "GET") + " " + path + " "
                + (rarely() ? any("HTTP/1.0", "HTTP/9", "") : "HTTP/1.1");
        String end = rarely() ? any("\n", "\r", "\r\n\r") : "\r\n";
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes((line + end + String.join(end, fields) + end + end).getBytes(ISO_8859_1));
        int frames = random.nextInt(4);
        for (int i = 0; i < frames; i++) {
            frame(out);
        }
        byte[] all = out.toByteArray();
        if (rarely()) {
            all[random.nextInt(all.length)] = (byte) random.nextInt(256);
        }
        return rarely() ? Arrays.copyOf(all, random.nextInt(all.length)) : all;
    }

    /** RFC 6455 §5.2. */
    private void frame(ByteArrayOutputStream out) {
        int length = random.nextInt(200);
        out.write(rarely() ? random.nextInt(256) : (random.nextInt(2) << 7 | random.nextInt(3)));
        out.write((rarely() ? 0 : 0x80) | (length < 126 ? length : rarely() ? 127 : 126));
        if (length >= 126) {
            out.write(length >> 8);
            out.write(length);
        }
        byte[] rest = new byte[4 + length];
        random.nextBytes(rest);
        out.writeBytes(rest);
    }
}
