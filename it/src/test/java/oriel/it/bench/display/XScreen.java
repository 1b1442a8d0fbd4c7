package oriel.it.bench.display;

import java.io.IOException;
import java.nio.ByteBuffer;
import oriel.hypervisor.display.Rectangle;
import oriel.it.display.XConnection;

/** An X client that fills the screen with pixels, and may answer keys. */
final class XScreen implements AutoCloseable {
    private static final int CREATE_WINDOW = 1;
    private static final int CHANGE_WINDOW_ATTRIBUTES = 2;
    private static final int MAP_WINDOW = 8;
    private static final int CREATE_GC = 55;
    private static final int CHANGE_GC = 56;
    private static final int POLY_FILL_RECTANGLE = 70;
    private static final int PUT_IMAGE = 72;
    private static final int Z_PIXMAP = 2;
    private static final int OVERRIDE_REDIRECT = 1 << 9;
    private static final int EVENT_MASK = 1 << 11;
    private static final int KEY_PRESS_EVENTS = 1;
    private static final int KEY_PRESS = 2;
    private static final int GC_FOREGROUND = 1 << 2;

    private final XConnection x;
    private final int window;
    private final int graphicsContext;
    private final int width;

    /** Connects to display {@code number} and covers its screen with a window. */
    XScreen(int number, int width, int height) throws IOException {
        this.width = width;
        x = new XConnection(number);
        window = x.idBase();
        graphicsContext = x.idBase() + 1;
        x.begin(CREATE_WINDOW, 0, 9)
                .putInt(window)
                .putInt(x.root())
                .putShort((short) 0)
                .putShort((short) 0)
                .putShort((short) width)
                .putShort((short) height)
                .putShort((short) 0)
                .putShort((short) 1)
                .putInt(0)
                .putInt(OVERRIDE_REDIRECT)
                .putInt(1);
        x.send();
        x.begin(CREATE_GC, 0, 4).putInt(graphicsContext).putInt(window).putInt(0);
        x.send();
        x.begin(MAP_WINDOW, 0, 2).putInt(window);
        x.send();
        x.sync();
    }

    /** Draws rows of a picture of the whole screen, as 0x00RRGGBB. */
    void put(int[] picture, int top, int bottom) throws IOException {
        int rows = bottom - top;
        int size = 28 + 4 * width * rows;
        ByteBuffer request = x.beginBig(PUT_IMAGE, Z_PIXMAP, size)
                .putInt(window)
                .putInt(graphicsContext)
                .putShort((short) width)
                .putShort((short) rows)
                .putShort((short) 0)
                .putShort((short) top)
                .put((byte) 0)
                .put((byte) 24)
                .putShort((short) 0);
        request.asIntBuffer().put(picture, top * width, width * rows);
        request.position(size);
        x.send();
    }

    /** From now on the screen's keys come to us. */
    void selectKeys() throws IOException {
        x.begin(CHANGE_WINDOW_ATTRIBUTES, 0, 4)
                .putInt(window)
                .putInt(EVENT_MASK)
                .putInt(KEY_PRESS_EVENTS);
        x.send();
        x.sync();
    }

    /** Waits for a key to be pressed. */
    void awaitKey() throws IOException {
        ByteBuffer event = x.read(32);
        while ((event.get(0) & 0x7F) != KEY_PRESS) {
            event = x.read(32);
        }
    }

    /** Fills a rectangle with 0x00RRGGBB, without waiting. */
    void fill(Rectangle area, int colour) throws IOException {
        x.begin(CHANGE_GC, 0, 4).putInt(graphicsContext).putInt(GC_FOREGROUND).putInt(colour);
        x.send();
        x.begin(POLY_FILL_RECTANGLE, 0, 5)
                .putInt(window)
                .putInt(graphicsContext)
                .putShort((short) area.x())
                .putShort((short) area.y())
                .putShort((short) area.width())
                .putShort((short) area.height());
        x.send();
    }

    /** Returns once the server has done everything asked before. */
    void sync() throws IOException {
        x.sync();
    }

    @Override
    public void close() throws IOException {
        x.close();
    }
}
