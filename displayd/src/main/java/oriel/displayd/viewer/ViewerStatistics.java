package oriel.displayd.viewer;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a viewer has cost so far.
 *
 * @param bytesSent RFB bytes handed to the transport
 * @param bytesReceived RFB bytes taken from it
 * @param updates framebuffer updates
 * @param rectangles rectangles of pixels in them
 * @param backlog bytes the network hasn't taken
 * @param firstFrame from the start of the connection until the whole picture had been sent; null before
 * @param link the way to the client; null before it has confirmed an update, or if it can't
 */
public record ViewerStatistics(
        long bytesSent,
        long bytesReceived,
        long updates,
        long rectangles,
        long backlog,
        @Nullable Duration firstFrame,
        @Nullable LinkState link) {}
