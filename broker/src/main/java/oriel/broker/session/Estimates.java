package oriel.broker.session;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import oriel.broker.store.Tx;

/** Guesses from what happened lately. */
final class Estimates {
    private static final int STARTS = 10;
    private static final int SESSIONS = 20;
    /** A session that was ready at once got a warm machine and says nothing of how long a start takes. */
    private static final Duration WARM = Duration.ofSeconds(2);

    private final Clock clock;

    Estimates(Clock clock) {
        this.clock = clock;
    }

    /** How long a machine takes from claim to desktop. */
    Optional<Duration> start(Tx tx, String poolId) {
        return mean(tx
                .query(
                        DesktopSession.class,
                        "from DesktopSession where poolId = ?1 and ready is not null order by started desc",
                        poolId)
                .setMaxResults(STARTS)
                .getResultList()
                .stream()
                .flatMap(session -> {
                    Instant ready = session.ready();
                    return ready == null
                            ? java.util.stream.Stream.empty()
                            : java.util.stream.Stream.of(Duration.between(session.started(), ready));
                })
                .filter(time -> time.compareTo(WARM) > 0)
                .toList());
    }

    /** When the user at a place of the queue gets a machine, if sessions go on as they did. */
    Optional<Duration> turn(Tx tx, String poolId, int position, int size) {
        Optional<Duration> session = mean(tx
                .query(
                        DesktopSession.class,
                        "from DesktopSession where poolId = ?1 and ended is not null order by ended desc",
                        poolId)
                .setMaxResults(SESSIONS)
                .getResultList()
                .stream()
                .flatMap(s -> {
                    Instant ended = s.ended();
                    return ended == null
                            ? java.util.stream.Stream.empty()
                            : java.util.stream.Stream.of(Duration.between(s.started(), ended));
                })
                .toList());
        // Of n machines whose sessions last d, one gets free every d/n.
        return session.map(length -> length.multipliedBy(position).dividedBy(Math.max(1, size)));
    }

    /** What is left of an expected time. */
    Duration left(Duration expected, Instant since) {
        Duration left = expected.minus(Duration.between(since, clock.instant()));
        return left.isPositive() ? left : Duration.ofSeconds(1);
    }

    private static Optional<Duration> mean(List<Duration> times) {
        return times.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        times.stream().reduce(Duration.ZERO, Duration::plus).dividedBy(times.size()));
    }
}
