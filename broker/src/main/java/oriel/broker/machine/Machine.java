package oriel.broker.machine;

import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.host.PowerState;

/**
 * One desktop VM of a pool. Its state has three axes: lifecycle, power and agent. Whatever they say, {@code taintedBy}
 * names the user whose traces the disk may carry: set when the machine is claimed, cleared by nothing but a new disk.
 */
@Entity
@Table(name = "machine")
public class Machine {
    @Id
    private String name;

    private String poolId;
    private int number;
    private String host;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private Lifecycle lifecycle;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private PowerState power;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private Agent agent;

    private long generation;
    private int imageVersion;
    private boolean powerWanted;
    private boolean restartWanted;
    private @Nullable UUID userId;
    private @Nullable UUID sessionId;
    private @Nullable UUID taintedBy;
    private @Nullable UUID assignedTo;
    private boolean prepareWanted;
    private boolean canary;
    private @Nullable String template;
    private @Nullable String failure;
    private @Nullable Instant poweredAt;
    private Instant changed;

    @Version
    private long version;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected Machine() {}

    /** A machine that is wanted; it has no files yet. */
    public Machine(String poolId, int number, String host, int imageVersion, Instant now) {
        this.name = poolId + "-" + number;
        this.poolId = poolId;
        this.number = number;
        this.host = host;
        this.lifecycle = Lifecycle.REQUESTED;
        this.power = PowerState.OFF;
        this.agent = Agent.ABSENT;
        this.imageVersion = imageVersion;
        this.changed = now;
    }

    /** Its name, the same on its host. */
    public String name() {
        return name;
    }

    /** Its pool. */
    public String poolId() {
        return poolId;
    }

    /** Its number in the pool, from 1. */
    public int number() {
        return number;
    }

    /** Where it runs. */
    public String host() {
        return host;
    }

    /** It is to be made elsewhere: it has no disk yet. */
    public void placeOn(String otherHost, Instant now) {
        if (generation != 0) {
            throw new IllegalStateException(name + " has a disk on " + host);
        }
        host = otherHost;
        failure = null;
        changed = now;
    }

    /** First axis. */
    public Lifecycle lifecycle() {
        return lifecycle;
    }

    /** Second axis. */
    public PowerState power() {
        return power;
    }

    /** Third axis. */
    public Agent agent() {
        return agent;
    }

    /** How many disks it has had; 0: none yet. */
    public long generation() {
        return generation;
    }

    /** Version of the golden image behind its disk. */
    public int imageVersion() {
        return imageVersion;
    }

    /** Whether it should run. */
    public boolean powerWanted() {
        return powerWanted;
    }

    /** Whose it is. */
    public @Nullable UUID userId() {
        return userId;
    }

    /** Its session. */
    public @Nullable UUID sessionId() {
        return sessionId;
    }

    /** Whether somebody's traces may be on its disk. */
    public boolean tainted() {
        return taintedBy != null;
    }

    /** Whose it is for good, in a dedicated pool. */
    public @Nullable UUID assignedTo() {
        return assignedTo;
    }

    /** Whether it tries a version before the others. */
    public boolean canary() {
        return canary;
    }

    /** The warm parent that it is forked from; null if it boots. */
    public @Nullable String template() {
        return template;
    }

    /** It is forked from a warm parent, or not. */
    public void forkFrom(@Nullable String parent) {
        template = parent;
    }

    /** Whether its disk is to be made ahead of anybody's wish. */
    public boolean prepareWanted() {
        return prepareWanted;
    }

    /** Whether it holds what its user has left there for the next time. */
    public boolean kept() {
        return assignedTo != null && assignedTo.equals(taintedBy);
    }

    /** What is wrong with it. */
    public @Nullable String failure() {
        return failure;
    }

    /** When it was last powered on or reset. */
    public @Nullable Instant poweredAt() {
        return poweredAt;
    }

    /** Last change. */
    public Instant changed() {
        return changed;
    }

    /** Changes with every change. */
    public long version() {
        return version;
    }

    /** Changes with every change, as HTTP writes it. */
    public String etag() {
        return "\"" + version + "\"";
    }

    /** Whether somebody could get it: free, clean and sound. */
    public boolean claimable() {
        return sessionId == null && taintedBy == null && assignedTo == null && failure == null && lifecycle.claimable();
    }

    /** Whether a user could get it back: it is theirs, and nothing keeps it from running. */
    public boolean claimableBy(UUID user) {
        return sessionId == null
                && user.equals(assignedTo)
                && (taintedBy == null || taintedBy.equals(user))
                && lifecycle.claimable();
    }

    /** Whether a user can see its desktop. */
    public boolean ready() {
        return power == PowerState.ON && agent == Agent.READY;
    }

    /** What is to be done on the host to bring the machine where it should be. */
    public Need need() {
        if (lifecycle == Lifecycle.DELETING) {
            return Need.DELETE;
        }
        if (sessionId == null) {
            switch (lifecycle) {
                case LOGGING_OFF, DIRTY, MISSING, REFRESHING -> {
                    return Need.REFRESH;
                }
                case MAINTENANCE -> {
                    return power == PowerState.OFF ? Need.NOTHING : Need.STOP;
                }
                case ERROR, DELETED, DELETING -> {
                    return Need.NOTHING;
                }
                case REQUESTED, CLONING, BOOTING, AVAILABLE, ASSIGNED, IN_SESSION, DRAINING -> {
                    if (taintedBy != null && !kept()) {
                        return Need.REFRESH;
                    }
                }
            }
        }
        if (!powerWanted) {
            if (generation == 0 && prepareWanted) {
                return Need.PROVISION;
            }
            boolean idle = sessionId == null && kept() && power == PowerState.ON;
            return idle ? Need.SHUTDOWN : Need.NOTHING;
        }
        if (generation == 0) {
            return Need.PROVISION;
        }
        if (restartWanted) {
            return Need.RESTART;
        }
        // STARTING: whoever began to power it on has died.
        return power == PowerState.OFF || power == PowerState.STARTING ? Need.START : Need.NOTHING;
    }

    /** Gives it to a user. Everything that makes it theirs is in this one change. */
    public void claimFor(UUID session, UUID user, Instant now) {
        if (!claimable() && !claimableBy(user)) {
            throw new IllegalStateException(name + " is not free: " + lifecycle);
        }
        sessionId = session;
        userId = user;
        taintedBy = user;
        powerWanted = true;
        failure = null;
        lifecycle = ready() ? Lifecycle.IN_SESSION : Lifecycle.ASSIGNED;
        changed = now;
    }

    /** Its session has ended. */
    public void release(Lifecycle next, @Nullable String why, Instant now) {
        sessionId = null;
        userId = null;
        powerWanted = false;
        restartWanted = false;
        lifecycle = next;
        failure = why;
        changed = now;
    }

    /** It is a user's from now on. */
    public void assignTo(@Nullable UUID user) {
        assignedTo = user;
    }

    /** Its session has ended; it stays as it is for the same user, and needs no power meanwhile. */
    public void keep(Instant now) {
        sessionId = null;
        userId = null;
        powerWanted = false;
        restartWanted = false;
        failure = null;
        lifecycle = Lifecycle.AVAILABLE;
        changed = now;
    }

    /** Its disk should be made, though nobody waits for it. */
    public void prepare(Instant now) {
        prepareWanted = true;
        changed = now;
    }

    /** It tries a version before the others, or no longer. */
    public void canary(boolean first) {
        canary = first;
    }

    /** It should run, or no longer. */
    public void wantPower(boolean wanted, Instant now) {
        powerWanted = wanted;
        failure = wanted ? null : failure;
        changed = now;
    }

    /** It should boot again with the disk it has. */
    public void wantRestart(Instant now) {
        restartWanted = power != PowerState.OFF;
        powerWanted = true;
        failure = null;
        agent = Agent.WAITING;
        changed = now;
    }

    /** Another state of its life. */
    public void become(Lifecycle next, @Nullable String why, Instant now) {
        lifecycle = next;
        failure = why;
        changed = now;
    }

    /** Its files are being made. */
    public void cloning(Instant now) {
        if (sessionId == null) {
            lifecycle = Lifecycle.CLONING;
        }
        changed = now;
    }

    /** A guest starts to boot. */
    public void powering(Instant now) {
        power = PowerState.STARTING;
        agent = Agent.WAITING;
        poweredAt = now;
        lifecycle = booting();
        changed = now;
    }

    private Lifecycle booting() {
        if (sessionId == null) {
            return Lifecycle.BOOTING;
        }
        return lifecycle == Lifecycle.DRAINING ? Lifecycle.DRAINING : Lifecycle.ASSIGNED;
    }

    /** It runs. */
    public void powered(Instant now) {
        power = PowerState.ON;
        restartWanted = false;
        changed = now;
    }

    /** Its desktop is there. */
    public void guestReady(Instant now) {
        power = PowerState.ON;
        agent = Agent.READY;
        failure = null;
        if (lifecycle == Lifecycle.BOOTING) {
            lifecycle = Lifecycle.AVAILABLE;
        } else if (lifecycle == Lifecycle.ASSIGNED) {
            lifecycle = Lifecycle.IN_SESSION;
        }
        changed = now;
    }

    /** Its guest has said nothing for too long. */
    public void unreachable(String why, Instant now) {
        agent = Agent.UNREACHABLE;
        failure = why;
        changed = now;
    }

    /** It is off. */
    public void off(@Nullable String why, Instant now) {
        power = PowerState.OFF;
        agent = Agent.ABSENT;
        powerWanted = false;
        restartWanted = false;
        failure = why;
        if (lifecycle == Lifecycle.IN_SESSION) {
            lifecycle = Lifecycle.ASSIGNED;
        }
        changed = now;
    }

    /** It could not be powered on; another attempt will follow. */
    public void startFailed(String why, Instant now) {
        power = PowerState.OFF;
        agent = Agent.ABSENT;
        failure = why;
        changed = now;
    }

    /** Its host has a disk of another generation than we know: the next one must be newer than both. */
    public void adopt(long hostGeneration, Instant now) {
        generation = Math.max(generation, hostGeneration);
        changed = now;
    }

    /** It has a new disk, off and clean; its user's if it has one already. */
    public void fresh(long generation, int imageVersion, Instant now) {
        this.generation = generation;
        this.imageVersion = imageVersion;
        this.power = PowerState.OFF;
        this.agent = Agent.ABSENT;
        this.failure = null;
        this.restartWanted = false;
        this.prepareWanted = false;
        if (sessionId == null) {
            taintedBy = null;
            if (lifecycle != Lifecycle.DELETING && lifecycle != Lifecycle.MAINTENANCE) {
                lifecycle = Lifecycle.AVAILABLE;
            }
        }
        changed = now;
    }

    /** Something is wrong, without another state. */
    public void note(String failure, Instant now) {
        this.failure = failure;
        this.changed = now;
    }

    /** What a machine needs of its host. */
    public enum Need {
        /** Nothing. */
        NOTHING,
        /** Files. */
        PROVISION,
        /** Power. */
        START,
        /** A new disk. */
        REFRESH,
        /** To boot again. */
        RESTART,
        /** No power. */
        STOP,
        /** To be shut down by its guest. */
        SHUTDOWN,
        /** To be deleted. */
        DELETE
    }
}
