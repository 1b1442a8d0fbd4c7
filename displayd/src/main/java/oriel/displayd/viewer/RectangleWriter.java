package oriel.displayd.viewer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import oriel.displayd.encode.ContentMap;
import oriel.displayd.encode.HextileEncoder;
import oriel.displayd.encode.JpegSettings;
import oriel.displayd.encode.PixelBlock;
import oriel.displayd.encode.PixelTranslator;
import oriel.displayd.encode.RawEncoder;
import oriel.displayd.encode.RectangleEncoder;
import oriel.displayd.encode.RectangleSplitter;
import oriel.displayd.encode.RreEncoder;
import oriel.displayd.encode.Subsampling;
import oriel.displayd.encode.TightEncoder;
import oriel.displayd.encode.TightPngEncoder;
import oriel.displayd.encode.ZlibEncoder;
import oriel.displayd.encode.ZrleEncoder;
import oriel.displayd.flow.Scratch;
import oriel.displayd.flow.ScreenFeed;
import oriel.displayd.flow.SharedJpegs;
import oriel.displayd.rfb.Encodings;
import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.ServerMessages;
import oriel.displayd.rfb.WireBuffer;
import oriel.displayd.video.FilmStream;
import oriel.hypervisor.display.Rectangle;

/**
 * Writes a connection's pixel rectangles: what is drawn with the encoding its client likes best, photographs as JPEG
 * where the client takes that. Not thread-safe; must be closed.
 */
final class RectangleWriter implements AutoCloseable {
    private final Map<Integer, RectangleEncoder> encoders = new HashMap<>();
    private final PixelTranslator toNative = new PixelTranslator(PixelFormat.NATIVE);
    private PixelFormat format = PixelFormat.NATIVE;
    private PixelTranslator translator = toNative;
    private ClientCapabilities capabilities = ClientCapabilities.NONE;
    private @Nullable JpegSettings jpeg;

    /**
     * What holds from the next rectangle on.
     *
     * @param newJpeg how photographs are compressed, or null if they must be exact
     */
    void use(PixelFormat newFormat, ClientCapabilities newCapabilities, @Nullable JpegSettings newJpeg) {
        if (!newFormat.equals(format)) {
            format = newFormat;
            translator = new PixelTranslator(newFormat);
        }
        capabilities = newCapabilities;
        jpeg = format.bitsPerPixel() > 8 ? newJpeg : null;
    }

    /**
     * Appends an area with the newest pixels.
     *
     * @param exact whether it must not be lossy
     * @param divisible whether it may become several rectangles
     * @param whileLocked as in {@link ScreenFeed#read}
     * @return the parts that were written with loss
     */
    List<Rectangle> write(
            ScreenFeed feed,
            Rectangle area,
            boolean exact,
            boolean divisible,
            Runnable whileLocked,
            Scratch scratch,
            WireBuffer out) {
        JpegSettings settings = exact ? null : jpeg;
        boolean sortsContent = settings != null || capabilities.encoding() == Encodings.TIGHT;
        if (!sortsContent) {
            PixelBlock block = scratch.block();
            read(feed, area, translator, block, whileLocked);
            writeDrawn(area, block, out);
            return List.of();
        }
        PixelBlock block = scratch.nativeBlock();
        long version = read(feed, area, toNative, block, whileLocked);
        SharedJpegs shared = feed.sharedJpegs();
        List<ContentMap.Part> parts = scratch.contentMap().parts(block);
        if (!divisible && parts.size() > 1) {
            parts = List.of(
                    new ContentMap.Part(new Rectangle(0, 0, area.width(), area.height()), ContentMap.Content.DRAWN));
        }
        List<Rectangle> lossy = new ArrayList<>();
        List<Rectangle> pieces = new ArrayList<>();
        for (ContentMap.Part part : parts) {
            Rectangle inside = part.area();
            if (part.content() != ContentMap.Content.DRAWN && settings != null) {
                Rectangle place = place(area, inside);
                JpegSettings chosen = choose(settings, part.content());
                byte[] known = shared == null ? null : shared.get(version, place, chosen);
                if (known == null) {
                    WireBuffer stream = scratch.jpegStream();
                    scratch.jpeg().encode(cut(block, inside, scratch.part()), chosen, stream);
                    writeJpeg(place, stream.array(), stream.size(), out);
                    if (shared != null && version != ScreenFeed.NOTHING) {
                        shared.put(version, place, chosen, stream.toByteArray());
                    }
                } else {
                    writeJpeg(place, known, known.length, out);
                }
                lossy.add(place);
                continue;
            }
            pieces.clear();
            if (divisible) {
                RectangleSplitter.cut(inside, pieces);
            } else {
                pieces.add(inside);
            }
            for (Rectangle piece : pieces) {
                PixelBlock pixels = translate(cut(block, piece, scratch.part()), scratch.block());
                if (part.content() == ContentMap.Content.DRAWN) {
                    writeDrawn(place(area, piece), pixels, out);
                } else {
                    writePhoto(place(area, piece), pixels, out);
                }
            }
        }
        return lossy;
    }

    /** Appends an area as a film's next picture. */
    void writeFilm(
            ScreenFeed feed, Rectangle area, FilmStream film, Runnable whileLocked, Scratch scratch, WireBuffer out) {
        PixelBlock block = scratch.nativeBlock();
        read(feed, area, toNative, block, whileLocked);
        film.write(block, out);
    }

    private static long read(
            ScreenFeed feed, Rectangle area, PixelTranslator translator, PixelBlock to, Runnable whileLocked) {
        long version = feed.read(area, translator, to, whileLocked);
        if (version == ScreenFeed.NOTHING) {
            // The frame shrank while the update that promised this rectangle is half sent. A new size follows.
            to.resize(area.width(), area.height());
            Arrays.fill(to.pixels(), 0, to.area(), 0);
        }
        return version;
    }

    private static Rectangle place(Rectangle area, Rectangle inside) {
        return new Rectangle(area.x() + inside.x(), area.y() + inside.y(), inside.width(), inside.height());
    }

    private static PixelBlock cut(PixelBlock block, Rectangle part, PixelBlock to) {
        boolean whole = part.width() == block.width() && part.height() == block.height();
        return whole ? block : to.cut(block, part.x(), part.y(), part.width(), part.height());
    }

    private PixelBlock translate(PixelBlock block, PixelBlock to) {
        if (translator.isIdentity()) {
            return block;
        }
        to.resize(block.width(), block.height());
        translator.translate(block.pixels(), 0, to.pixels(), 0, block.area());
        return to;
    }

    private JpegSettings choose(JpegSettings settings, ContentMap.Content content) {
        boolean sharp = content == ContentMap.Content.MIXED && !capabilities.choosesSubsampling();
        return sharp ? settings.with(Subsampling.NONE) : settings;
    }

    private void writeJpeg(Rectangle place, byte[] stream, int length, WireBuffer out) {
        int encoding = capabilities.jpegEncoding();
        ServerMessages.rectangleHeader(out, place, encoding);
        if (encoding == Encodings.JPEG) {
            out.bytes(stream, 0, length);
        } else {
            TightEncoder.writeJpeg(stream, length, out);
        }
    }

    private void writeDrawn(Rectangle area, PixelBlock block, WireBuffer out) {
        RectangleEncoder encoder = encoder();
        ServerMessages.rectangleHeader(out, area, encoder.encoding());
        encoder.encode(block, format, out);
    }

    private void writePhoto(Rectangle area, PixelBlock block, WireBuffer out) {
        RectangleEncoder encoder = encoder();
        ServerMessages.rectangleHeader(out, area, encoder.encoding());
        if (encoder instanceof TightEncoder tight) {
            tight.encodePhoto(block, format, out);
        } else {
            encoder.encode(block, format, out);
        }
    }

    private RectangleEncoder encoder() {
        RectangleEncoder encoder = encoders.computeIfAbsent(capabilities.encoding(), RectangleWriter::createEncoder);
        encoder.setCompressionLevel(capabilities.compression());
        return encoder;
    }

    private static RectangleEncoder createEncoder(int encoding) {
        return switch (encoding) {
            case Encodings.TIGHT -> new TightEncoder();
            case Encodings.TIGHT_PNG -> new TightPngEncoder();
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
