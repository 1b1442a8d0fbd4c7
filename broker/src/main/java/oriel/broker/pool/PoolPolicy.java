package oriel.broker.pool;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.LocalTime;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import oriel.broker.problem.Check;
import oriel.broker.problem.RefusedException;

/**
 * What a pool does with its machines and sessions. Absent fields have defaults; in a change they stay as they are.
 *
 * @param assignment floating by default; can't be changed later
 * @param cloneType linked by default; counts for new disks
 * @param min machines whose disks are made before anybody asks
 * @param logoffAction what happens to the machine when its session ends
 * @param limits times after which sessions end
 * @param schedule warm machines and opening hours by the calendar
 * @param snapshots who keeps how many
 * @param clipboard which way text may go
 * @param recording whether sessions are recorded
 * @param fileDrop whether users hand files over
 * @param network whom machines reach
 * @param resources what a machine may have of its host
 * @param nativeViewers whether desktops are shown in VNC viewers too
 * @param placement on which hosts machines are made
 */
public record PoolPolicy(
        @Nullable Assignment assignment,
        @Nullable CloneType cloneType,
        @Nullable Integer min,
        @Nullable LogoffAction logoffAction,
        @Nullable Limits limits,
        @Nullable Schedule schedule,
        @Nullable SnapshotRules snapshots,
        @Nullable Clipboard clipboard,
        @Nullable Recording recording,
        @Nullable FileDrop fileDrop,
        @Nullable PoolNetwork network,
        @Nullable PoolResources resources,
        @Nullable NativeViewers nativeViewers,
        @Nullable PoolPlacement placement) {
    /** Defaults. */
    public static final PoolPolicy DEFAULT = changes().build();

    /** A change of some fields. */
    public static PoolPolicyBuilder changes() {
        return new PoolPolicyBuilder();
    }

    /** Checks the numbers; see {@link #complete} for what must fit together. */
    public PoolPolicy {
        if (min != null) {
            Check.within("policy.min", min, 0, Pools.MOST_MACHINES);
        }
    }

    /** Whose machines are. */
    public enum Assignment {
        /** Any free machine for anybody entitled. */
        FLOATING,
        /** A user's first machine stays theirs. */
        DEDICATED;

        /** The name in the API's contract. */
        @JsonValue
        public String wireName() {
            return wire(this);
        }
    }

    /** How a machine comes by its disk. */
    public enum CloneType {
        /** Forked from a running, frozen parent. */
        INSTANT,
        /** A thin disk over the golden one. */
        LINKED,
        /** A copy of the golden disk. */
        FULL;

        /** The name in the API's contract. */
        @JsonValue
        public String wireName() {
            return wire(this);
        }
    }

    /** What happens to a machine whose session has ended. */
    public enum LogoffAction {
        /** It gets a new disk. */
        REFRESH,
        /** It is deleted, and another one made. */
        DELETE,
        /** It stays as it is, for the same user. */
        KEEP;

        /** The name in the API's contract. */
        @JsonValue
        public String wireName() {
            return wire(this);
        }
    }

    /** Which way text may go between the guest's clipboard and the user's. */
    public enum Clipboard {
        /** Both. */
        BOTH,
        /** Into the guest only. */
        TO_GUEST,
        /** Out of the guest only. */
        TO_CLIENT,
        /** None. */
        NONE;

        /** The name in the API's contract. */
        @JsonValue
        public String wireName() {
            return wire(this);
        }
    }

    /** Which sessions are recorded. */
    public enum Recording {
        /** None. */
        OFF,
        /** Each, from its first display on. Its user is told. */
        ALL;

        /** The name in the API's contract. */
        @JsonValue
        public String wireName() {
            return wire(this);
        }
    }

    /** Which way files may go. */
    public enum FileDrop {
        /** None. */
        OFF,
        /** Into the guest. */
        TO_GUEST;

        /** The name in the API's contract. */
        @JsonValue
        public String wireName() {
            return wire(this);
        }
    }

    /** Whether desktops are shown in VNC viewers, over TLS, next to browsers. */
    public enum NativeViewers {
        /** In browsers only. */
        OFF,
        /** In both. */
        ON;

        /** The name in the API's contract. */
        @JsonValue
        public String wireName() {
            return wire(this);
        }
    }

    /**
     * Times in minutes after which something ends; absent: never.
     *
     * @param idleMinutes without a key or a pointer's movement, until the display is cut
     * @param disconnectedMinutes without a viewer, until the session is logged off
     * @param maxMinutes from its start, until the session is logged off
     */
    public record Limits(
            @Nullable Integer idleMinutes,
            @Nullable Integer disconnectedMinutes,
            @Nullable Integer maxMinutes) {
        /** Never. */
        public static final Limits NONE = new Limits(null, null, null);

        private static final int MOST = 60 * 24 * 30;

        /** Checks the numbers. */
        public Limits {
            check("limits.idleMinutes", idleMinutes);
            check("limits.disconnectedMinutes", disconnectedMinutes);
            check("limits.maxMinutes", maxMinutes);
        }

        private static void check(String field, @Nullable Integer minutes) {
            if (minutes != null) {
                Check.within(field, minutes, 1, MOST);
            }
        }

        boolean any() {
            return idleMinutes != null || disconnectedMinutes != null || maxMinutes != null;
        }
    }

    /**
     * Snapshots of the pool's machines.
     *
     * @param byUser whether users take and restore snapshots of their own session's machine
     * @param most how many are kept for each machine; the oldest ones go
     * @param days after which one goes
     * @param daily when one is taken of each machine in a session, in the schedule's zone
     */
    public record SnapshotRules(
            @Nullable Boolean byUser,
            @Nullable Integer most,
            @Nullable Integer days,
            @Nullable LocalTime daily) {
        /** None by users, five at most, for two weeks. */
        public static final SnapshotRules DEFAULT = new SnapshotRules(null, null, null, null);

        /** Checks the numbers. */
        public SnapshotRules {
            byUser = byUser != null && byUser;
            most = most == null ? 5 : Check.within("snapshots.most", most, 1, 50);
            days = days == null ? 14 : Check.within("snapshots.days", days, 1, 3650);
        }
    }

    private static String wire(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** With what another one says, where it says something. */
    PoolPolicy with(PoolPolicy change) {
        return new PoolPolicy(
                or(change.assignment, assignment),
                or(change.cloneType, cloneType),
                or(change.min, min),
                or(change.logoffAction, logoffAction),
                or(change.limits, limits),
                or(change.schedule, schedule),
                or(change.snapshots, snapshots),
                or(change.clipboard, clipboard),
                or(change.recording, recording),
                or(change.fileDrop, fileDrop),
                or(change.network, network),
                or(change.resources, resources),
                or(change.nativeViewers, nativeViewers),
                or(change.placement, placement));
    }

    /**
     * With every default filled in.
     *
     * @throws RefusedException if parts contradict each other
     */
    PoolPolicy complete() {
        Assignment whose = assignment();
        LogoffAction action =
                or(logoffAction, whose == Assignment.DEDICATED ? LogoffAction.KEEP : LogoffAction.REFRESH);
        if (action == LogoffAction.KEEP && whose == Assignment.FLOATING) {
            throw RefusedException.field(
                    "policy.logoffAction", "can't be keep in a floating pool: the next user would see what is left");
        }
        return new PoolPolicy(
                whose,
                or(cloneType, CloneType.LINKED),
                or(min, 0),
                action,
                or(limits, Limits.NONE),
                or(schedule, Schedule.NONE),
                or(snapshots, SnapshotRules.DEFAULT),
                or(clipboard, Clipboard.BOTH),
                or(recording, Recording.OFF),
                or(fileDrop, FileDrop.OFF),
                or(network, PoolNetwork.DEFAULT),
                or(resources, PoolResources.DEFAULT),
                or(nativeViewers, NativeViewers.OFF),
                or(placement, PoolPlacement.DEFAULT));
    }

    @Override
    public Assignment assignment() {
        return assignment == null ? Assignment.FLOATING : assignment;
    }

    /** Whether a user's machine stays theirs. */
    public boolean dedicated() {
        return assignment() == Assignment.DEDICATED;
    }

    /** Whether desktops are shown in VNC viewers too. */
    public boolean showsInNativeViewers() {
        return nativeViewers == NativeViewers.ON;
    }

    private static <T> @Nullable T or(@Nullable T value, @Nullable T otherwise) {
        return value == null ? otherwise : value;
    }
}
