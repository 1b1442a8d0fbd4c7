package oriel.broker.pool;

import org.jspecify.annotations.Nullable;
import oriel.broker.pool.PoolPolicy.Assignment;
import oriel.broker.pool.PoolPolicy.Clipboard;
import oriel.broker.pool.PoolPolicy.CloneType;
import oriel.broker.pool.PoolPolicy.FileDrop;
import oriel.broker.pool.PoolPolicy.Limits;
import oriel.broker.pool.PoolPolicy.LogoffAction;
import oriel.broker.pool.PoolPolicy.NativeViewers;
import oriel.broker.pool.PoolPolicy.Recording;
import oriel.broker.pool.PoolPolicy.SnapshotRules;

/** Says some fields of a {@link PoolPolicy}; those that it doesn't stay as they are. For one thread. */
public final class PoolPolicyBuilder {
    private @Nullable Assignment assignment;
    private @Nullable CloneType cloneType;
    private @Nullable Integer min;
    private @Nullable LogoffAction logoffAction;
    private @Nullable Limits limits;
    private @Nullable Schedule schedule;
    private @Nullable SnapshotRules snapshots;
    private @Nullable Clipboard clipboard;
    private @Nullable Recording recording;
    private @Nullable FileDrop fileDrop;
    private @Nullable PoolNetwork network;
    private @Nullable PoolResources resources;
    private @Nullable NativeViewers nativeViewers;
    private @Nullable PoolPlacement placement;

    PoolPolicyBuilder() {}

    /** See {@link PoolPolicy#assignment()}. */
    public PoolPolicyBuilder assignment(Assignment value) {
        assignment = value;
        return this;
    }

    /** See {@link PoolPolicy#cloneType()}. */
    public PoolPolicyBuilder cloneType(CloneType value) {
        cloneType = value;
        return this;
    }

    /** See {@link PoolPolicy#min()}. */
    public PoolPolicyBuilder min(Integer value) {
        min = value;
        return this;
    }

    /** See {@link PoolPolicy#logoffAction()}. */
    public PoolPolicyBuilder logoffAction(LogoffAction value) {
        logoffAction = value;
        return this;
    }

    /** See {@link PoolPolicy#limits()}. */
    public PoolPolicyBuilder limits(Limits value) {
        limits = value;
        return this;
    }

    /** See {@link PoolPolicy#schedule()}. */
    public PoolPolicyBuilder schedule(Schedule value) {
        schedule = value;
        return this;
    }

    /** See {@link PoolPolicy#snapshots()}. */
    public PoolPolicyBuilder snapshots(SnapshotRules value) {
        snapshots = value;
        return this;
    }

    /** See {@link PoolPolicy#clipboard()}. */
    public PoolPolicyBuilder clipboard(Clipboard value) {
        clipboard = value;
        return this;
    }

    /** See {@link PoolPolicy#recording()}. */
    public PoolPolicyBuilder recording(Recording value) {
        recording = value;
        return this;
    }

    /** See {@link PoolPolicy#fileDrop()}. */
    public PoolPolicyBuilder fileDrop(FileDrop value) {
        fileDrop = value;
        return this;
    }

    /** See {@link PoolPolicy#network()}. */
    public PoolPolicyBuilder network(PoolNetwork value) {
        network = value;
        return this;
    }

    /** See {@link PoolPolicy#resources()}. */
    public PoolPolicyBuilder resources(PoolResources value) {
        resources = value;
        return this;
    }

    /** See {@link PoolPolicy#nativeViewers()}. */
    public PoolPolicyBuilder nativeViewers(NativeViewers value) {
        nativeViewers = value;
        return this;
    }

    /** See {@link PoolPolicy#placement()}. */
    public PoolPolicyBuilder placement(PoolPlacement value) {
        placement = value;
        return this;
    }

    /** What was said. */
    public PoolPolicy build() {
        return new PoolPolicy(
                assignment,
                cloneType,
                min,
                logoffAction,
                limits,
                schedule,
                snapshots,
                clipboard,
                recording,
                fileDrop,
                network,
                resources,
                nativeViewers,
                placement);
    }
}
