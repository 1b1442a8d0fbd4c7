package oriel.displayd.sound;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import oriel.displayd.rfb.AudioFormat;
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.hypervisor.sound.PcmFormat;
import oriel.hypervisor.sound.PcmListener;

/**
 * What one client is still to hear, at most a fifth of a second: what is older is dropped, as sound that comes late is worse
 * than a gap. The machine's thread puts in, the connection's takes out. Thread-safe.
 */
public final class SoundQueue implements PcmListener {
    private static final int LONGEST_MILLIS = 200;

    private final AudioFormat format;
    private final Runnable news;
    private final byte[] ring;
    private final WireBuffer converted = new WireBuffer(4096);
    private @Nullable SoundConverter converter;
    private int start;
    private int length;
    private boolean playing;
    private boolean told;

    /**
     * Nothing to be heard yet.
     *
     * @param format what the client wants
     * @param news called without delay on the machine's thread when there is something to take
     */
    public SoundQueue(AudioFormat format, Runnable news) {
        this.format = format;
        this.news = news;
        ring = new byte[format.rate() * LONGEST_MILLIS / 1000 * format.frameBytes()];
    }

    @Override
    public void opened(PcmFormat played) {
        synchronized (this) {
            converter = new SoundConverter(played, format);
            playing = true;
        }
        news.run();
    }

    @Override
    public void samples(ByteBuffer samples, long frame) {
        synchronized (this) {
            SoundConverter current = converter;
            if (current == null) {
                return;
            }
            converted.clear();
            current.convert(samples, converted);
            put(converted.array(), converted.size());
        }
        news.run();
    }

    @Override
    public void closed() {
        synchronized (this) {
            playing = false;
        }
        news.run();
    }

    private void put(byte[] from, int size) {
        // The ring holds whole frames, and so does what comes: a drop never swaps left and right.
        int skipped = Math.max(0, size - ring.length);
        int fresh = size - skipped;
        int dropped = Math.max(0, length + fresh - ring.length);
        start = (start + dropped) % ring.length;
        length -= dropped;
        int at = (start + length) % ring.length;
        int first = Math.min(fresh, ring.length - at);
        System.arraycopy(from, skipped, ring, at, first);
        System.arraycopy(from, skipped + first, ring, 0, fresh - first);
        length += fresh;
    }

    /** Bytes that wait. */
    synchronized int waiting() {
        return length;
    }

    /** Appends the messages that tell the client what there is to hear. */
    public synchronized void take(WireBuffer out) {
        if (!told && (playing || length > 0)) {
            told = true;
            ServerMessages.audioBegin(out);
        }
        if (length > 0) {
            ServerMessages.audioHeader(out, length);
            int first = Math.min(length, ring.length - start);
            out.bytes(ring, start, first).bytes(ring, 0, length - first);
            start = 0;
            length = 0;
        }
        if (told && !playing) {
            told = false;
            ServerMessages.audioEnd(out);
        }
    }
}
