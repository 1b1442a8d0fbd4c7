package oriel.displayd.viewer;

import java.util.ArrayDeque;
import oriel.displayd.flow.PendingChanges;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.RfbProtocolException;
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.hypervisor.display.DisplaySize;

/** The size of the picture as the screen has it and as the client knows it, and what the client asked about it. Not thread-safe. */
final class PictureSize {
    private static final int MAX_REPLIES = 64;

    private record Reply(int reason, int status) {}

    private final ArrayDeque<Reply> replies = new ArrayDeque<>();
    private DisplaySize client;
    private DisplaySize frame;
    private boolean frameKnown;

    PictureSize(DisplaySize initial) {
        client = initial;
        frame = initial;
    }

    /** What the client's picture has. */
    DisplaySize ofClient() {
        return client;
    }

    /** What the screen has. */
    DisplaySize ofFrame() {
        return frame;
    }

    /** Whether the screen has said what it shows. */
    boolean isFrameKnown() {
        return frameKnown;
    }

    boolean isAgreed() {
        return frameKnown && client.equals(frame);
    }

    void frameReplaced(DisplaySize size) {
        frame = size;
        frameKnown = true;
    }

    /** The client asked for a complete picture: the extension tells the size with it. */
    void completeRequested() {
        if (replies.isEmpty()) {
            replies.add(new Reply(ServerMessages.SIZE_CHANGED_BY_SERVER, ServerMessages.SIZE_OK));
        }
    }

    /** The client asked for a size, and this came of it. */
    void reply(int status) throws RfbProtocolException {
        if (replies.size() >= MAX_REPLIES) {
            throw new RfbProtocolException("size requests faster than their answers can be sent");
        }
        replies.add(new Reply(ServerMessages.SIZE_REQUESTED_BY_CLIENT, status));
    }

    /**
     * Appends an update with a new size, or with answers: one of its own, as the extension demands.
     *
     * @return false if there is nothing to tell, or no way to
     */
    boolean tell(ClientCapabilities capabilities, PendingChanges pending, WireBuffer out) {
        if (capabilities.has(Encodings.EXTENDED_DESKTOP_SIZE)) {
            boolean changed = !client.equals(frame);
            if (!changed && replies.isEmpty()) {
                return false;
            }
            adoptFrame(pending);
            ServerMessages.updateHeader(out, replies.size() + (changed ? 1 : 0));
            for (Reply reply : replies) {
                ServerMessages.extendedDesktopSize(out, frame, reply.reason(), reply.status());
            }
            if (changed) {
                ServerMessages.extendedDesktopSize(
                        out, frame, ServerMessages.SIZE_CHANGED_BY_SERVER, ServerMessages.SIZE_OK);
            }
            replies.clear();
            return true;
        }
        replies.clear();
        if (client.equals(frame) || !capabilities.has(Encodings.DESKTOP_SIZE)) {
            return false;
        }
        adoptFrame(pending);
        ServerMessages.updateHeader(out, 1);
        ServerMessages.desktopSize(out, frame);
        return true;
    }

    private void adoptFrame(PendingChanges pending) {
        if (!client.equals(frame)) {
            client = frame;
            // A client's picture is empty after it changed size, even where an update under way was already new.
            pending.replace(frame.bounds());
        }
    }
}
