package oriel.displayd.sound;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import oriel.displayd.rfb.AudioFormat;
import oriel.displayd.rfb.SampleFormat;
import oriel.displayd.rfb.WireBuffer;
import oriel.hypervisor.sound.PcmFormat;

final class SoundQueueTest {
    private static final AudioFormat STEREO = new AudioFormat(SampleFormat.S16, 2, 48_000);
    private static final PcmFormat PLAYED = new PcmFormat(48_000, 2);

    private final AtomicInteger news = new AtomicInteger();

    private static ByteBuffer samples(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int value : values) {
            bytes.putShort((short) value);
        }
        return bytes.flip().asReadOnlyBuffer();
    }

    private static String take(SoundQueue queue) {
        WireBuffer out = new WireBuffer(64);
        queue.take(out);
        return HexFormat.of().formatHex(out.toByteArray());
    }

    @Test
    void tellsWhatIsPlayedFromBeginToEnd() {
        SoundQueue queue = new SoundQueue(STEREO, news::incrementAndGet);
        assertThat(take(queue)).isEmpty();
        queue.opened(PLAYED);
        assertThat(take(queue)).isEqualTo("ff010001");
        queue.samples(samples(1, 2, -1, 0x7FFF), 0);
        assertThat(take(queue)).isEqualTo("ff01000200000008" + "01000200ffffff7f");
        queue.samples(samples(3, 4), 2);
        queue.closed();
        assertThat(take(queue)).isEqualTo("ff01000200000004" + "03000400" + "ff010000");
        assertThat(take(queue)).isEmpty();
        assertThat(news).hasValue(4);
    }

    @ParameterizedTest
    @CsvSource({
        "U8, 1, 8190",
        "S8, 1, 0110",
        "U16, 1, 80810090",
        "S16, 1, 80010010",
        "U32, 2, 0000008100000082000000a000000080",
        "S32, 2, 00000001000000020000002000000000"
    })
    void speaksTheClientsFormat(SampleFormat format, int channels, String expected) {
        SoundQueue queue = new SoundQueue(new AudioFormat(format, channels, 48_000), () -> {});
        queue.opened(PLAYED);
        take(queue);
        queue.samples(samples(0x0100, 0x0200, 0x2000, 0), 0);
        String said = take(queue);
        assertThat(said).startsWith("ff010002");
        assertThat(said.substring(16)).isEqualTo(expected);
    }

    @Test
    void keepsAFifthOfASecondAndDropsWhatIsOlder() {
        SoundQueue queue = new SoundQueue(STEREO, () -> {});
        queue.opened(PLAYED);
        int limit = 48_000 / 5 * 4;
        for (int piece = 0; piece < 100; piece++) {
            queue.samples(samples(new int[2 * 480]), 480L * piece);
            assertThat(queue.waiting()).isLessThanOrEqualTo(limit);
        }
        queue.samples(samples(7, 8), 48_000);
        assertThat(queue.waiting()).isEqualTo(limit);
        assertThat(take(queue)).endsWith("0000000007000800");
        queue.samples(samples(new int[2 * 48_000]), 0);
        assertThat(queue.waiting()).isEqualTo(limit);
    }

    @ParameterizedTest
    @CsvSource({"44100, 48000", "48000, 44100", "8000, 48000", "96000, 22050"})
    void matchesRatesWithoutChangingThePitch(int from, int to) {
        WireBuffer out = new WireBuffer(64);
        SoundConverter converter = new SoundConverter(new PcmFormat(from, 1), new AudioFormat(SampleFormat.S16, 1, to));
        int[] tone = new int[from / 10];
        for (int i = 0; i < tone.length; i++) {
            tone[i] = (int) Math.round(10_000 * Math.sin(2 * Math.PI * 440 * i / from));
        }
        // In pieces as they come.
        for (int at = 0; at < tone.length; at += 160) {
            converter.convert(samples(Arrays.copyOfRange(tone, at, Math.min(tone.length, at + 160))), out);
        }
        ByteBuffer made = ByteBuffer.wrap(out.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(made.remaining() / 2).isBetween(to / 10 - 8, to / 10 + 1);
        for (int i = 1; made.remaining() >= 2; i++) {
            int sample = made.getShort();
            int ideal = (int) Math.round(10_000 * Math.sin(2 * Math.PI * 440 * (i - 1) / to));
            // Straight lines between 8000 samples a second cut the tone's tops a little.
            assertThat(sample).isBetween(ideal - 400, ideal + 400);
        }
    }
}
