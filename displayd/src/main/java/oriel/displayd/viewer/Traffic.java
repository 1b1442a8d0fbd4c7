package oriel.displayd.viewer;

import java.util.concurrent.atomic.AtomicLong;

/** Counters of one viewer. Thread-safe. */
final class Traffic {
    private final AtomicLong bytesSent = new AtomicLong();
    private final AtomicLong bytesReceived = new AtomicLong();
    private final AtomicLong updates = new AtomicLong();
    private final AtomicLong rectangles = new AtomicLong();

    void sent(int bytes) {
        bytesSent.addAndGet(bytes);
    }

    void received(int bytes) {
        bytesReceived.addAndGet(bytes);
    }

    void update() {
        updates.incrementAndGet();
    }

    void rectangle() {
        rectangles.incrementAndGet();
    }

    long bytesSent() {
        return bytesSent.get();
    }

    long bytesReceived() {
        return bytesReceived.get();
    }

    long updates() {
        return updates.get();
    }

    long rectangles() {
        return rectangles.get();
    }
}
