package oriel.displayd.flow;

import java.util.IdentityHashMap;
import oriel.hypervisor.display.Display;

/** The feeds of all displays that somebody watches, one each. Thread-safe. Shared by every server of a process. */
public final class ScreenFeeds {
    private final EncoderPool pool;
    private final IdentityHashMap<Display, ScreenFeed> feeds = new IdentityHashMap<>();

    /** @param pool where the feeds work */
    public ScreenFeeds(EncoderPool pool) {
        this.pool = pool;
    }

    /** Lets someone watch. */
    public ScreenFeed attach(Display display, ScreenViewer viewer) {
        synchronized (feeds) {
            ScreenFeed feed = feeds.get(display);
            boolean first = feed == null;
            if (feed == null) {
                feed = new ScreenFeed(display, pool);
                feeds.put(display, feed);
            }
            feed.add(viewer);
            if (first) {
                feed.start();
            }
            feed.catchUp();
            return feed;
        }
    }

    /** Ends it; the last one to leave frees the frame. */
    public void detach(ScreenFeed feed, ScreenViewer viewer) {
        synchronized (feeds) {
            feed.remove(viewer);
            if (feed.isUnwatched() && feeds.remove(feed.display(), feed)) {
                feed.stop();
            }
        }
    }
}
