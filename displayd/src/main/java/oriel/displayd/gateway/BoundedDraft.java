package oriel.displayd.gateway;

import java.nio.ByteBuffer;
import java.util.List;
import org.java_websocket.WebSocketImpl;
import org.java_websocket.drafts.Draft;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.enums.Opcode;
import org.java_websocket.exceptions.InvalidDataException;
import org.java_websocket.exceptions.LimitExceededException;
import org.java_websocket.framing.CloseFrame;
import org.java_websocket.framing.Framedata;
import org.java_websocket.protocols.Protocol;

/**
 * RFC 6455 with bounds. Java-WebSocket limits each frame, but a message may come as fragments without end (§5.4), and it
 * holds them all until the last: here a message has a limit too, and so has the number of its fragments, as empty ones
 * cost memory as well.
 */
final class BoundedDraft extends Draft_6455 {
    /** Larger than any message but clipboard text, and that may come in several. */
    static final int MAX_MESSAGE = 256 * 1024;

    static final int MAX_FRAGMENTS = 1024;

    private long bytes;
    private int fragments;

    /** Selects the sub-protocol of {@link DisplayGateway#PROTOCOL}. */
    BoundedDraft() {
        super(List.of(), List.of(new Protocol(DisplayGateway.PROTOCOL)), MAX_MESSAGE);
    }

    /** As the library does it, which throws a NullPointerException at a close frame whose reason is not UTF-8. */
    @Override
    public List<Framedata> translateFrame(ByteBuffer from) throws InvalidDataException {
        try {
            return super.translateFrame(from);
        } catch (RuntimeException e) {
            throw new InvalidDataException(CloseFrame.PROTOCOL_ERROR, "a frame that can't be read");
        }
    }

    @Override
    public void processFrame(WebSocketImpl socket, Framedata frame) throws InvalidDataException {
        Opcode opcode = frame.getOpcode();
        boolean data = opcode == Opcode.BINARY || opcode == Opcode.TEXT || opcode == Opcode.CONTINUOUS;
        if (data) {
            bytes += frame.getPayloadData().remaining();
            fragments++;
            if (bytes > MAX_MESSAGE || fragments > MAX_FRAGMENTS) {
                reset();
                throw new LimitExceededException("a message is too long", MAX_MESSAGE);
            }
        }
        super.processFrame(socket, frame);
        if (data && frame.isFin()) {
            forget();
        }
    }

    private void forget() {
        bytes = 0;
        fragments = 0;
    }

    @Override
    public void reset() {
        super.reset();
        forget();
    }

    @Override
    public Draft copyInstance() {
        return new BoundedDraft();
    }

    // Two drafts are the same if they speak the same: what they count is of the moment.
    @Override
    public boolean equals(Object other) {
        return super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }
}
