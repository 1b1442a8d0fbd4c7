package oriel.hypervisor.device.input;

import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * What hangs on one of the two PS/2 connectors. Bytes to the host wait in two queues: replies to commands first, then
 * what the user does. Confined to the machine's thread.
 */
abstract sealed class Ps2Device permits Ps2Keyboard, Ps2Mouse {
    static final int ACKNOWLEDGE = 0xFA, RESEND = 0xFE, SELF_TEST_PASSED = 0xAA;

    /** Replies: a handful of bytes each, and a guest that doesn't read them loses the rest. */
    private final ByteQueue replies = new ByteQueue(64);

    final ByteQueue events;

    /** Called when there may be a byte to fetch. */
    private Runnable ready = () -> {};

    private int lastByte;

    /** The last byte taken was a prefix: its key code comes next, before any reply. */
    private boolean insideSequence;

    Ps2Device(int eventCapacity) {
        events = new ByteQueue(eventCapacity);
    }

    final void onReady(Runnable listener) {
        ready = listener;
    }

    final void announce() {
        ready.run();
    }

    /** A byte from the host. */
    abstract void receive(int value);

    abstract void reset();

    /** Whether an event byte is followed by another that belongs to it. */
    boolean isPrefix(int value) {
        return false;
    }

    /** Called when event bytes were taken: there is room for more. */
    void drained() {}

    final void reply(int... values) {
        replies.add(values);
    }

    final void resendLast() {
        reply(lastByte);
    }

    final void forgetReplies() {
        replies.clear();
    }

    /** The next byte for the host, or -1. */
    final int take() {
        int value = insideSequence ? -1 : replies.take();
        if (value < 0) {
            value = events.take();
            insideSequence = isPrefix(value);
            if (value >= 0) {
                drained();
            } else {
                value = replies.take();
            }
        }
        if (value >= 0) {
            lastByte = value;
        }
        return value;
    }

    void save(StateWriter out) {
        replies.save(out);
        events.save(out);
        out.u8(lastByte).bool(insideSequence);
    }

    void load(StateReader in) {
        replies.load(in);
        events.load(in);
        lastByte = in.u8();
        insideSequence = in.bool();
    }
}
