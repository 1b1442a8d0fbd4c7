package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.sound.PcmFormat;
import oriel.hypervisor.sound.PcmListener;
import oriel.it.guest.DesktopGuest;

/** Devices as the stock Debian in the golden image drives them: one boot, each device in a test of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class DesktopDevicesTest {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final int RATE = 48_000;

    private DesktopGuest guest;

    @BeforeAll
    void boot(@TempDir Path folder) throws Exception {
        guest = DesktopGuest.boot(folder, UnaryOperator.identity());
    }

    @AfterAll
    void stop() throws InterruptedException {
        if (guest != null) {
            guest.close();
        }
    }

    /** Keeps everything that is played. */
    private static final class Recorder implements PcmListener {
        private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
        private final AtomicInteger plays = new AtomicInteger();

        @Override
        public void opened(PcmFormat format) {
            assertThat(format).isEqualTo(new PcmFormat(RATE, 2));
        }

        @Override
        public synchronized void samples(ByteBuffer samples, long frame) {
            byte[] bytes = new byte[samples.remaining()];
            samples.get(bytes);
            heard.writeBytes(bytes);
        }

        @Override
        public void closed() {
            plays.incrementAndGet();
        }

        synchronized byte[] heard() {
            return heard.toByteArray();
        }
    }

    private Recorder play(String command) throws Exception {
        guest.runUntilItSucceeds("amixer sget Master | grep -q '\\[on\\]'");
        Recorder recorder = new Recorder();
        guest.machine().display().sound().addListener(recorder);
        guest.run(command);
        await("the end of " + command).atMost(LIMIT).until(() -> recorder.plays.get() > 0);
        guest.machine().sound().removeListener(recorder);
        return recorder;
    }

    @Test
    void everySampleOfAProgramReachesTheListener() throws Exception {
        // As the person at the desktop, by ALSA's default device, which mixes.
        Recorder recorder = play("""
                i=0; while [ $i -lt 6000 ]; do printf '%08d' $i; i=$((i+1)); done >/tmp/samples
                setpriv --reuid 1000 --regid 1000 --init-groups aplay -q -t raw -f S16_LE -r 48000 -c 2 /tmp/samples
                """);
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 6000; i++) {
            expected.append("%08d".formatted(i));
        }
        assertThat(new String(recorder.heard(), java.nio.charset.StandardCharsets.ISO_8859_1))
                .contains(expected.toString());
    }

    @Test
    void aToneIsTheSameToneOutside() throws Exception {
        Recorder recorder = play("speaker-test -t sine -f 440 -c 2 -l 1 -s 1 >/dev/null");
        double tone = power(recorder.heard(), 440);
        assertThat(tone).as("440 Hz in the left channel").isGreaterThan(100 * power(recorder.heard(), 554));
        assertThat(tone).isGreaterThan(100 * power(recorder.heard(), 330));
    }

    /** Goertzel's filter over the left channel: the power at one frequency. */
    private static double power(byte[] pcm, double frequency) {
        double coefficient = 2 * Math.cos(2 * Math.PI * frequency / RATE);
        double before = 0, beforeThat = 0;
        ByteBuffer samples = ByteBuffer.wrap(pcm).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + 4 <= pcm.length; at += 4) {
            double now = samples.getShort(at) + coefficient * before - beforeThat;
            beforeThat = before;
            before = now;
        }
        return before * before + beforeThat * beforeThat - coefficient * before * beforeThat;
    }
}
