package oriel.displayd.source;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import oriel.hypervisor.sound.PcmFormat;
import oriel.hypervisor.sound.Sound;
import oriel.hypervisor.sound.SoundOutput;

/** A loudspeaker that plays a tone, until it is closed: for trying sound without a machine. */
public final class TestTone implements AutoCloseable {
    private static final PcmFormat FORMAT = new PcmFormat(48_000, 2);
    private static final int PIECE_MILLIS = 20;
    private static final int LOUDNESS = 8000;

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("tone").factory());
    private final SoundOutput output = new SoundOutput(thread);
    private final int hertz;
    private final ScheduledFuture<?> playing;
    private long frame;

    /**
     * Begins to play.
     *
     * @param hertz how high
     */
    public TestTone(int hertz) {
        this.hertz = hertz;
        thread.execute(() -> output.open(FORMAT));
        playing = thread.scheduleAtFixedRate(this::play, PIECE_MILLIS, PIECE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** What it plays into. */
    public Sound sound() {
        return output;
    }

    private void play() {
        int frames = FORMAT.rate() * PIECE_MILLIS / 1000;
        ByteBuffer piece = ByteBuffer.allocate(frames * FORMAT.frameBytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < frames; i++) {
            // Taken within a second, so that it is as pure after a day.
            double seconds = (double) (frame++ % FORMAT.rate()) / FORMAT.rate();
            short sample = (short) (LOUDNESS * Math.sin(2 * Math.PI * hertz * seconds));
            piece.putShort(sample).putShort(sample);
        }
        output.play(piece.array(), 0, piece.position());
    }

    @Override
    public void close() {
        playing.cancel(false);
        thread.shutdownNow();
    }
}
