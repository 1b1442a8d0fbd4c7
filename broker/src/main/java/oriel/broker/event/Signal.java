package oriel.broker.event;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Right;

/** Something changed. A signal says where to look, not what is there: whoever gets it reads the present state. */
public sealed interface Signal {
    /** A user's desktop of a pool. */
    record Desktop(UUID userId, String poolId) implements Signal {}

    /** A sign-in has ended. */
    record SignedOut(String signIn, String reason) implements Signal {}

    /**
     * Somebody of the helpdesk writes to a user.
     *
     * @param userId to whom
     * @param sessionId in which session
     * @param poolId of which pool
     * @param from who writes, for people
     * @param severity how it looks: INFO or WARNING
     * @param text plain text
     * @param at when
     */
    record Message(UUID userId, UUID sessionId, String poolId, String from, String severity, String text, Instant at)
            implements Signal {}

    /**
     * A line of a build's log.
     *
     * @param image that is built
     * @param version of it
     * @param operationId that builds it
     * @param line for people
     */
    record Log(String image, int version, UUID operationId, String line) implements Signal {}

    /**
     * An object that administrators see.
     *
     * @param kind of object
     * @param id its key
     * @param poolId the pool it belongs to; null if it belongs to none
     */
    record Changed(Kind kind, String id, @Nullable String poolId) implements Signal {
        /** Of no pool. */
        public Changed(Kind kind, String id) {
            this(kind, id, null);
        }
    }

    /** Kinds of objects, and the right that is needed to hear of them. */
    enum Kind {
        /** A pool. */
        POOL(Right.POOL_READ),
        /** A machine. */
        MACHINE(Right.MACHINE_READ),
        /** A session. */
        SESSION(Right.SESSION_READ),
        /** A user. */
        USER(Right.USER_READ),
        /** A golden image. */
        IMAGE(Right.IMAGE_READ),
        /** An operation. */
        OPERATION(Right.OPERATION_READ),
        /** The snapshots of a machine. */
        SNAPSHOT(Right.SNAPSHOT_READ),
        /** An entitlement. */
        ENTITLEMENT(Right.POOL_READ);

        private final Right right;

        Kind(Right right) {
            this.right = right;
        }

        /** What a listener must be allowed to read. */
        public Right right() {
            return right;
        }
    }
}
