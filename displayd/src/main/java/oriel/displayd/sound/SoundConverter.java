package oriel.displayd.sound;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oriel.displayd.rfb.AudioFormat;
import oriel.displayd.rfb.WireBuffer;
import oriel.hypervisor.sound.PcmFormat;

/**
 * Brings what a machine plays into the form that a client wants: channels mixed, rates matched by straight lines between
 * samples (speech and music of a desktop lose nothing that a remote ear would miss). Not thread-safe.
 */
final class SoundConverter {
    private final PcmFormat from;
    private final AudioFormat to;
    private final short[] frame;
    private final short[] before;
    /** Position of the next frame to be made, in 1/{@code to.rate} parts of a frame that comes in, after {@link #before}. */
    private long position;

    SoundConverter(PcmFormat from, AudioFormat to) {
        this.from = from;
        this.to = to;
        frame = new short[to.channels()];
        before = new short[to.channels()];
        position = to.rate(); // the first frame is the first to come in, not the silence before it
    }

    /** Appends what so many samples are worth. */
    void convert(ByteBuffer samples, WireBuffer out) {
        ByteBuffer in = samples.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        while (in.remaining() >= from.frameBytes()) {
            read(in);
            if (from.rate() == to.rate()) {
                write(frame, out);
                continue;
            }
            while (position <= to.rate()) {
                for (int channel = 0; channel < frame.length; channel++) {
                    long step = (long) frame[channel] - before[channel];
                    to.samples().write((short) (before[channel] + step * position / to.rate()), out);
                }
                position += from.rate();
            }
            position -= to.rate();
            System.arraycopy(frame, 0, before, 0, frame.length);
        }
    }

    private void write(short[] made, WireBuffer out) {
        for (short sample : made) {
            to.samples().write(sample, out);
        }
    }

    private void read(ByteBuffer in) {
        int left = in.getShort();
        int right = from.channels() > 1 ? in.getShort() : left;
        for (int rest = 2; rest < from.channels(); rest++) {
            in.getShort(); // surround: its front channels carry what matters
        }
        if (frame.length == 1) {
            frame[0] = (short) ((left + right) / 2);
        } else {
            frame[0] = (short) left;
            frame[1] = (short) right;
        }
    }
}
