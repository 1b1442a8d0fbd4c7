package oriel.broker.web;

import java.util.Optional;

/** Remembers what requests with an {@code Idempotency-Key} were answered. */
public interface Repeats {
    /**
     * An answer that was given.
     *
     * @param status HTTP status
     * @param json body; empty if there was none
     */
    record Answer(int status, String json) {}

    /**
     * Begins a request, or tells what it was answered before.
     *
     * @param key of the caller's choice, with the caller and the address
     * @param bodyHash of what is asked for
     * @throws oriel.broker.problem.RefusedException if another request has used the key, or the same one is under way
     */
    Optional<Answer> begin(String key, String bodyHash);

    /** The request was answered. */
    void answered(String key, Answer answer);

    /** The request was refused or failed: it may be tried again. */
    void forget(String key);
}
