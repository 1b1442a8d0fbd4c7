package oriel.displayd.viewer;

import java.util.LinkedHashSet;
import java.util.Set;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.hypervisor.display.CursorImage;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.MonitorLayout;
import oriel.hypervisor.sound.Sound;

/** What a client is to be told by rectangles without pixels, next to its picture. Not thread-safe. */
final class Announcements {
    /** A guest may choose any cursor; nobody needs a larger one. */
    private static final int MAX_CURSOR = 256;

    private static final CursorImage NO_CURSOR = new CursorImage(0, 0, 0, 0, new int[0]);

    private final Display display;
    private final String title;
    private final Set<Integer> acknowledgements = new LinkedHashSet<>();
    private boolean cursorDue;
    private boolean nameDue;
    private boolean pointerDue;
    private int ledsSent = -1;
    private int leds = -1;

    Announcements(Display display, String title) {
        this.display = display;
        this.title = title;
    }

    /** How the screen is divided now. */
    MonitorLayout layout() {
        return display.layout();
    }

    /** The client named what it can do, {@code before} and {@code now}. */
    void encodingsSet(ClientCapabilities before, ClientCapabilities now) {
        for (int extension : new int[] {Encodings.QEMU_EXTENDED_KEY, Encodings.EXTENDED_MOUSE_BUTTONS}) {
            acknowledge(extension, before, now);
        }
        if (display.sound() != Sound.SILENT) {
            acknowledge(Encodings.QEMU_AUDIO, before, now);
        }
        pointerDue |= now.has(Encodings.QEMU_POINTER_MOTION) && !before.has(Encodings.QEMU_POINTER_MOTION);
        nameDue |= now.has(Encodings.DESKTOP_NAME) && !before.has(Encodings.DESKTOP_NAME);
        cursorDue = true;
        ledsSent = -1;
    }

    private void acknowledge(int extension, ClientCapabilities before, ClientCapabilities now) {
        if (now.has(extension) && !before.has(extension)) {
            acknowledgements.add(extension);
        }
    }

    void cursorChanged() {
        cursorDue = true;
    }

    void setLeds(int now) {
        leds = now;
    }

    /**
     * Appends what is due.
     *
     * @return how many rectangles that were
     */
    int write(ClientCapabilities capabilities, PixelFormat format, WireBuffer out) {
        int count = acknowledgements.size();
        for (int extension : acknowledgements) {
            ServerMessages.acknowledge(out, extension);
        }
        acknowledgements.clear();
        if (pointerDue) {
            pointerDue = false;
            ServerMessages.absolutePointer(out);
            count++;
        }
        if (nameDue) {
            nameDue = false;
            ServerMessages.desktopName(out, title);
            count++;
        }
        if (leds != ledsSent && leds >= 0 && capabilities.has(Encodings.QEMU_LED_STATE)) {
            ledsSent = leds;
            ServerMessages.ledState(out, leds);
            count++;
        }
        if (cursorDue) {
            cursorDue = false;
            if (capabilities.has(Encodings.CURSOR_WITH_ALPHA)) {
                ServerMessages.cursorWithAlpha(out, cursor());
                count++;
            } else if (capabilities.has(Encodings.CURSOR)) {
                ServerMessages.cursor(out, cursor(), format);
                count++;
            }
        }
        return count;
    }

    /** The guest's cursor; without one the guest draws it into the picture, and the client must show none of its own. */
    private CursorImage cursor() {
        CursorImage cursor = display.cursor();
        boolean usable = cursor != null
                && cursor.width() > 0
                && cursor.height() > 0
                && cursor.width() <= MAX_CURSOR
                && cursor.height() <= MAX_CURSOR
                && cursor.argb().length >= cursor.width() * cursor.height()
                && cursor.hotX() >= 0
                && cursor.hotX() < cursor.width()
                && cursor.hotY() >= 0
                && cursor.hotY() < cursor.height();
        return cursor != null && usable ? cursor : NO_CURSOR;
    }
}
