package oriel.hypervisor.host;

import java.time.Instant;
import java.util.Optional;

/**
 * One snapshot of a machine. Together they are a tree: each was taken of a machine that had gone on from its parent.
 *
 * @param name unique among the machine's snapshots; of a machine name's form
 * @param parent the snapshot that the machine had last taken or been put back to; empty if none, or if that was deleted
 *     with none before it
 * @param taken when
 * @param bytes space that its memory and state take on the host's disk; the disk's part isn't counted, as it is shared
 *     with what came later
 * @param hasMemory whether the machine runs on from it, or boots from its disk
 * @param current whether the machine goes on from this one now
 */
public record SnapshotInfo(
        String name, Optional<String> parent, Instant taken, long bytes, boolean hasMemory, boolean current) {}
