package oriel.broker.web;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;

/** How many streams each user has open: somebody who opens hundreds must not use up the server. Thread-safe. */
public final class OpenStreams {
    private final int most;
    private final Map<UUID, Integer> open = new ConcurrentHashMap<>();

    /** So many for each user. */
    public OpenStreams(int most) {
        this.most = most;
    }

    /**
     * A stream is about to be opened.
     *
     * @throws RefusedException {@link Reason#TOO_MANY_STREAMS}
     */
    public void enter(UUID user) {
        if (open.merge(user, 1, Integer::sum) > most) {
            leave(user);
            throw RefusedException.later(
                    Reason.TOO_MANY_STREAMS, "You have too many pages open.", Duration.ofSeconds(30));
        }
    }

    /** A stream has ended. */
    public void leave(UUID user) {
        open.computeIfPresent(user, (id, count) -> count > 1 ? count - 1 : null);
    }
}
