package oriel.broker.session;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.problem.Reason;

/**
 * A pool as its user sees it: "my desktop".
 *
 * @param recorded whether what its screen shows is recorded
 * @param fileDrop whether its user may hand files over
 * @param nativeViewers whether it may be opened in a VNC viewer
 */
public record Desktop(
        String poolId,
        String name,
        @Nullable String description,
        State state,
        Action action,
        List<Stage> stages,
        @Nullable Long estimateSeconds,
        @Nullable UUID sessionId,
        @Nullable String machine,
        @Nullable Queue queue,
        @Nullable Refusal problem,
        boolean recorded,
        boolean fileDrop,
        boolean nativeViewers,
        Instant changed) {
    /** Copies the stages. */
    public Desktop {
        stages = List.copyOf(stages);
    }

    /** What the desktop is doing for its user. */
    public enum State {
        /** Nothing runs. */
        NONE,
        /** The user waits for a machine. */
        QUEUED,
        /** The user's machine starts. */
        STARTING,
        /** The machine is up; nobody has looked yet. */
        READY,
        /** Somebody looks. */
        CONNECTED,
        /** The session runs without a viewer. */
        DISCONNECTED,
        /** The machine boots again. */
        RESTARTING,
        /** The session ends. */
        LOGGING_OFF,
        /** The machine stopped with an error. */
        FAILED,
        /** No connection now. */
        UNAVAILABLE
    }

    /** What connecting will do. */
    public enum Action {
        /** Claim a machine. */
        CONNECT,
        /** Take a place in the queue. */
        QUEUE,
        /** Go on waiting. */
        WAIT,
        /** Open the session there is. */
        RECONNECT,
        /** Nothing: see the problem. */
        NONE
    }

    /** What happens on the way to a desktop. */
    public record Stage(
            Name name,
            String title,
            Progress state,
            @Nullable Instant since) {
        /** Kinds of stages, in order. */
        public enum Name {
            /** A machine is found. */
            CLAIM,
            /** Its disk is made. */
            CLONE,
            /** It is powered on. */
            START,
            /** Its guest boots. */
            BOOT,
            /** The desktop is there. */
            READY
        }

        /** How far a stage is. */
        public enum Progress {
            /** Not begun. */
            PENDING,
            /** Now. */
            ACTIVE,
            /** Over. */
            DONE,
            /** Went wrong. */
            FAILED
        }
    }

    /** Place in the queue. */
    public record Queue(
            int position,
            int length,
            Instant since,
            @Nullable Long estimateSeconds) {}

    /** Why connecting does not work. */
    public record Refusal(Reason reason, String detail) {}
}
