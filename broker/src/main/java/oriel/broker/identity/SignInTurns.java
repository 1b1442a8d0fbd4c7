package oriel.broker.identity;

import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;

/**
 * Sign-ins from one address take turns, a few at a time. {@link Lockout} counts an attempt as a failure until it has
 * succeeded, so an office whose people all sign in at nine would lock itself out with nothing but right passwords.
 * Thread-safe.
 */
final class SignInTurns {
    /** Well below {@link Lockout#ADDRESS_FAILURES}, also with several brokers. */
    private static final int AT_ONCE = 4;

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration AGAIN = Duration.ofSeconds(5);

    private static final class Turns {
        final Semaphore free = new Semaphore(AT_ONCE, true);
        /** Who has or waits for a turn; changed only under the map's lock of the address. */
        int people;
    }

    private final ConcurrentHashMap<String, Turns> byAddress = new ConcurrentHashMap<>();

    /**
     * Signs in when it is one's turn.
     *
     * @throws RefusedException {@link Reason#LOCKED_OUT} if that takes too long
     */
    <T> T take(String address, Supplier<T> signIn) {
        Turns turns = byAddress.compute(address, (_, known) -> {
            Turns there = known == null ? new Turns() : known;
            there.people++;
            return there;
        });
        try {
            if (!turns.free.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw RefusedException.later(
                        Reason.LOCKED_OUT,
                        "Too many people sign in from your address just now. Try again in a few seconds.",
                        AGAIN);
            }
            try {
                return signIn.get();
            } finally {
                turns.free.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw RefusedException.later(Reason.SHUTTING_DOWN, "The server stops. Sign in again.", AGAIN);
        } finally {
            byAddress.compute(address, (_, known) -> known == null || --known.people == 0 ? null : known);
        }
    }
}
