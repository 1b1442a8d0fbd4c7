package oriel.displayd.viewer;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import oriel.displayd.encode.Region;
import oriel.displayd.rfb.ClientMessage;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.RfbProtocolException;
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.hypervisor.display.Rectangle;

/** How a client wants its pixels, which of them it has asked for, and the answers that it is owed. Not thread-safe. */
final class ClientRequests {
    /** Answers waiting for a client that doesn't read. */
    private static final int MAX_ANSWERS = 64 * 1024;

    private static final int USUAL_ANSWERS = 4096;

    private PixelFormat format = PixelFormat.NATIVE;
    private ClientCapabilities capabilities = ClientCapabilities.NONE;
    private @Nullable Rectangle requested;
    private @Nullable Rectangle continuous;
    private final WireBuffer answers = new WireBuffer(256);

    PixelFormat format() {
        return format;
    }

    ClientCapabilities capabilities() {
        return capabilities;
    }

    /** Whether an update would be welcome. */
    boolean pending() {
        return requested != null || continuous != null;
    }

    /** Whether the client tells when it has drawn what it was sent. */
    boolean fenced() {
        return continuous != null && capabilities.has(Encodings.FENCE);
    }

    /** Where an update would be welcome. */
    Region areas() {
        List<Rectangle> areas = new ArrayList<>(2);
        if (requested != null) {
            areas.add(requested);
        }
        if (continuous != null) {
            areas.add(continuous);
        }
        return Region.of(areas);
    }

    /** An update is sent: who goes by requests must ask again. */
    void served() {
        requested = null;
    }

    void setFormat(PixelFormat newFormat) throws RfbProtocolException {
        requireRoomForAnswers();
        format = newFormat;
        if (!newFormat.trueColour()) {
            ServerMessages.colourMap332(answers);
        }
    }

    /** Answers what must be answered at once: the client may use these extensions from then on. */
    void setCapabilities(ClientCapabilities now) throws RfbProtocolException {
        requireRoomForAnswers();
        ClientCapabilities before = capabilities;
        if (now.has(Encodings.CONTINUOUS_UPDATES) && !before.has(Encodings.CONTINUOUS_UPDATES)) {
            ServerMessages.endOfContinuousUpdates(answers);
        }
        if (now.has(Encodings.FENCE) && !before.has(Encodings.FENCE)) {
            ServerMessages.fence(answers, ClientMessage.Fence.REQUEST, new byte[0]);
        }
        capabilities = now;
    }

    void request(Rectangle area) {
        Rectangle old = requested;
        requested = old == null ? area : Region.of(List.of(old, area)).bounds();
    }

    void enableContinuousUpdates(boolean enable, Rectangle area) throws RfbProtocolException {
        requireRoomForAnswers();
        if (enable) {
            continuous = area;
        } else if (continuous != null) {
            continuous = null;
            ServerMessages.endOfContinuousUpdates(answers);
        }
    }

    /** Queues a message that isn't an update. */
    void answer(Consumer<WireBuffer> writer) throws RfbProtocolException {
        requireRoomForAnswers();
        writer.accept(answers);
    }

    /** Called before anything that makes {@link #answers} longer. */
    private void requireRoomForAnswers() throws RfbProtocolException {
        if (answers.size() > MAX_ANSWERS) {
            throw new RfbProtocolException("the client asks for answers but doesn't read them");
        }
    }

    /** Moves what the client is owed to what it is sent. */
    void takeAnswers(WireBuffer out) {
        out.bytes(answers.array(), 0, answers.size());
        answers.clear(USUAL_ANSWERS);
    }
}
