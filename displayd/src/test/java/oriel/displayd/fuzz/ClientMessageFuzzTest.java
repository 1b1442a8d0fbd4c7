package oriel.displayd.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;
import oriel.displayd.rfb.ClientMessage;
import oriel.displayd.rfb.ClientMessageReader;
import oriel.displayd.rfb.RfbProtocolException;

/**
 * The client-to-server parser under any bytes. Without {@code JAZZER_FUZZ=1} it runs on its seeds and on a fixed number
 * of generated streams.
 */
final class ClientMessageFuzzTest {
    private static final int TEXT_LIMIT = 2000;
    /** SetEncodings and clipboard text are the longest messages; a buffer may be twice as large as what is in it. */
    private static final int MOST_HELD = 2 * Math.max(8 + TEXT_LIMIT, 4 + 4 * 1024);

    static Stream<byte[]> seeds() {
        return ClientStreams.seeds();
    }

    @MethodSource("seeds")
    @FuzzTest
    void anyBytes(byte[] stream) {
        check(stream);
    }

    @Test
    void generatedStreams() {
        for (int seed = 0; seed < 4000; seed++) {
            check(ClientStreams.stream(seed));
        }
    }

    /** The same messages come out, and the same complaint, however the bytes are cut; and little is held meanwhile. */
    private static void check(byte[] stream) {
        List<String> whole = parse(stream, stream.length + 1);
        assertThat(parse(stream, 1)).isEqualTo(whole);
        assertThat(parse(stream, 40)).isEqualTo(whole);
    }

    private static List<String> parse(byte[] stream, int mostAtOnce) {
        ClientMessageReader reader = new ClientMessageReader(TEXT_LIMIT);
        reader.acceptExtendedButtons();
        Random random = new Random(stream.length);
        List<String> said = new ArrayList<>();
        try {
            int at = 0;
            while (at < stream.length) {
                int count = Math.min(
                        stream.length - at,
                        mostAtOnce > stream.length ? stream.length : 1 + random.nextInt(mostAtOnce));
                reader.feed(stream, at, count);
                at += count;
                ClientMessage message = reader.next();
                while (message != null) {
                    said.add(describe(message));
                    message = reader.next();
                }
                assertThat(reader.capacity()).isLessThanOrEqualTo(Math.max(64 * 1024, MOST_HELD + 2 * count));
            }
        } catch (RfbProtocolException e) {
            said.add("refused: " + e.reason());
        }
        return said;
    }

    private static String describe(ClientMessage message) {
        return message instanceof ClientMessage.Fence(int flags, byte[] payload)
                ? "fence " + flags + " " + HexFormat.of().formatHex(payload)
                : message.toString();
    }
}
