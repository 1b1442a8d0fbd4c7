package oriel.broker.pool;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import oriel.broker.problem.Check;

/**
 * A change of a pool's image version that is under way, or the last one.
 *
 * @param version the pool goes to
 * @param from the version it had
 * @param canary machines that try it first
 * @param maxUnavailable machines replaced at a time
 * @param state how far it is
 * @param failure why it stopped
 * @param started when
 * @param finished when it ended
 */
public record Push(
        int version,
        int from,
        int canary,
        int maxUnavailable,
        State state,
        @Nullable String failure,
        Instant started,
        @Nullable Instant finished) {
    /** How far a push is. */
    public enum State {
        /** Some machines try the version. */
        CANARY,
        /** The others follow. */
        ROLLING,
        /** Every machine without a session has it; those in use follow at log-off. */
        DONE,
        /** A canary failed; the pool stays with its version. */
        FAILED,
        /** An administrator has called it off. */
        CANCELLED
    }

    /** Whether machines are still to follow. */
    public boolean active() {
        return state == State.CANARY || state == State.ROLLING;
    }

    /** The same push, at another state. */
    public Push become(State next, @Nullable String why, Instant now) {
        boolean over = next != State.CANARY && next != State.ROLLING;
        return new Push(version, from, canary, maxUnavailable, next, why, started, over ? now : null);
    }

    /**
     * A push to begin.
     *
     * @param imageVersion to which version
     * @param canary machines that try it first; 1 if absent, 0 for none
     * @param maxUnavailable machines replaced at a time; 1 if absent
     * @param ask whether users with a session are asked to log off
     */
    public record Order(
            @Nullable Integer imageVersion,
            @Nullable Integer canary,
            @Nullable Integer maxUnavailable,
            @Nullable Boolean ask) {
        /** Checks the numbers. */
        public Order {
            Check.within("imageVersion", Check.present("imageVersion", imageVersion), 1, Integer.MAX_VALUE);
            canary = canary == null ? 1 : Check.within("canary", canary, 0, Pools.MOST_MACHINES);
            maxUnavailable =
                    maxUnavailable == null ? 1 : Check.within("maxUnavailable", maxUnavailable, 1, Pools.MOST_MACHINES);
            ask = ask != null && ask;
        }
    }
}
