package oriel.broker.display;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import oriel.broker.display.Tickets.Redeemed;
import oriel.displayd.viewer.ViewerStatistics;

/** The displays that are open in this process, and the means to cut them. Thread-safe. */
public final class LiveDisplays {
    private final Map<UUID, Redeemed> open = new ConcurrentHashMap<>();
    private volatile Cutter cutter = (connection, cut, detail) -> {};
    private volatile Function<UUID, Optional<ViewerStatistics>> meter = connection -> Optional.empty();

    /** Cuts a connection. Must not block; an unknown connection is one that has closed meanwhile. */
    @FunctionalInterface
    public interface Cutter {
        /** Cuts. */
        void cut(UUID connection, Cut cut, String detail);
    }

    /** How a connection is cut. */
    public void cutBy(Cutter cutter) {
        this.cutter = cutter;
    }

    /** How a connection is measured. */
    public void measureBy(Function<UUID, Optional<ViewerStatistics>> meter) {
        this.meter = meter;
    }

    /** What an open connection has cost so far; empty if it is closed. */
    public Optional<ViewerStatistics> statistics(UUID connection) {
        return meter.apply(connection);
    }

    /** A connection is open; earlier ones of the same session go, but for those of others who watch it. */
    public void opened(Redeemed grant) {
        open.put(grant.connection(), grant);
        cut(
                other -> other.sessionId().equals(grant.sessionId())
                        && Objects.equals(other.shadow(), grant.shadow())
                        && !other.connection().equals(grant.connection()),
                Cut.REPLACED,
                "");
    }

    /**
     * A connection is closed.
     *
     * @return what it was; null if it was not open
     */
    public @Nullable Redeemed closed(UUID connection) {
        return open.remove(connection);
    }

    /** An open connection; null if it is not open. */
    public @Nullable Redeemed get(UUID connection) {
        return open.get(connection);
    }

    /** Everything that is open. */
    public List<Redeemed> all() {
        return List.copyOf(open.values());
    }

    /** How many connections are open. */
    public int count() {
        return open.size();
    }

    /** Whether its user looks at a session. */
    public boolean watched(UUID sessionId) {
        return open.values().stream()
                .anyMatch(grant -> grant.shadow() == null && grant.sessionId().equals(sessionId));
    }

    /** Whether somebody watches by a request. */
    public boolean shadowed(UUID shadow) {
        return open.values().stream().anyMatch(grant -> shadow.equals(grant.shadow()));
    }

    /** The connections that show a machine. */
    public List<Redeemed> of(String machine) {
        return open.values().stream()
                .filter(grant -> grant.machine().equals(machine))
                .toList();
    }

    /** The sign-ins that look at something: they are in use. */
    public List<String> signIns() {
        return open.values().stream().map(Redeemed::signIn).distinct().toList();
    }

    /** Cuts one connection. */
    public void cutConnection(UUID connection, Cut cut, String detail) {
        cutter.cut(connection, cut, detail);
    }

    /** Cuts the displays of a session. */
    public void cutSession(UUID sessionId, Cut cut, String detail) {
        cut(grant -> grant.sessionId().equals(sessionId), cut, detail);
    }

    /** Cuts the displays that a sign-in has opened. */
    public void cutSignIn(String signIn, Cut cut, String detail) {
        cut(grant -> grant.signIn().equals(signIn), cut, detail);
    }

    /** Cuts the displays of a user. */
    public void cutUser(UUID userId, Cut cut, String detail) {
        cut(grant -> grant.userId().equals(userId), cut, detail);
    }

    /** Cuts the displays of who watches by a request. */
    public void cutShadow(UUID shadow, Cut cut, String detail) {
        cut(grant -> shadow.equals(grant.shadow()), cut, detail);
    }

    private void cut(Predicate<Redeemed> which, Cut cut, String detail) {
        open.values().stream()
                .filter(which)
                .map(Redeemed::connection)
                .forEach(connection -> cutter.cut(connection, cut, detail));
    }
}
