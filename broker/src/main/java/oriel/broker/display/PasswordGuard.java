package oriel.broker.display;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Slows down whoever tries passwords of VNC viewers, by address. They have 256 random bits, so nobody guesses one: this
 * bounds the work and the audit lines that trying makes. An attempt counts as failed before the password is looked at, so
 * that parallel attempts don't slip through; success takes it back. Kept in memory, of a bounded number of addresses.
 * Thread-safe.
 */
final class PasswordGuard {
    /** Failures before the first lock: typing slips, an expired password pasted again. */
    static final int FREE_FAILURES = 5;

    static final Duration FIRST_LOCK = Duration.ofSeconds(15);
    static final Duration LONGEST_LOCK = Duration.ofMinutes(15);
    static final Duration FORGIVEN_AFTER = Duration.ofHours(1);
    private static final int MOST_ADDRESSES = 10_000;

    private final Clock clock;
    private final Map<String, Failures> byAddress = new LinkedHashMap<>();

    private record Failures(int count, Instant last, Instant lockedUntil) {}

    PasswordGuard(Clock clock) {
        this.clock = clock;
    }

    /**
     * Counts an attempt.
     *
     * @return how long the address must wait; empty if the password may be looked at
     */
    synchronized Optional<Duration> attempt(String address) {
        Instant now = clock.instant();
        Failures before = byAddress.remove(address);
        if (before == null || before.last().plus(FORGIVEN_AFTER).isBefore(now)) {
            before = new Failures(0, now, now);
        }
        if (before.lockedUntil().isAfter(now)) {
            byAddress.put(address, before);
            return Optional.of(Duration.between(now, before.lockedUntil()));
        }
        int count = before.count() + 1;
        byAddress.put(address, new Failures(count, now, now.plus(lockAfter(count))));
        if (byAddress.size() > MOST_ADDRESSES) {
            // The one that has tried nothing for longest.
            byAddress.remove(byAddress.keySet().iterator().next());
        }
        return Optional.empty();
    }

    /** The attempt was no failure, nor do earlier ones count any more. */
    synchronized void succeeded(String address) {
        byAddress.remove(address);
    }

    private static Duration lockAfter(int failures) {
        int over = failures - FREE_FAILURES;
        if (over < 0) {
            return Duration.ZERO;
        }
        Duration lock = FIRST_LOCK.multipliedBy(1L << Math.min(over, 10));
        return lock.compareTo(LONGEST_LOCK) < 0 ? lock : LONGEST_LOCK;
    }
}
