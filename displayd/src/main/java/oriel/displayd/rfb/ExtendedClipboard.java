package oriel.displayd.rfb;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** The extended clipboard messages (rfbproto "Extended Clipboard Pseudo-Encoding"); text only. */
public final class ExtendedClipboard {
    /** The only format we speak. */
    public static final int TEXT = 1;

    private static final int FORMATS = 0xFFFF;

    /** What a message is for. */
    public enum Action {
        CAPS(24),
        REQUEST(25),
        PEEK(26),
        NOTIFY(27),
        PROVIDE(28);

        private final int flag;

        Action(int bit) {
            flag = 1 << bit;
        }
    }

    private ExtendedClipboard() {}

    /** Parses the {@code length} bytes of a client's extended cut text. */
    static ClientMessage parse(byte[] from, int at, int length, int textLimit) throws RfbProtocolException {
        int flags = u32(from, at);
        int formats = flags & FORMATS;
        if ((flags & Action.CAPS.flag) != 0) {
            int sizes = Integer.bitCount(formats);
            if (length < 4 + 4 * sizes) {
                throw new RfbProtocolException("clipboard capabilities are shorter than their formats need");
            }
            // The sizes come in the order of the format bits; text is bit 0, so its size is first.
            int limit = (formats & TEXT) != 0 ? u32(from, at + 4) : 0;
            return new ClientMessage.ClipboardControl(Action.CAPS, flags, limit < 0 ? Integer.MAX_VALUE : limit);
        }
        if ((flags & Action.PROVIDE.flag) != 0) {
            return new ClientMessage.ClipboardText(
                    (formats & TEXT) != 0 ? inflateText(from, at + 4, length - 4, textLimit) : "");
        }
        for (Action action : new Action[] {Action.REQUEST, Action.PEEK, Action.NOTIFY}) {
            if ((flags & action.flag) != 0) {
                return new ClientMessage.ClipboardControl(action, formats, 0);
            }
        }
        throw new RfbProtocolException("clipboard message without a known action (flags 0x%08x)".formatted(flags));
    }

    private static String inflateText(byte[] from, int at, int length, int textLimit) throws RfbProtocolException {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(from, at, length);
            byte[] header = new byte[4];
            if (!fill(inflater, header)) {
                throw new RfbProtocolException("clipboard text's zlib stream ends early");
            }
            int size = u32(header, 0);
            // The terminating null and CR LF line ends come on top of the text's own length.
            if (size < 0 || size > 2L * textLimit + 1) {
                throw new RfbProtocolException("clipboard text of " + Integer.toUnsignedString(size) + " bytes");
            }
            byte[] text = new byte[size];
            if (!fill(inflater, text)) {
                throw new RfbProtocolException("clipboard text's zlib stream ends early");
            }
            int end = size;
            while (end > 0 && text[end - 1] == 0) {
                end--;
            }
            return UTF_8.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(text, 0, end))
                    .toString()
                    .replace("\r\n", "\n");
        } catch (DataFormatException | CharacterCodingException e) {
            throw new RfbProtocolException("clipboard text is not zlib-compressed UTF-8: " + e.getMessage());
        } finally {
            inflater.end();
        }
    }

    private static boolean fill(Inflater inflater, byte[] to) throws DataFormatException {
        int done = 0;
        while (done < to.length) {
            int count = inflater.inflate(to, done, to.length - done);
            if (count == 0) {
                return false;
            }
            done += count;
        }
        return true;
    }

    /** Announces what we take: text of any size by request only, so that a clipboard nobody pastes is never sent. */
    public static void writeCaps(WireBuffer out) {
        header(
                out,
                8,
                Action.CAPS.flag
                        | Action.REQUEST.flag
                        | Action.PEEK.flag
                        | Action.NOTIFY.flag
                        | Action.PROVIDE.flag
                        | TEXT);
        out.u32(0);
    }

    /** Says that there is text ({@code true}) or nothing. */
    public static void writeNotify(WireBuffer out, boolean text) {
        header(out, 4, Action.NOTIFY.flag | (text ? TEXT : 0));
    }

    /** Asks for the text. */
    public static void writeRequest(WireBuffer out) {
        header(out, 4, Action.REQUEST.flag | TEXT);
    }

    /** Sends text. */
    public static void writeProvide(WireBuffer out, String text) {
        byte[] utf8 = (text.replace("\r\n", "\n").replace("\n", "\r\n") + '\0').getBytes(UTF_8);
        WireBuffer plain = new WireBuffer(utf8.length + 4).u32(utf8.length).bytes(utf8);
        Deflater deflater = new Deflater();
        try {
            deflater.setInput(plain.array(), 0, plain.size());
            deflater.finish();
            WireBuffer packed = new WireBuffer(utf8.length / 2 + 64);
            while (!deflater.finished()) {
                packed.reserve(1024);
                packed.advance(deflater.deflate(packed.array(), packed.size(), packed.array().length - packed.size()));
            }
            header(out, 4 + packed.size(), Action.PROVIDE.flag | TEXT);
            out.bytes(packed.array(), 0, packed.size());
        } finally {
            deflater.end();
        }
    }

    private static void header(WireBuffer out, int length, int flags) {
        out.u8(ServerMessages.SERVER_CUT_TEXT).zeros(3).u32(-length).u32(flags);
    }

    private static int u32(byte[] from, int at) {
        return from[at] << 24 | (from[at + 1] & 0xFF) << 16 | (from[at + 2] & 0xFF) << 8 | from[at + 3] & 0xFF;
    }
}
