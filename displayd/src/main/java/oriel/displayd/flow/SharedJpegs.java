package oriel.displayd.flow;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import oriel.displayd.encode.JpegSettings;
import oriel.hypervisor.display.Rectangle;

/**
 * JPEG streams of the newest frame, so that viewers of one screen (a class, someone who helps) share the work: a stream
 * depends on pixels and settings only, unlike Tight's zlib streams, which belong to a connection. Thread-safe.
 */
public final class SharedJpegs {
    private static final long MAX_BYTES = 8 << 20;

    private record Key(Rectangle area, JpegSettings settings) {}

    private final Map<Key, byte[]> streams = new HashMap<>();
    private long version;
    private long bytes;

    /** The stream of an area as of a version of the frame, or null if nobody has made it yet. */
    public synchronized byte @Nullable [] get(long ofVersion, Rectangle area, JpegSettings settings) {
        return ofVersion == version ? streams.get(new Key(area, settings)) : null;
    }

    /** Offers one to others. The bytes are not to be changed. */
    public synchronized void put(long ofVersion, Rectangle area, JpegSettings settings, byte[] stream) {
        if (ofVersion < version) {
            return;
        }
        if (ofVersion > version || bytes + stream.length > MAX_BYTES) {
            streams.clear();
            bytes = 0;
            version = ofVersion;
        }
        if (streams.putIfAbsent(new Key(area, settings), stream) == null) {
            bytes += stream.length;
        }
    }
}
