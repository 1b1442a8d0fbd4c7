package oriel.displayd.rfb;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/**
 * Takes a client's bytes in whatever pieces they come and hands out whole messages. What it holds is bounded by the
 * largest message it accepts: a text of {@code textLimit} bytes. Not thread-safe.
 */
public final class ClientMessageReader {
    /** More encodings than anyone has registered. */
    static final int MAX_ENCODINGS = 1024;

    private static final int MAX_FENCE_PAYLOAD = 64;
    private static final int SMALL = 512;
    /** A buffer beyond this is given back once it is empty: few messages are large. */
    private static final int KEEP = 64 * 1024;

    private static final SampleFormat[] SAMPLE_FORMATS = SampleFormat.values();
    private static final ClientMessage.Power.Action[] POWER_ACTIONS = ClientMessage.Power.Action.values();
    private static final int FIRST_POWER_CODE = 2;

    private final int textLimit;
    private byte[] bytes = new byte[SMALL];
    private int start;
    private int end;
    private long skip;
    private boolean extendedButtons;

    /** @param textLimit the longest clipboard text accepted, in bytes; longer ones are skipped */
    public ClientMessageReader(int textLimit) {
        this.textLimit = textLimit;
    }

    /** From now on the top bit of a pointer event's buttons announces a second byte: the client was told of it. */
    public void acceptExtendedButtons() {
        extendedButtons = true;
    }

    /** Adds bytes that arrived. */
    public void feed(byte[] from, int offset, int length) {
        int skipped = (int) Math.min(skip, length);
        skip -= skipped;
        int rest = length - skipped;
        if (bytes.length - end < rest) {
            int held = end - start;
            // Doubled, but not beyond what the longest message needs.
            int larger = Math.max(held + rest, Math.min(bytes.length * 2, textLimit + 8));
            byte[] to = held + rest > bytes.length ? new byte[larger] : bytes;
            System.arraycopy(bytes, start, to, 0, held);
            bytes = to;
            start = 0;
            end = held;
        }
        System.arraycopy(from, offset + skipped, bytes, end, rest);
        end += rest;
    }

    /** Bytes held that are no whole message yet. */
    public int held() {
        return end - start;
    }

    /** Size of the buffer: what this costs, whatever is in it. */
    public int capacity() {
        return bytes.length;
    }

    /** Exactly {@code count} bytes of the handshake, or null if they are not here yet. */
    public byte @Nullable [] handshake(int count) {
        if (end - start < count) {
            return null;
        }
        byte[] taken = Arrays.copyOfRange(bytes, start, start + count);
        start += count;
        return taken;
    }

    /** The next message, or null if it is not all here yet. */
    public @Nullable ClientMessage next() throws RfbProtocolException {
        if (start == end) {
            start = 0;
            end = 0;
            if (bytes.length > KEEP) {
                bytes = new byte[SMALL];
            }
            return null;
        }
        int type = u8(0);
        return switch (type) {
            case 0 -> has(20) ? done(new ClientMessage.SetPixelFormat(PixelFormat.read(bytes, start + 4)), 20) : null;
            case 2 -> encodings();
            case 3 -> has(10) ? done(new ClientMessage.FramebufferUpdateRequest(u8(1) != 0, rectangle(2)), 10) : null;
            case 4 -> has(8) ? done(new ClientMessage.KeyEvent(u8(1) != 0, u32(4)), 8) : null;
            case 5 -> pointer();
            case 6 -> cutText();
            case 150 -> has(10) ? done(new ClientMessage.EnableContinuousUpdates(u8(1) != 0, rectangle(2)), 10) : null;
            case 248 -> fence();
            case 250 -> power();
            case 251 -> desktopSize();
            case 255 -> qemu();
            default -> throw new RfbProtocolException("unknown message type " + type);
        };
    }

    private @Nullable ClientMessage encodings() throws RfbProtocolException {
        if (!has(4)) {
            return null;
        }
        int count = u16(2);
        if (count > MAX_ENCODINGS) {
            throw new RfbProtocolException("SetEncodings with " + count + " encodings");
        }
        if (!has(4 + 4 * count)) {
            return null;
        }
        List<Integer> encodings = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            encodings.add(u32(4 + 4 * i));
        }
        return done(new ClientMessage.SetEncodings(encodings), 4 + 4 * count);
    }

    private @Nullable ClientMessage pointer() {
        if (!has(6)) {
            return null;
        }
        int buttons = u8(1);
        if (!extendedButtons || (buttons & 0x80) == 0) {
            return done(new ClientMessage.PointerEvent(buttons & 0x7F, u16(2), u16(4)), 6);
        }
        if (!has(7)) {
            return null;
        }
        return done(new ClientMessage.PointerEvent(buttons & 0x7F | (u8(6) & 3) << 7, u16(2), u16(4)), 7);
    }

    private @Nullable ClientMessage cutText() throws RfbProtocolException {
        if (!has(8)) {
            return null;
        }
        int length = u32(4);
        boolean extended = length < 0;
        long size = Math.abs((long) length);
        if (size > textLimit) {
            // Honest clients paste a lot; a closed connection would be a poor answer to that.
            start += 8;
            long here = Math.min(size, end - start);
            start += (int) here;
            skip = size - here;
            return new ClientMessage.OversizedCutText(size);
        }
        if (extended && size < 4) {
            throw new RfbProtocolException("extended clipboard message of " + size + " bytes");
        }
        if (!has(8 + (int) size)) {
            return null;
        }
        int at = start + 8;
        return done(
                extended
                        ? ExtendedClipboard.parse(bytes, at, (int) size, textLimit)
                        : new ClientMessage.ClientCutText(new String(bytes, at, (int) size, ISO_8859_1)),
                8 + (int) size);
    }

    private @Nullable ClientMessage fence() throws RfbProtocolException {
        if (!has(9)) {
            return null;
        }
        int length = u8(8);
        if (length > MAX_FENCE_PAYLOAD) {
            throw new RfbProtocolException("fence with " + length + " bytes of payload");
        }
        if (!has(9 + length)) {
            return null;
        }
        byte[] payload = Arrays.copyOfRange(bytes, start + 9, start + 9 + length);
        return done(new ClientMessage.Fence(u32(4), payload), 9 + length);
    }

    private @Nullable ClientMessage desktopSize() {
        if (!has(8)) {
            return null;
        }
        int length = 8 + 16 * u8(6);
        if (!has(length)) {
            return null;
        }
        return done(new ClientMessage.SetDesktopSize(layout(u16(2), u16(4), u8(6))), length);
    }

    /** The screens are at most 255, so it may well be seen whether they overlap. */
    private @Nullable ScreenLayout layout(int width, int height, int count) {
        try {
            DisplaySize size = new DisplaySize(width, height);
            if (count == 0) {
                return ScreenLayout.single(size); // clients that know sizes only
            }
            List<ScreenLayout.Screen> screens = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                int at = 8 + 16 * i;
                screens.add(new ScreenLayout.Screen(u32(at), screen(rectangle(at + 4), size), u32(at + 12)));
            }
            return new ScreenLayout(size, screens);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** One as large as the picture has one place only: libvncclient up to 0.9.14 sends any origin, never having set it. */
    private static Rectangle screen(Rectangle sent, DisplaySize size) {
        boolean whole = sent.width() == size.width() && sent.height() == size.height();
        return whole ? size.bounds() : sent;
    }

    private @Nullable ClientMessage qemu() throws RfbProtocolException {
        if (!has(2)) {
            return null;
        }
        return switch (u8(1)) {
            case 0 -> has(12) ? done(new ClientMessage.QemuKeyEvent(u16(2) != 0, u32(4), u32(8)), 12) : null;
            case 1 -> audio();
            default -> throw new RfbProtocolException("unknown QEMU message " + u8(1));
        };
    }

    private @Nullable ClientMessage audio() throws RfbProtocolException {
        if (!has(4)) {
            return null;
        }
        int operation = u16(2);
        if (operation < 2) {
            return done(new ClientMessage.EnableAudio(operation == 0), 4);
        }
        if (operation > 2) {
            throw new RfbProtocolException("unknown QEMU audio operation " + operation);
        }
        if (!has(10)) {
            return null;
        }
        int samples = u8(4);
        if (samples >= SAMPLE_FORMATS.length) {
            throw new RfbProtocolException("unknown sample format " + samples);
        }
        try {
            AudioFormat format = new AudioFormat(SAMPLE_FORMATS[samples], u8(5), u32(6));
            return done(new ClientMessage.SetAudioFormat(format), 10);
        } catch (IllegalArgumentException e) {
            throw new RfbProtocolException(String.valueOf(e.getMessage()));
        }
    }

    private @Nullable ClientMessage power() throws RfbProtocolException {
        if (!has(4)) {
            return null;
        }
        int action = u8(3) - FIRST_POWER_CODE;
        if (u8(2) != 1 || action < 0 || action >= POWER_ACTIONS.length) {
            throw new RfbProtocolException("unknown xvp message " + u8(3) + " of version " + u8(2));
        }
        return done(new ClientMessage.Power(POWER_ACTIONS[action]), 4);
    }

    private boolean has(int count) {
        return end - start >= count;
    }

    private ClientMessage done(ClientMessage message, int length) {
        start += length;
        return message;
    }

    private Rectangle rectangle(int at) {
        return new Rectangle(u16(at), u16(at + 2), u16(at + 4), u16(at + 6));
    }

    private int u8(int at) {
        return bytes[start + at] & 0xFF;
    }

    private int u16(int at) {
        return u8(at) << 8 | u8(at + 1);
    }

    private int u32(int at) {
        return u16(at) << 16 | u16(at + 2);
    }
}
