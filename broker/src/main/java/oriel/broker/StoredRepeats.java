package oriel.broker;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.IdempotentAnswer;
import oriel.broker.store.Store;
import oriel.broker.web.Repeats;

/** Answers in the database, so that a request may be sent again to another broker. Kept for a day. */
final class StoredRepeats implements Repeats {
    private static final Duration KEPT = Duration.ofDays(1);
    /** A request that was begun and not answered: its broker has died. */
    private static final Duration LOST = Duration.ofMinutes(2);

    private static final int LONGEST = 100_000;

    private final Store store;
    private final Clock clock;

    StoredRepeats(Store store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    @Override
    public Optional<Answer> begin(String key, String bodyHash) {
        return store.call(tx -> {
            Instant now = clock.instant();
            Optional<IdempotentAnswer> known = tx.lock(IdempotentAnswer.class, key);
            if (known.isPresent()
                    && known.get().status() == 0
                    && known.get().created().plus(LOST).isBefore(now)) {
                tx.delete(known.get());
                known = Optional.empty();
            }
            if (known.isEmpty()) {
                tx.insert(new IdempotentAnswer(key, bodyHash, now));
                return Optional.empty();
            }
            IdempotentAnswer answer = known.get();
            if (!answer.bodyHash().equals(bodyHash)) {
                throw new RefusedException(
                        Reason.CONFLICT, "Another request has used this Idempotency-Key. Choose a new one.");
            }
            if (answer.status() == 0) {
                throw RefusedException.later(Reason.CONFLICT, "The same request is under way.", Duration.ofSeconds(1));
            }
            return Optional.of(new Answer(answer.status(), answer.answer()));
        });
    }

    @Override
    public void answered(String key, Answer answer) {
        store.run(tx -> tx.lock(IdempotentAnswer.class, key).ifPresent(row -> {
            if (answer.json().length() > LONGEST) {
                tx.delete(row);
            } else {
                row.answered(answer.status(), answer.json());
                tx.update(row);
            }
        }));
    }

    @Override
    public void forget(String key) {
        store.run(tx -> tx.execute("delete from IdempotentAnswer where requestKey = ?1", key));
    }

    void sweep() {
        store.run(tx -> tx.execute(
                "delete from IdempotentAnswer where created < ?1",
                clock.instant().minus(KEPT)));
    }
}
