package oriel.hypervisor.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class SoundOutputTest {
    private static final PcmFormat STEREO = new PcmFormat(48_000, 2);

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final SoundOutput output = new SoundOutput(tasks::add);
    private final List<String> heard = new ArrayList<>();

    private final class Ear implements PcmListener {
        private final String name;

        Ear(String name) {
            this.name = name;
        }

        @Override
        public void opened(PcmFormat format) {
            heard.add(name + " opened " + format.rate() + "/" + format.channels());
        }

        @Override
        public void samples(ByteBuffer samples, long frame) {
            byte[] bytes = new byte[samples.remaining()];
            samples.get(bytes);
            heard.add(name + " " + frame + ": " + bytes.length + " from " + bytes[0]);
        }

        @Override
        public void closed() {
            heard.add(name + " closed");
        }
    }

    private void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    @Test
    void everyListenerHearsEverythingInOrder() {
        output.addListener(new Ear("a"));
        output.addListener(new Ear("b"));
        runTasks();
        output.open(STEREO);
        output.play(new byte[] {9, 9, 9, 9, 1, 0, 0, 0, 0, 0, 0, 0}, 4, 8);
        output.skip(10);
        output.play(new byte[] {2, 0, 0, 0}, 0, 4);
        output.close();
        output.close();
        assertThat(heard)
                .containsExactly(
                        "a opened 48000/2",
                        "b opened 48000/2",
                        "a 0: 8 from 1",
                        "b 0: 8 from 1",
                        "a 12: 4 from 2",
                        "b 12: 4 from 2",
                        "a closed",
                        "b closed");
    }

    @Test
    void whoComesLateIsToldTheFormatFirst() {
        output.open(STEREO);
        output.play(new byte[4], 0, 4);
        output.addListener(new Ear("late"));
        runTasks();
        output.play(new byte[4], 0, 4);
        assertThat(heard).containsExactly("late opened 48000/2", "late 1: 4 from 0");
    }

    @Test
    void whoLeavesHearsNothingMore() {
        Ear ear = new Ear("a");
        output.addListener(ear);
        output.removeListener(ear);
        runTasks();
        output.open(STEREO);
        assertThat(heard).isEmpty();
    }

    @Test
    void aListenerThatFailsDisturbsNobody() {
        output.addListener(new PcmListener() {
            @Override
            public void opened(PcmFormat format) {
                heard.add("bad");
                throw new IllegalStateException("on purpose");
            }

            @Override
            public void samples(ByteBuffer samples, long frame) {
                heard.add("bad again");
            }

            @Override
            public void closed() {}
        });
        output.addListener(new Ear("good"));
        runTasks();
        output.open(STEREO);
        output.play(new byte[4], 0, 4);
        assertThat(heard).containsExactly("bad", "good opened 48000/2", "good 0: 4 from 0");
    }

    @Test
    void aMachineThatIsOverIsSilent() {
        SoundOutput over = new SoundOutput(_ -> {
            throw new RejectedExecutionException();
        });
        Ear ear = new Ear("a");
        over.addListener(ear);
        over.removeListener(ear);
        over.open(STEREO);
        assertThat(heard).isEmpty();
    }

    @Test
    void formatsKnowTheirTime() {
        assertThat(STEREO.nanos(4 * 48_000)).isEqualTo(1_000_000_000);
        assertThat(new PcmFormat(44_100, 1).nanos(2)).isEqualTo(22_675);
        assertThatThrownBy(() -> new PcmFormat(0, 2)).hasMessageContaining("rate");
        assertThatThrownBy(() -> new PcmFormat(48_000, 9)).hasMessageContaining("channels");
    }
}
