package oriel.hypervisor.sound;

import java.nio.ByteBuffer;

/**
 * Hears what a machine plays.
 *
 * <p><b>Thread.</b> All calls come from the machine's thread, one at a time, for each listener in the order {@code opened},
 * {@code samples}…, {@code closed}, {@code opened}…. The guest stands still meanwhile: copy and return, never block. A
 * listener that throws hears nothing more.
 *
 * <p><b>Timing.</b> Samples come when they would leave a loudspeaker, at the pace of the machine's clock: as much a second as
 * {@link PcmFormat#rate} says, every 10 ms or more often, in pieces of 16 KiB at most. A machine that its host lets wait
 * delivers late and several pieces at once; it never runs ahead. Nobody needs to keep up: what a listener doesn't want it drops, the guest doesn't notice. While the machine
 * is paused nothing comes.
 */
public interface PcmListener {
    /** The guest starts to play, or went on playing where a saved machine was saved, or plays already when the listener is added. */
    void opened(PcmFormat format);

    /**
     * Samples that have just been played.
     *
     * @param samples whole frames in the format of {@link #opened}, position to limit, read-only; the listener's own view,
     *     valid until it returns
     * @param frame number of the first frame since the guest started to play. More than the end of the piece before: the
     *     guest was late and there was silence in between, which isn't delivered
     */
    void samples(ByteBuffer samples, long frame);

    /** The guest stopped, or the machine was reset or is over. Nothing is left that could be played to the end. */
    void closed();
}
