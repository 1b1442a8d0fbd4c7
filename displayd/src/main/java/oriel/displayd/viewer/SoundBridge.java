package oriel.displayd.viewer;

import org.jspecify.annotations.Nullable;
import oriel.displayd.rfb.AudioFormat;
import oriel.displayd.sound.SoundQueue;
import oriel.hypervisor.sound.Sound;

/** Lets one client hear what the machine plays, from when it asks for it until it doesn't any more. Thread-safe. */
final class SoundBridge implements AutoCloseable {
    private final Sound sound;
    private final UpdateStream stream;
    private AudioFormat format = AudioFormat.DEFAULT;
    private @Nullable SoundQueue queue;
    private boolean closed;

    SoundBridge(Sound sound, UpdateStream stream) {
        this.sound = sound;
        this.stream = stream;
    }

    /** Holds from the next {@link #enable} on. */
    synchronized void setFormat(AudioFormat newFormat) {
        format = newFormat;
    }

    synchronized void enable(boolean enable) {
        if (queue != null) {
            sound.removeListener(queue);
            queue = null;
            stream.setSound(null);
        }
        if (enable && !closed) {
            SoundQueue heard = new SoundQueue(format, stream::schedule);
            queue = heard;
            stream.setSound(heard);
            sound.addListener(heard);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        enable(false);
    }
}
