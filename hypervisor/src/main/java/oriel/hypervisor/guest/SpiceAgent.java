package oriel.hypervisor.guest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.device.virtio.ConsolePort;
import oriel.hypervisor.display.DisplaySize;

/**
 * The host's side of the SPICE agent (spice-vdagent in the guest): text of the clipboard both ways, and the size of the
 * guest's screen. Confined to the machine's thread.
 *
 * <p>The clipboard goes by demand: whoever copies says so ("grab"), and sends the text when the other one asks. The host
 * asks at once, as viewers want the text; but a guest that copies in a loop is asked ten times a second only.
 */
public final class SpiceAgent {
    /** The port's name, by which the guest's program finds it. */
    public static final String PORT = "com.redhat.spice.0";

    /** Longest text of a clipboard, in UTF-8 bytes. */
    public static final int MAX_TEXT = 1 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(SpiceAgent.class);

    private static final int CAP_MONITORS_CONFIG = 1;
    private static final int CAP_REPLY = 2;
    private static final int CAP_CLIPBOARD_BY_DEMAND = 5;
    private static final int CAP_CLIPBOARD_SELECTION = 6;
    private static final int CAP_MAX_CLIPBOARD = 10;
    private static final int CAPABILITIES = 1 << CAP_MONITORS_CONFIG
            | 1 << CAP_REPLY
            | 1 << CAP_CLIPBOARD_BY_DEMAND
            | 1 << CAP_CLIPBOARD_SELECTION
            | 1 << CAP_MAX_CLIPBOARD;

    /** The clipboard proper; what is merely selected in a window (1) is of no interest to a viewer. */
    private static final int SELECTION_CLIPBOARD = 0;

    private static final int TYPE_NONE = 0;
    private static final int TYPE_UTF8_TEXT = 1;

    private static final int USE_POSITION = 1;
    private static final int COLOUR_DEPTH = 32;

    private static final long BETWEEN_REQUESTS = 100_000_000; // ns
    private static final long BETWEEN_SIZES = 200_000_000;

    /** A guest may start and break its agent in a loop; the log has the first of these only. */
    private static final int LOGGED_FAILURES = 8;

    private final MachineClock clock;
    private final Executor machine;
    private final Consumer<String> guestCopied;
    private final ConsolePort port;
    private final VdAgentStream stream = new VdAgentStream(MAX_TEXT + 8);
    private final MachineClock.Timer requestTimer;
    private final MachineClock.Timer sizeTimer;
    private boolean ready;
    private boolean asked; // for the text that the guest has
    private int failures;
    private boolean selections; // the guest tells one clipboard from another
    private @Nullable String hostText;
    private @Nullable DisplaySize wanted;
    private @Nullable DisplaySize sent;
    private long earliestRequest;
    private long earliestSize;

    /**
     * An agent whose port isn't on a board yet.
     *
     * @param machine runs tasks on the machine's thread
     * @param guestCopied takes text that was copied in the guest, on the machine's thread
     */
    public SpiceAgent(Executor machine, MachineClock clock, Consumer<String> guestCopied) {
        this.machine = machine;
        this.clock = clock;
        this.guestCopied = guestCopied;
        this.requestTimer = clock.newTimer("guest clipboard", this::requestText);
        this.sizeTimer = clock.newTimer("guest screen size", this::sendSize);
        this.port = new ConsolePort(PORT, new ConsolePort.Listener() {
            @Override
            public void received(byte[] bytes) {
                SpiceAgent.this.received(bytes);
            }

            @Override
            public void guestOpened(boolean open) {
                SpiceAgent.this.guestOpened(open);
            }
        });
        port.open(true);
    }

    /** The host's end, for the board to plug in. */
    public ConsolePort port() {
        return port;
    }

    /** Whether the guest's agent has said what it can do. */
    public boolean ready() {
        return ready;
    }

    /**
     * Somebody copied text outside: programs in the guest can paste it. Remembered until one in the guest copies.
     *
     * @param text longer than {@link #MAX_TEXT} in UTF-8: ignored
     */
    public void clipboard(String text) {
        if (text.length() > MAX_TEXT || text.getBytes(UTF_8).length > MAX_TEXT) {
            return;
        }
        hostText = text;
        offer();
    }

    /** The screen should have this size; told to the guest now, or when its agent is there. */
    public void requestSize(DisplaySize size) {
        wanted = size;
        if (ready && sizeTimer.deadline() == Long.MAX_VALUE) {
            sizeTimer.armAt(Math.max(clock.nanos(), earliestSize)); // a window that is dragged asks all the time
        }
    }

    private void guestOpened(boolean open) {
        ready = false;
        asked = false;
        sent = null;
        stream.clear();
        requestTimer.cancel();
        sizeTimer.cancel();
        if (open) {
            // A task, as the device that tells this may be in the middle of being loaded.
            machine.execute(() -> announce(true));
        }
    }

    private void announce(boolean answer) {
        ByteBuffer body = body(8);
        send(VdAgentMessage.ANNOUNCE_CAPABILITIES, body.putInt(answer ? 1 : 0).putInt(CAPABILITIES));
    }

    private static ByteBuffer body(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void send(int type, ByteBuffer body) {
        byte[] data = new byte[body.flip().remaining()];
        body.get(data);
        port.send(new VdAgentMessage(type, data).chunks());
    }

    private void received(byte[] bytes) {
        stream.feed(bytes);
        try {
            for (VdAgentMessage message = stream.next(); message != null; message = stream.next()) {
                take(message.type(), ByteBuffer.wrap(message.data()).order(ByteOrder.LITTLE_ENDIAN));
            }
        } catch (IllegalStateException e) {
            if (failures++ < LOGGED_FAILURES) {
                LOG.warn("the guest's SPICE agent is given up until it starts anew: {}", e.getMessage());
            }
            ready = false;
            port.open(false); // the guest sees a hang-up
            port.open(true);
            stream.clear();
        }
    }

    private void take(int type, ByteBuffer body) {
        switch (type) {
            case VdAgentMessage.ANNOUNCE_CAPABILITIES -> capabilities(body);
            case VdAgentMessage.CLIPBOARD_GRAB -> grabbed(body);
            case VdAgentMessage.CLIPBOARD_REQUEST -> requested(body);
            case VdAgentMessage.CLIPBOARD -> copied(body);
            default -> {} // replies and releases change nothing here; the rest was not asked for
        }
    }

    private void capabilities(ByteBuffer body) {
        if (body.remaining() < 8) {
            return;
        }
        boolean answer = body.getInt() != 0;
        selections = (body.getInt() & 1 << CAP_CLIPBOARD_SELECTION) != 0;
        boolean first = !ready;
        ready = true;
        if (answer) {
            announce(false);
        }
        if (first) {
            send(VdAgentMessage.MAX_CLIPBOARD, body(4).putInt(MAX_TEXT));
            offer();
            sendSize();
        }
    }

    /** Whether a clipboard message is about the clipboard proper; its selection is taken from the body. */
    private boolean ofClipboard(ByteBuffer body) {
        if (!selections) {
            return true;
        }
        return body.remaining() >= 4 && (body.getInt() & 0xFF) == SELECTION_CLIPBOARD;
    }

    private ByteBuffer clipboardBody(int size) {
        return selections ? body(4 + size).putInt(SELECTION_CLIPBOARD) : body(size);
    }

    // From the guest

    private void grabbed(ByteBuffer body) {
        if (!ofClipboard(body)) {
            return;
        }
        boolean text = false;
        while (body.remaining() >= 4) {
            text |= body.getInt() == TYPE_UTF8_TEXT;
        }
        hostText = null; // the guest has the clipboard now
        if (text && requestTimer.deadline() == Long.MAX_VALUE) {
            requestTimer.armAt(Math.max(clock.nanos(), earliestRequest));
        }
    }

    private void requestText() {
        earliestRequest = clock.nanos() + BETWEEN_REQUESTS;
        asked = true;
        send(VdAgentMessage.CLIPBOARD_REQUEST, clipboardBody(4).putInt(TYPE_UTF8_TEXT));
    }

    private void copied(ByteBuffer body) {
        if (!ofClipboard(body) || !asked) {
            return; // nobody wanted to know
        }
        asked = false;
        if (body.remaining() < 4 || body.getInt() != TYPE_UTF8_TEXT || hostText != null) {
            return;
        }
        byte[] text = new byte[body.remaining()];
        body.get(text);
        if (text.length > 0) {
            guestCopied.accept(new String(text, UTF_8));
        }
    }

    // To the guest

    private void offer() {
        if (ready && hostText != null) {
            send(VdAgentMessage.CLIPBOARD_GRAB, clipboardBody(4).putInt(TYPE_UTF8_TEXT));
        }
    }

    private void requested(ByteBuffer body) {
        if (!ofClipboard(body) || body.remaining() < 4) {
            return;
        }
        String text = body.getInt() == TYPE_UTF8_TEXT ? hostText : null;
        if (text == null) { // the program that pastes must not wait for ever
            send(VdAgentMessage.CLIPBOARD, clipboardBody(4).putInt(TYPE_NONE));
            return;
        }
        byte[] bytes = text.getBytes(UTF_8);
        send(
                VdAgentMessage.CLIPBOARD,
                clipboardBody(4 + bytes.length).putInt(TYPE_UTF8_TEXT).put(bytes));
    }

    private void sendSize() {
        DisplaySize size = wanted;
        if (!ready || size == null || size.equals(sent)) {
            return;
        }
        sent = size;
        earliestSize = clock.nanos() + BETWEEN_SIZES;
        ByteBuffer body = body(28);
        body.putInt(1).putInt(USE_POSITION);
        body.putInt(size.height())
                .putInt(size.width())
                .putInt(COLOUR_DEPTH)
                .putInt(0)
                .putInt(0);
        send(VdAgentMessage.MONITORS_CONFIG, body);
    }
}
