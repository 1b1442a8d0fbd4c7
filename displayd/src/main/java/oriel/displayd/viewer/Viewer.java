package oriel.displayd.viewer;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.displayd.flow.EncoderPool;
import oriel.displayd.flow.FrameViewer;
import oriel.displayd.flow.ScreenFeed;
import oriel.displayd.flow.ScreenFeeds;
import oriel.displayd.flow.ScreenViewer;
import oriel.displayd.input.KeyboardInput;
import oriel.displayd.input.PointerInput;
import oriel.displayd.rfb.ClientMessage;
import oriel.displayd.rfb.ClientMessageReader;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.RfbProtocolException;
import oriel.displayd.rfb.ScreenLayout;
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.MonitorLayout;

/**
 * One client on one display. Thread-safe, except that {@link #receive} is called by one thread at a time, the
 * transport's.
 */
public final class Viewer {
    private static final Logger log = LoggerFactory.getLogger(Viewer.class);
    private static final Duration HANDSHAKE_TIME = Duration.ofSeconds(10);
    /** A clipboard text on the wire; the policy may allow less. */
    private static final int MAX_CUT_TEXT = 4 << 20;

    private final String id = UUID.randomUUID().toString();
    private final DisplayGrant grant;
    private final Transport transport;
    private final ScreenFeeds feeds;
    private final EncoderPool pool;
    private final ViewerListener listener;

    private final long startNanos = System.nanoTime();
    private final Traffic traffic = new Traffic();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Screen screen = new Screen();
    private final DisplaySize initialSize;
    private final UpdateStream stream;
    private final ClipboardBridge clipboard;
    private final SoundBridge sound;
    private final KeyboardInput keyboard;
    private final PointerInput pointer;

    // Only the transport's thread uses these.
    private final ClientMessageReader in = new ClientMessageReader(MAX_CUT_TEXT);
    private final Handshake handshake = new Handshake();
    private boolean running;
    private boolean powerOffered;

    private volatile @Nullable ScreenFeed feed;
    private volatile @Nullable ScheduledFuture<?> handshakeTimeout;
    private volatile @Nullable Duration firstFrame;

    /**
     * Prepares a connection; {@link #start} begins it.
     *
     * @param grant what the client may do, and with which display
     * @param transport where its bytes go
     * @param feeds shared by all viewers of this process
     * @param pool shared by all viewers of this process
     * @param listener follows it
     */
    public Viewer(
            DisplayGrant grant, Transport transport, ScreenFeeds feeds, EncoderPool pool, ViewerListener listener) {
        this.grant = grant;
        this.transport = transport;
        this.feeds = feeds;
        this.pool = pool;
        this.listener = listener;
        initialSize = grant.display().size();
        Announcements announcements = new Announcements(grant.display(), grant.title());
        stream = new UpdateStream(announcements, initialSize, transport, pool, traffic, this::firstFrameSent, true);
        clipboard = new ClipboardBridge(grant, stream);
        sound = new SoundBridge(grant.display().sound(), stream);
        keyboard = new KeyboardInput(grant.display().input());
        pointer = new PointerInput(grant.display().input());
    }

    /** Unique in this process. */
    public String id() {
        return id;
    }

    /** What the client may do. */
    public DisplayGrant grant() {
        return grant;
    }

    /** The other end, for the log. */
    public String peer() {
        return transport.peer();
    }

    /** Counters. */
    public ViewerStatistics statistics() {
        return new ViewerStatistics(
                traffic.bytesSent(),
                traffic.bytesReceived(),
                traffic.updates(),
                traffic.rectangles(),
                transport.backlog(),
                firstFrame,
                stream.link());
    }

    /** Says hello. */
    public void start() {
        limitHandshake();
        WireBuffer out = new WireBuffer(16);
        handshake.begin(out);
        send(out);
    }

    /** The same for a client that the transport has greeted and admitted: ClientInit comes next. */
    public void startAdmitted() {
        handshake.skipToInit();
        limitHandshake();
    }

    private void limitHandshake() {
        handshakeTimeout = pool.cancellableAfter(
                HANDSHAKE_TIME,
                () -> close(CloseReason.HANDSHAKE_TIMEOUT, "within " + HANDSHAKE_TIME.toSeconds() + " s"));
    }

    /** Takes bytes from the client. What isn't RFB ends the connection. */
    public void receive(byte[] bytes, int offset, int length) {
        if (closed.get()) {
            return;
        }
        traffic.received(length);
        try {
            in.feed(bytes, offset, length);
            if (!running && !shakeHands()) {
                return;
            }
            ClientMessage message = in.next();
            while (message != null && !closed.get()) {
                handle(message);
                message = in.next();
            }
        } catch (RfbProtocolException e) {
            close(CloseReason.PROTOCOL_ERROR, e.reason());
        } catch (RuntimeException e) {
            log.error("session {}: a message from {} could not be handled", grant.sessionId(), peer(), e);
            close(CloseReason.INTERNAL_ERROR, "see the server's log");
        }
    }

    /** The transport has sent something. */
    public void writable() {
        stream.schedule();
    }

    /** The transport is gone. */
    public void transportClosed(String detail) {
        close(CloseReason.CLIENT_LEFT, detail);
    }

    /** Ends the connection. The first call counts. */
    public void close(CloseReason reason, String detail) {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        ScheduledFuture<?> timeout = handshakeTimeout;
        if (timeout != null) {
            timeout.cancel(false);
        }
        transport.close(reason, detail);
        sound.close();
        stream.close();
        ScreenFeed watched = feed;
        if (watched != null) {
            feeds.detach(watched, screen);
        }
        if (grant.mayControl()) {
            grant.display().input().releaseAll();
        }
        log.info("session {}: viewer {} left: {} ({})", grant.sessionId(), peer(), reason, detail);
        listener.disconnected(this, reason, detail);
    }

    private boolean shakeHands() throws RfbProtocolException {
        WireBuffer out = new WireBuffer(64);
        boolean done = handshake.proceed(in, out);
        if (done) {
            running = true;
            ScheduledFuture<?> timeout = handshakeTimeout;
            if (timeout != null) {
                timeout.cancel(false);
            }
            ServerMessages.serverInit(out, initialSize, PixelFormat.NATIVE, grant.title());
        }
        send(out);
        if (done) {
            watch();
            log.info("session {}: viewer {} connected, rights {}", grant.sessionId(), peer(), grant.rights());
            listener.connected(this);
        }
        return done;
    }

    private void watch() {
        ScreenFeed watched = feeds.attach(grant.display(), screen);
        feed = watched;
        stream.attach(watched);
        if (closed.get()) {
            feeds.detach(watched, screen); // closed by another thread in between, which saw no feed yet
        }
    }

    private void send(WireBuffer out) {
        if (out.size() > 0) {
            traffic.sent(out.size());
            transport.send(out.array(), 0, out.size());
        }
    }

    private void handle(ClientMessage message) throws RfbProtocolException {
        switch (message) {
            case ClientMessage.SetPixelFormat m -> stream.setPixelFormat(m.format());
            case ClientMessage.SetEncodings m -> {
                if (m.encodings().contains(Encodings.EXTENDED_MOUSE_BUTTONS)) {
                    in.acceptExtendedButtons();
                }
                stream.setEncodings(m.encodings());
                offerPower(m.encodings());
                clipboard.encodingsSet();
            }
            case ClientMessage.FramebufferUpdateRequest m -> stream.request(m.incremental(), m.area());
            case ClientMessage.EnableContinuousUpdates m -> stream.enableContinuousUpdates(m.enable(), m.area());
            case ClientMessage.Fence m -> fence(m);
            case ClientMessage.SetDesktopSize m -> requestLayout(m.layout());
            case ClientMessage.KeyEvent m -> {
                if (grant.mayControl()) {
                    keyboard.keysym(m.keysym(), m.down());
                }
            }
            case ClientMessage.QemuKeyEvent m -> {
                if (grant.mayControl()) {
                    keyboard.scanCode(m.scanCode(), m.keysym(), m.down());
                }
            }
            case ClientMessage.PointerEvent m -> {
                if (grant.mayControl()) {
                    pointer.event(m.buttons(), m.x(), m.y(), stream.clientSize());
                }
            }
            case ClientMessage.SetAudioFormat m -> sound.setFormat(m.format());
            case ClientMessage.EnableAudio m -> sound.enable(m.enable());
            case ClientMessage.Power m -> power(m.action());
            case ClientMessage.ClientCutText m -> clipboard.fromClient(m.text());
            case ClientMessage.ClipboardText m -> clipboard.fromClient(m.text());
            case ClientMessage.ClipboardControl m -> clipboard.control(m);
            case ClientMessage.OversizedCutText m ->
                log.info("session {}: skipped {} bytes of clipboard text", grant.sessionId(), m.length());
        }
    }

    private void fence(ClientMessage.Fence fence) throws RfbProtocolException {
        if ((fence.flags() & ClientMessage.Fence.REQUEST) == 0) {
            stream.fenceConfirmed(fence.payload());
            return;
        }
        int known = ClientMessage.Fence.BLOCK_BEFORE | ClientMessage.Fence.BLOCK_AFTER | ClientMessage.Fence.SYNC_NEXT;
        stream.answer(out -> ServerMessages.fence(out, fence.flags() & known, fence.payload()));
    }

    private void requestLayout(@Nullable ScreenLayout layout) throws RfbProtocolException {
        stream.replyToSizeRequest(ask(layout));
    }

    private int ask(@Nullable ScreenLayout layout) {
        if (!grant.mayControl()) {
            return ServerMessages.SIZE_PROHIBITED;
        }
        if (layout == null) {
            return ServerMessages.SIZE_INVALID;
        }
        if (layout.tooMany()) {
            return ServerMessages.SIZE_OUT_OF_RESOURCES;
        }
        MonitorLayout monitors = layout.monitors();
        stream.asked(layout);
        if (monitors.equals(grant.display().layout())) {
            return ServerMessages.SIZE_OK;
        }
        return grant.display().requestLayout(monitors)
                ? ServerMessages.SIZE_FORWARDED
                : ServerMessages.SIZE_OUT_OF_RESOURCES;
    }

    /** xvp: said once, when the client first names it. */
    private void offerPower(List<Integer> encodings) throws RfbProtocolException {
        if (!powerOffered && encodings.contains(Encodings.XVP) && grant.power() != null && grant.mayControl()) {
            powerOffered = true;
            stream.answer(out -> ServerMessages.xvp(out, true));
        }
    }

    private void power(ClientMessage.Power.Action action) throws RfbProtocolException {
        PowerSwitch machine = grant.power();
        if (machine == null || !grant.mayControl()) {
            stream.answer(out -> ServerMessages.xvp(out, false));
            return;
        }
        log.info("session {}: viewer {} asks for {}", grant.sessionId(), peer(), action);
        switch (action) {
            case SHUTDOWN -> machine.shutDown();
            case REBOOT -> machine.reboot();
            case RESET -> machine.reset();
        }
    }

    private void firstFrameSent() {
        firstFrame = Duration.ofNanos(System.nanoTime() - startNanos);
        listener.firstFrameSent(this);
    }

    /** What the feed sees of a viewer. */
    private final class Screen implements ScreenViewer {
        @Override
        public FrameViewer frames() {
            return stream;
        }

        @Override
        public void layoutChanged() {
            stream.layoutChanged();
        }

        @Override
        public void cursorChanged() {
            stream.cursorChanged();
        }

        @Override
        public void clipboardChanged(String text) {
            try {
                clipboard.fromGuest(text);
            } catch (RfbProtocolException e) {
                close(CloseReason.PROTOCOL_ERROR, e.reason());
            }
        }

        @Override
        public void ledsChanged(int leds) {
            keyboard.setLights(leds);
            stream.setLeds(leds);
        }

        @Override
        public void displayClosed(String reason) {
            // The machine's thread must not wait for our locks while others hold them and ask the machine.
            Thread.startVirtualThread(() -> close(CloseReason.MACHINE_STOPPED, reason));
        }
    }
}
