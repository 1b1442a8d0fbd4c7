package oriel.displayd.viewer;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.displayd.rfb.ClientMessage;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.ExtendedClipboard;
import oriel.displayd.rfb.RfbProtocolException;
import oriel.displayd.rfb.ServerMessages;

/** Passes clipboard text between one client and the guest, as far as the policy allows. Thread-safe. */
final class ClipboardBridge {
    private static final Logger log = LoggerFactory.getLogger(ClipboardBridge.class);

    private final DisplayGrant grant;
    private final UpdateStream stream;
    private volatile @Nullable String guestText;

    ClipboardBridge(DisplayGrant grant, UpdateStream stream) {
        this.grant = grant;
        this.stream = stream;
    }

    /** The client named its encodings: the extension answers each time with what we take. */
    void encodingsSet() throws RfbProtocolException {
        if (extended()) {
            stream.answer(ExtendedClipboard::writeCaps);
        }
    }

    /** The guest copied something. */
    void fromGuest(String text) throws RfbProtocolException {
        if (!grant.clipboard().fromGuest()) {
            return;
        }
        if (tooLong(text)) {
            log.info(
                    "session {}: clipboard text of {} characters from the guest is too long",
                    grant.sessionId(),
                    text.length());
            return;
        }
        guestText = text;
        if (extended()) {
            stream.answer(out -> ExtendedClipboard.writeNotify(out, !text.isEmpty()));
        } else {
            stream.answer(out -> ServerMessages.cutText(out, text));
        }
    }

    /** The client sent text. */
    void fromClient(String text) {
        if (!grant.mayControl() || !grant.clipboard().toGuest()) {
            return;
        }
        if (tooLong(text)) {
            log.info(
                    "session {}: clipboard text of {} characters from the viewer is too long",
                    grant.sessionId(),
                    text.length());
            return;
        }
        grant.display().input().clipboard(text);
    }

    void control(ClientMessage.ClipboardControl message) throws RfbProtocolException {
        boolean text = (message.formats() & ExtendedClipboard.TEXT) != 0;
        String held = guestText;
        switch (message.action()) {
            case REQUEST -> {
                if (text && held != null) {
                    stream.answer(out -> ExtendedClipboard.writeProvide(out, held));
                }
            }
            case PEEK -> stream.answer(out -> ExtendedClipboard.writeNotify(out, held != null));
            case NOTIFY -> {
                if (text && grant.mayControl() && grant.clipboard().toGuest()) {
                    stream.answer(ExtendedClipboard::writeRequest);
                }
            }
            case CAPS, PROVIDE -> {
                // Text is only ever sent when asked for, so the client's limits don't matter.
            }
        }
    }

    private boolean extended() {
        return stream.capabilities().has(Encodings.EXTENDED_CLIPBOARD);
    }

    private boolean tooLong(String text) {
        int limit = grant.clipboard().maximumBytes();
        return text.length() > limit || text.getBytes(StandardCharsets.UTF_8).length > limit;
    }
}
