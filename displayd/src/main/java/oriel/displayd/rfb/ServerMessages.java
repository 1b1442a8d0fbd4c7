package oriel.displayd.rfb;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import oriel.hypervisor.display.CursorImage;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/** Writers for what a server says (RFC 6143 §7.6 and registered extensions), except pixels. */
public final class ServerMessages {
    static final int SERVER_CUT_TEXT = 3;

    /** Reasons of an ExtendedDesktopSize rectangle. */
    public static final int SIZE_CHANGED_BY_SERVER = 0;
    /** The receiver asked for it. */
    public static final int SIZE_REQUESTED_BY_CLIENT = 1;

    /** Status codes of an ExtendedDesktopSize rectangle: all well. */
    public static final int SIZE_OK = 0;
    /** Not allowed to. */
    public static final int SIZE_PROHIBITED = 1;
    /** More than the machine has. */
    public static final int SIZE_OUT_OF_RESOURCES = 2;
    /** Nonsense. */
    public static final int SIZE_INVALID = 3;
    /** The guest was asked and may follow. */
    public static final int SIZE_FORWARDED = 4;

    /** As an update's count of rectangles: they go on until {@link #lastRect}. */
    public static final int UNKNOWN_COUNT = 0xFFFF;

    private ServerMessages() {}

    /** ServerInit (RFC 6143 §7.3.2). */
    public static void serverInit(WireBuffer out, DisplaySize size, PixelFormat format, String name) {
        out.u16(size.width()).u16(size.height());
        format.write(out);
        byte[] utf8 = name.getBytes(UTF_8);
        out.u32(utf8.length).bytes(utf8);
    }

    /** Start of a FramebufferUpdate (RFC 6143 §7.6.1). */
    public static void updateHeader(WireBuffer out, int rectangles) {
        out.u8(0).u8(0).u16(rectangles);
    }

    /** Start of a rectangle. */
    public static void rectangleHeader(WireBuffer out, Rectangle area, int encoding) {
        out.u16(area.x()).u16(area.y()).u16(area.width()).u16(area.height()).u32(encoding);
    }

    /** A whole CopyRect rectangle (RFC 6143 §7.7.2). */
    public static void copyRect(WireBuffer out, Rectangle to, int fromX, int fromY) {
        rectangleHeader(out, to, Encodings.COPY_RECT);
        out.u16(fromX).u16(fromY);
    }

    /** Ends an update of {@link #UNKNOWN_COUNT} rectangles. */
    public static void lastRect(WireBuffer out) {
        out.zeros(8).u32(Encodings.LAST_RECT);
    }

    /** An empty rectangle that says "I speak this extension". */
    public static void acknowledge(WireBuffer out, int pseudoEncoding) {
        out.zeros(8).u32(pseudoEncoding);
    }

    /** QEMU pointer motion change: positions are of the picture, not steps. */
    public static void absolutePointer(WireBuffer out) {
        out.u16(1).zeros(6).u32(Encodings.QEMU_POINTER_MOTION);
    }

    /** DesktopSize (RFC 6143 §7.8.2). */
    public static void desktopSize(WireBuffer out, DisplaySize size) {
        rectangleHeader(out, size.bounds(), Encodings.DESKTOP_SIZE);
    }

    /** ExtendedDesktopSize. */
    public static void extendedDesktopSize(WireBuffer out, ScreenLayout layout, int reason, int status) {
        DisplaySize size = layout.size();
        out.u16(reason).u16(status).u16(size.width()).u16(size.height()).u32(Encodings.EXTENDED_DESKTOP_SIZE);
        out.u8(layout.screens().size()).zeros(3);
        for (ScreenLayout.Screen screen : layout.screens()) {
            Rectangle area = screen.area();
            out.u32(screen.id()).u16(area.x()).u16(area.y());
            out.u16(area.width()).u16(area.height()).u32(screen.flags());
        }
    }

    /** DesktopName. */
    public static void desktopName(WireBuffer out, String name) {
        byte[] utf8 = name.getBytes(UTF_8);
        out.zeros(8).u32(Encodings.DESKTOP_NAME).u32(utf8.length).bytes(utf8);
    }

    /** QEMU keyboard lights: bit 0 scroll lock, 1 num lock, 2 caps lock. */
    public static void ledState(WireBuffer out, int leds) {
        out.zeros(8).u32(Encodings.QEMU_LED_STATE).u8(leds & 7);
    }

    /** Cursor (RFC 6143 §7.8.1): pixels in the client's format and a one-bit mask. */
    public static void cursor(WireBuffer out, CursorImage cursor, PixelFormat format) {
        int width = cursor.width();
        int height = cursor.height();
        out.u16(cursor.hotX()).u16(cursor.hotY()).u16(width).u16(height).u32(Encodings.CURSOR);
        PixelLayout layout = PixelLayout.full(format);
        int[] argb = cursor.argb();
        for (int i = 0; i < width * height; i++) {
            layout.write(out, format.toWire(argb[i] & 0xFFFFFF));
        }
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x += 8) {
                int bits = 0;
                for (int b = 0; b < 8 && x + b < width; b++) {
                    if (argb[y * width + x + b] >>> 24 >= 0x80) {
                        bits |= 0x80 >> b;
                    }
                }
                out.u8(bits);
            }
        }
    }

    /** Cursor with alpha: raw R, G, B, A bytes, premultiplied. */
    public static void cursorWithAlpha(WireBuffer out, CursorImage cursor) {
        out.u16(cursor.hotX()).u16(cursor.hotY()).u16(cursor.width()).u16(cursor.height());
        out.u32(Encodings.CURSOR_WITH_ALPHA).u32(Encodings.RAW);
        for (int i = 0; i < cursor.width() * cursor.height(); i++) {
            int pixel = cursor.argb()[i];
            int alpha = pixel >>> 24;
            out.u8(((pixel >>> 16 & 0xFF) * alpha + 127) / 255);
            out.u8(((pixel >>> 8 & 0xFF) * alpha + 127) / 255);
            out.u8(((pixel & 0xFF) * alpha + 127) / 255);
            out.u8(alpha);
        }
    }

    /** The fixed colour map of {@link PixelFormat#MAPPED_332} (RFC 6143 §7.6.2). */
    public static void colourMap332(WireBuffer out) {
        out.u8(1).u8(0).u16(0).u16(256);
        for (int i = 0; i < 256; i++) {
            out.u16((i >> 5) * 65535 / 7).u16((i >> 2 & 7) * 65535 / 7).u16((i & 3) * 65535 / 3);
        }
    }

    /** ServerCutText (RFC 6143 §7.6.4); what Latin-1 can't say becomes a question mark. */
    public static void cutText(WireBuffer out, String text) {
        byte[] latin1 = text.replace("\r\n", "\n").getBytes(ISO_8859_1);
        out.u8(SERVER_CUT_TEXT).zeros(3).u32(latin1.length).bytes(latin1);
    }

    /** Says that ContinuousUpdates are possible, or have ended. */
    public static void endOfContinuousUpdates(WireBuffer out) {
        out.u8(150);
    }

    /** QEMU audio: something is to be heard. */
    public static void audioBegin(WireBuffer out) {
        out.u8(255).u8(1).u16(1);
    }

    /** QEMU audio: silence again. */
    public static void audioEnd(WireBuffer out) {
        out.u8(255).u8(1).u16(0);
    }

    /** QEMU audio: start of a message with so many bytes of samples. */
    public static void audioHeader(WireBuffer out, int length) {
        out.u8(255).u8(1).u16(2).u32(length);
    }

    /** xvp: that the client may ask for what it names, or that what it asked for wasn't done. */
    public static void xvp(WireBuffer out, boolean possible) {
        out.u8(250).u8(0).u8(1).u8(possible ? 1 : 0);
    }

    /** Fence, as a request or as the answer to one. */
    public static void fence(WireBuffer out, int flags, byte[] payload) {
        out.u8(248).zeros(3).u32(flags).u8(payload.length).bytes(payload);
    }
}
