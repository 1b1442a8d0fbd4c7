package oriel.displayd.encode;

import java.util.zip.Deflater;
import oriel.displayd.rfb.WireBuffer;

/** One zlib stream of a connection: its window lives as long as the connection. Not thread-safe; must be closed. */
final class DeflateStream implements AutoCloseable {
    private final Deflater deflater;
    private int level;
    private boolean levelChanged;

    DeflateStream(int level) {
        this.level = level;
        deflater = new Deflater(level);
    }

    /** A stream that only counts how often bytes occur: quicker and no worse where nothing repeats. */
    static DeflateStream huffmanOnly() {
        DeflateStream stream = new DeflateStream(1);
        stream.deflater.setStrategy(Deflater.HUFFMAN_ONLY);
        stream.levelChanged = true;
        return stream;
    }

    void setLevel(int newLevel) {
        if (newLevel != level) {
            level = newLevel;
            deflater.setLevel(newLevel);
            levelChanged = true;
        }
    }

    /** Appends the compressed bytes, flushed so that the client can decode all of them. */
    void deflate(byte[] from, int offset, int length, WireBuffer out) {
        deflater.setInput(from, offset, length);
        while (true) {
            out.reserve(Math.max(256, length / 4));
            int room = out.array().length - out.size();
            int count = deflater.deflate(out.array(), out.size(), room, Deflater.SYNC_FLUSH);
            out.advance(count);
            // Only a call that leaves room has done all it should (zlib.h, "deflate").
            if (count < room) {
                if (!levelChanged) {
                    return;
                }
                // The JDK's first call after setLevel is deflateParams, which takes the input but doesn't flush.
                levelChanged = false;
            }
        }
    }

    @Override
    public void close() {
        deflater.end();
    }
}
