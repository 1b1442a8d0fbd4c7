package oriel.broker.event;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Right;
import oriel.broker.display.Cut;

/** Something changed. A signal says where to look, not what is there: whoever gets it reads the present state. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "signal")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Signal.Desktop.class, name = "desktop"),
    @JsonSubTypes.Type(value = Signal.SignedOut.class, name = "signed-out"),
    @JsonSubTypes.Type(value = Signal.Message.class, name = "message"),
    @JsonSubTypes.Type(value = Signal.Log.class, name = "log"),
    @JsonSubTypes.Type(value = Signal.Shadow.class, name = "shadow"),
    @JsonSubTypes.Type(value = Signal.CutDisplays.class, name = "cut"),
    @JsonSubTypes.Type(value = Signal.Changed.class, name = "changed")
})
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
     * Somebody asks to watch a session's screen, or that has changed.
     *
     * @param shadowId the request
     * @param userId whose session it is
     * @param requesterId who asks
     */
    record Shadow(UUID shadowId, UUID userId, UUID requesterId) implements Signal {}

    /**
     * Open displays are to be cut, in whichever broker they are.
     *
     * @param of what {@code id} names
     * @param id a session, a sign-in, a user or a shadow request
     * @param how what the client is told
     * @param detail the same, for people
     */
    record CutDisplays(Of of, String id, Cut how, String detail) implements Signal {
        /** Whose displays. */
        public enum Of {
            /** Of a session, whoever looks at it. */
            SESSION,
            /** That a sign-in has opened. */
            SIGN_IN,
            /** That a user has opened. */
            USER,
            /** That somebody watches with the user's consent. */
            SHADOW
        }

        /** The displays of a session. */
        public static CutDisplays ofSession(UUID session, Cut how, String detail) {
            return new CutDisplays(Of.SESSION, session.toString(), how, detail);
        }
    }

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
        ENTITLEMENT(Right.POOL_READ),
        /** A host: its drain, or whether its broker is heard of. */
        HOST(Right.MACHINE_READ);

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
