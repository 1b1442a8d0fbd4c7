package oriel.displayd.viewer;

import java.util.ArrayDeque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import oriel.displayd.flow.PendingChanges;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.RfbProtocolException;
import oriel.displayd.rfb.ScreenLayout;
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.MonitorLayout;

/**
 * The size of the picture and its screens, as the machine has them and as the client knows them, and what the client asked about
 * them. Not thread-safe.
 */
final class PictureSize {
    private static final int MAX_REPLIES = 64;

    private record Reply(int reason, int status) {}

    private final ArrayDeque<Reply> replies = new ArrayDeque<>();
    private final Supplier<MonitorLayout> monitors;
    private DisplaySize client;
    private DisplaySize frame;
    /**
     * What this client asked for: where it comes true, several screens have the numbers that the client knows. A single one keeps
     * ours, as libvncclient up to 0.9.14 asks with any number, which may be the 0 that it doesn't follow.
     */
    private @Nullable ScreenLayout asked;

    private boolean frameKnown;

    /** @param monitors how the screen is divided now */
    PictureSize(DisplaySize initial, Supplier<MonitorLayout> monitors) {
        this.monitors = monitors;
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

    /** The same picture is divided among other monitors. */
    void layoutChanged() {
        completeRequested();
    }

    /** The client asked for this, and the machine was told. */
    void asked(ScreenLayout layout) {
        asked = layout;
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
            ScreenLayout layout = layout();
            for (Reply reply : replies) {
                ServerMessages.extendedDesktopSize(out, layout, reply.reason(), reply.status());
            }
            if (changed) {
                ServerMessages.extendedDesktopSize(
                        out, layout, ServerMessages.SIZE_CHANGED_BY_SERVER, ServerMessages.SIZE_OK);
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

    /** Of the frame: the machine may be ahead, and then says it again with the next. */
    private ScreenLayout layout() {
        MonitorLayout now = monitors.get();
        if (!now.size().equals(frame)) {
            return ScreenLayout.single(frame);
        }
        ScreenLayout mine = asked;
        return mine != null && now.divided() && mine.monitors().equals(now) ? mine : ScreenLayout.of(now);
    }

    private void adoptFrame(PendingChanges pending) {
        if (!client.equals(frame)) {
            client = frame;
            // A client's picture is empty after it changed size, even where an update under way was already new.
            pending.replace(frame.bounds());
        }
    }
}
