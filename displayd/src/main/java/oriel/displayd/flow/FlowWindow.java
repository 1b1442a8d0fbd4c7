package oriel.displayd.flow;

import java.util.ArrayDeque;

/**
 * Which updates a client has not yet confirmed by answering their fences, and when the next may start. An idle
 * connection sends at once; pacing begins with the second update in flight. Its owner synchronises.
 */
public final class FlowWindow {
    private static final int MAX_UPDATES = 2;
    /** Small updates (typing, a clock) may overlap more: they cost a far client nothing and spare it a round trip. */
    private static final int MAX_SMALL_UPDATES = 8;

    private static final long SMALL_BYTES = 16 * 1024;
    /** Sixty a second; more is seen by nobody. */
    private static final long MIN_INTERVAL_NANOS = 1_000_000_000L / 60;

    private record InFlight(long id, long bytes, long sentAt) {}

    private final ArrayDeque<InFlight> inFlight = new ArrayDeque<>();
    private final LinkEstimate link = new LinkEstimate();
    private long bytesInFlight;
    private long nextId;
    private long lastStart;

    /** When the next update may start: 0 for now, {@link Long#MAX_VALUE} for after a confirmation, else nanoseconds. */
    public long delay(long now) {
        int limit = bytesInFlight <= SMALL_BYTES ? MAX_SMALL_UPDATES : MAX_UPDATES;
        if (inFlight.size() >= limit) {
            return Long.MAX_VALUE;
        }
        return inFlight.isEmpty() ? 0 : Math.max(0, lastStart + MIN_INTERVAL_NANOS - now);
    }

    /** An update starts. */
    public void started(long now) {
        lastStart = now;
    }

    /** An update is on its way; the number returned goes into the fence that follows it. */
    public long sent(long bytes, long now) {
        long id = nextId++;
        inFlight.add(new InFlight(id, bytes, now));
        bytesInFlight += bytes;
        return id;
    }

    /** A fence came back: its update, and all before it, have arrived. */
    public void confirmed(long id, long now) {
        while (!inFlight.isEmpty() && inFlight.getFirst().id() <= id) {
            InFlight done = inFlight.removeFirst();
            bytesInFlight -= done.bytes();
            if (done.id() == id) {
                link.arrived(done.bytes(), now - done.sentAt(), now);
            }
        }
    }

    /** What the confirmations say of the way to the client. */
    public LinkEstimate link() {
        return link;
    }

    /** Updates sent and not confirmed. */
    public int inFlight() {
        return inFlight.size();
    }
}
