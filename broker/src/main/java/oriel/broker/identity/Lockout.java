package oriel.broker.identity;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/**
 * Slows down guessing, by user name and by address. An attempt counts as failed before the password is looked at, so
 * that parallel attempts cannot slip through; success takes it back. Names that no user has are treated alike, so that
 * nobody learns which names exist.
 */
final class Lockout {
    /** Failures of one user before the first lock. */
    static final int USER_FAILURES = 5;
    /** Failures from one address before the first lock: a proxy or an office may stand behind one. */
    static final int ADDRESS_FAILURES = 25;

    static final Duration FIRST_LOCK = Duration.ofSeconds(15);
    /** The longest lock: anybody can lock anybody out, so it must not be for long. */
    static final Duration LONGEST_LOCK = Duration.ofMinutes(15);

    static final Duration FORGIVEN_AFTER = Duration.ofHours(1);

    private final Store store;
    private final Clock clock;

    Lockout(Store store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /**
     * Counts an attempt.
     *
     * @throws RefusedException {@link Reason#LOCKED_OUT}
     */
    void attempt(String username, String address) {
        Optional<Instant> until = store.call(tx -> {
            Instant now = clock.instant();
            LoginLock byAddress = row(tx, addressKey(address), now);
            LoginLock byUser = row(tx, userKey(username), now);
            Instant locked = later(lockedUntil(byAddress, now), lockedUntil(byUser, now));
            if (locked.isAfter(now)) {
                return Optional.of(locked);
            }
            count(tx, byAddress, ADDRESS_FAILURES, now);
            count(tx, byUser, USER_FAILURES, now);
            return Optional.empty();
        });
        if (until.isPresent()) {
            Duration wait = Duration.between(clock.instant(), until.get());
            throw RefusedException.later(
                    Reason.LOCKED_OUT,
                    "There were too many failed sign-ins. Try again in " + Math.max(1, wait.toSeconds() + 1)
                            + " seconds.",
                    wait);
        }
    }

    /** The attempt was no failure. */
    void succeeded(String username, String address) {
        store.run(tx -> succeeded(tx, username, address));
    }

    /** The attempt was no failure. */
    void succeeded(Tx tx, String username, String address) {
        tx.lock(LoginLock.class, addressKey(address)).ifPresent(lock -> {
            lock.unfail();
            tx.update(lock);
        });
        forget(tx, username);
    }

    /** The attempt was neither: it counts no more than if it had not been made. */
    void undo(String username, String address) {
        store.run(tx -> {
            for (String key : List.of(addressKey(address), userKey(username))) {
                tx.lock(LoginLock.class, key).ifPresent(lock -> {
                    lock.unfail();
                    tx.update(lock);
                });
            }
        });
    }

    /** Ends the lock of a user. */
    void forget(Tx tx, String username) {
        tx.lock(LoginLock.class, userKey(username)).ifPresent(lock -> {
            lock.forget();
            tx.update(lock);
        });
    }

    Optional<Instant> lockedUntil(Tx tx, String username) {
        Instant now = clock.instant();
        return tx.find(LoginLock.class, userKey(username))
                .map(lock -> lockedUntil(lock, now))
                .filter(until -> until.isAfter(now));
    }

    /** Deletes what is forgiven. */
    void sweep() {
        store.run(tx -> tx.execute(
                "delete from LoginLock where lastFailure < ?1", clock.instant().minus(FORGIVEN_AFTER)));
    }

    private static LoginLock row(Tx tx, String id, Instant now) {
        Optional<LoginLock> found = tx.lock(LoginLock.class, id);
        if (found.isPresent()) {
            LoginLock lock = found.get();
            if (lock.lastFailure().isBefore(now.minus(FORGIVEN_AFTER))) {
                lock.forget();
            }
            return lock;
        }
        LoginLock lock = new LoginLock(id, now);
        tx.insert(lock);
        return lock;
    }

    private static void count(Tx tx, LoginLock lock, int free, Instant now) {
        int over = lock.failures() + 1 - free;
        lock.failed(now, over < 0 ? null : now.plus(lockFor(over)));
        tx.update(lock);
    }

    private static Duration lockFor(int over) {
        // 15 s doubled seven times is over the longest already.
        Duration lock = FIRST_LOCK.multipliedBy(1L << Math.min(over, 10));
        return lock.compareTo(LONGEST_LOCK) < 0 ? lock : LONGEST_LOCK;
    }

    private static Instant lockedUntil(LoginLock lock, Instant now) {
        Instant until = lock.lockedUntil();
        // No lock is that long: it was set before the clock went back.
        return until == null || until.isAfter(now.plus(LONGEST_LOCK)) ? now : until;
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private static String userKey(String username) {
        return "user:" + username;
    }

    private static String addressKey(String address) {
        return "address:" + address;
    }
}
