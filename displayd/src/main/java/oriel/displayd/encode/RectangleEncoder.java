package oriel.displayd.encode;

import oriel.displayd.rfb.PixelFormat;
import oriel.displayd.rfb.WireBuffer;

/**
 * Writes the data of one rectangle: what follows its header. Belongs to one connection, because most encodings keep
 * zlib streams across rectangles; not thread-safe.
 */
public interface RectangleEncoder extends AutoCloseable {
    /** The encoding's registered number. */
    int encoding();

    /**
     * Appends the rectangle's data.
     *
     * @param block values of {@code format}
     */
    void encode(PixelBlock block, PixelFormat format, WireBuffer out);

    /** Takes a zlib level (1–9); encodings without zlib ignore it. */
    default void setCompressionLevel(int level) {}

    /** Frees native memory. */
    @Override
    default void close() {}
}
