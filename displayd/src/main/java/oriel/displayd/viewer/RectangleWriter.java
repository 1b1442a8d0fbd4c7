package oriel.displayd.viewer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import oriel.displayd.encode.HextileEncoder;
import oriel.displayd.encode.PixelBlock;
import oriel.displayd.encode.PixelTranslator;
import oriel.displayd.encode.RawEncoder;
import oriel.displayd.encode.RectangleEncoder;
import oriel.displayd.encode.RreEncoder;
import oriel.displayd.encode.TightEncoder;
import oriel.displayd.encode.ZlibEncoder;
import oriel.displayd.encode.ZrleEncoder;
import oriel.displayd.flow.Scratch;
import oriel.displayd.flow.ScreenFeed;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.hypervisor.display.Rectangle;

/** Writes a connection's pixel rectangles with the encoding its client likes best. Not thread-safe; must be closed. */
final class RectangleWriter implements AutoCloseable {
    private final Map<Integer, RectangleEncoder> encoders = new HashMap<>();
    private final PixelTranslator toNative = new PixelTranslator(PixelFormat.NATIVE);
    private PixelFormat format = PixelFormat.NATIVE;
    private PixelTranslator translator = toNative;
    private ClientCapabilities capabilities = ClientCapabilities.NONE;

    /** What holds from the next rectangle on. */
    void use(PixelFormat newFormat, ClientCapabilities newCapabilities) {
        if (!newFormat.equals(format)) {
            format = newFormat;
            translator = new PixelTranslator(newFormat);
        }
        capabilities = newCapabilities;
    }

    /**
     * Appends one rectangle with the newest pixels.
     *
     * @param exact whether it must not be lossy
     * @param whileLocked as in {@link ScreenFeed#read}
     * @return true if it was written with loss
     */
    boolean write(
            ScreenFeed feed, Rectangle area, boolean exact, Runnable whileLocked, Scratch scratch, WireBuffer out) {
        boolean jpegAllowed = !exact
                && capabilities.encoding() == Encodings.TIGHT
                && capabilities.quality() >= 0
                && format.bitsPerPixel() > 8;
        if (!jpegAllowed) {
            PixelBlock block = scratch.block();
            read(feed, area, translator, block, whileLocked);
            writeExact(area, block, out);
            return false;
        }
        PixelBlock block = scratch.nativeBlock();
        read(feed, area, toNative, block, whileLocked);
        if (scratch.photoTest().looksLikePhoto(block)) {
            ServerMessages.rectangleHeader(out, area, Encodings.TIGHT);
            scratch.jpeg().encode(block, capabilities.quality(), out);
            return true;
        }
        PixelBlock translated = scratch.block().resize(block.width(), block.height());
        translator.translate(block.pixels(), 0, translated.pixels(), 0, block.area());
        writeExact(area, translated, out);
        return false;
    }

    private static void read(
            ScreenFeed feed, Rectangle area, PixelTranslator translator, PixelBlock to, Runnable whileLocked) {
        if (!feed.read(area, translator, to, whileLocked)) {
            // The frame shrank while the update that promised this rectangle is half sent. A new size follows.
            to.resize(area.width(), area.height());
            Arrays.fill(to.pixels(), 0, to.area(), 0);
        }
    }

    private void writeExact(Rectangle area, PixelBlock block, WireBuffer out) {
        RectangleEncoder encoder = encoders.computeIfAbsent(capabilities.encoding(), RectangleWriter::createEncoder);
        encoder.setCompressionLevel(capabilities.compression());
        ServerMessages.rectangleHeader(out, area, encoder.encoding());
        encoder.encode(block, format, out);
    }

    private static RectangleEncoder createEncoder(int encoding) {
        return switch (encoding) {
            case Encodings.TIGHT -> new TightEncoder();
            case Encodings.ZRLE -> new ZrleEncoder();
            case Encodings.ZLIB -> new ZlibEncoder();
            case Encodings.HEXTILE -> new HextileEncoder();
            case Encodings.RRE -> new RreEncoder();
            default -> new RawEncoder();
        };
    }

    @Override
    public void close() {
        encoders.values().forEach(RectangleEncoder::close);
        encoders.clear();
    }
}
