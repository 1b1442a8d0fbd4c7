package oriel.hypervisor.sound;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The jack that a sound device plays into. As {@link Sound}: thread-safe; what devices call is confined to the machine's thread. */
public final class SoundOutput implements Sound {
    private static final Logger LOG = LoggerFactory.getLogger(SoundOutput.class);

    private final Executor machine;
    private final List<PcmListener> listeners = new CopyOnWriteArrayList<>();
    private @Nullable PcmFormat playing;
    private long frame; // the next piece's first, since opened

    /**
     * Nothing is played yet.
     *
     * @param machine runs tasks on the machine's thread; rejects them once the machine is gone
     */
    public SoundOutput(Executor machine) {
        this.machine = machine;
    }

    @Override
    public void addListener(PcmListener listener) {
        try {
            machine.execute(() -> {
                listeners.add(listener);
                PcmFormat format = playing;
                if (format != null) {
                    tell(listener, to -> to.opened(format));
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("nothing to listen to: the machine is over");
        }
    }

    @Override
    public void removeListener(PcmListener listener) {
        if (!listeners.remove(listener)) {
            // Added a moment ago, and not there yet.
            try {
                machine.execute(() -> listeners.remove(listener));
            } catch (RejectedExecutionException e) {
                LOG.debug("the machine is over, and its listeners with it");
            }
        }
    }

    /** The guest starts to play; what it played before is over. */
    public void open(PcmFormat format) {
        close();
        playing = format;
        frame = 0;
        listeners.forEach(listener -> tell(listener, to -> to.opened(format)));
    }

    /**
     * These samples were played. Ignored unless open.
     *
     * @param samples whole frames
     */
    public void play(byte[] samples, int offset, int length) {
        PcmFormat format = playing;
        if (format == null || length == 0) {
            return;
        }
        long first = frame;
        frame += length / format.frameBytes();
        for (PcmListener listener : listeners) {
            // A view for each: no listener sees what another did to its position.
            ByteBuffer view = ByteBuffer.wrap(samples, offset, length).slice().asReadOnlyBuffer();
            tell(listener, to -> to.samples(view, first));
        }
    }

    /** So many frames of silence pass. */
    public void skip(long frames) {
        frame += frames;
    }

    /** The guest stops; harmless if it doesn't play. */
    public void close() {
        if (playing != null) {
            playing = null;
            listeners.forEach(listener -> tell(listener, PcmListener::closed));
        }
    }

    private void tell(PcmListener listener, Consumer<PcmListener> event) {
        try {
            event.accept(listener);
        } catch (RuntimeException e) {
            LOG.error("a listener of a machine's sound failed; it hears nothing more", e);
            listeners.remove(listener);
        }
    }
}
