package oriel.broker.display;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import oriel.broker.display.Tickets.Redeemed;
import org.jspecify.annotations.Nullable;

/** The displays that are open in this process, and the means to cut them. Thread-safe. */
public final class LiveDisplays {
    private final Map<UUID, Redeemed> open = new ConcurrentHashMap<>();
    private volatile BiConsumer<UUID, String> cutter = (connection, reason) -> {};

    /** How a connection is cut: given the connection and a reason for people. Must not block. */
    public void cutBy(BiConsumer<UUID, String> cutter) {
        this.cutter = cutter;
    }

    /** A connection is open. */
    public void opened(Redeemed grant) {
        open.put(grant.connection(), grant);
    }

    /**
     * A connection is closed.
     *
     * @return what it was; null if it was not open
     */
    public @Nullable Redeemed closed(UUID connection) {
        return open.remove(connection);
    }

    /** Whether anybody looks at a session. */
    public boolean watched(UUID sessionId) {
        return open.values().stream().anyMatch(grant -> grant.sessionId().equals(sessionId));
    }

    /** The sign-ins that look at something: they are in use. */
    public List<String> signIns() {
        return open.values().stream().map(Redeemed::signIn).distinct().toList();
    }

    /** Cuts the displays of a session. */
    public void cutSession(UUID sessionId, String reason) {
        cut(grant -> grant.sessionId().equals(sessionId), reason);
    }

    /** Cuts the displays that a sign-in has opened. */
    public void cutSignIn(String signIn, String reason) {
        cut(grant -> grant.signIn().equals(signIn), reason);
    }

    /** Cuts the displays of a user. */
    public void cutUser(UUID userId, String reason) {
        cut(grant -> grant.userId().equals(userId), reason);
    }

    private void cut(Predicate<Redeemed> which, String reason) {
        open.values().stream()
                .filter(which)
                .map(Redeemed::connection)
                .forEach(connection -> cutter.accept(connection, reason));
    }
}
