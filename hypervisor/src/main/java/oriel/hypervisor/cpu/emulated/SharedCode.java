package oriel.hypervisor.cpu.emulated;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Decoded and translated blocks for all machines of a process that run the same code: what one has made, the others
 * copy. Thread-safe.
 *
 * <p>A block is found by the guest's bytes that it was made of, their place in the page, the processor's mode and model,
 * which are all that it depends on; the bytes themselves are compared, not only a hash of them. So nothing here ever
 * becomes wrong: a machine that changes its code asks with other bytes. Copies belong to the machine that made them, and
 * are joined to its other blocks only. A guest can learn from timing whether another ran the same code, as with shared
 * pages of memory; machines that mustn't know that of each other are given different stores.
 */
public final class SharedCode {
    /** What a store needs to hold all that a desktop runs from power-on to its first programs. */
    public static final int DEFAULT_MIB = 64;

    private static final int SHARD_BITS = 4;

    private final SharedCodeShard[] shards = new SharedCodeShard[1 << SHARD_BITS];

    /** Guarded by itself. */
    private final Map<Set<CpuFeature>, Integer> models = new HashMap<>();

    /**
     * An empty store, which takes memory as it fills.
     *
     * @param mib most that its records take, and half as much for an index; what was used last is kept
     */
    public SharedCode(int mib) {
        if (mib < 1) {
            throw new IllegalArgumentException("a store of shared code has at least 1 MiB, not " + mib);
        }
        for (int i = 0; i < shards.length; i++) {
            shards[i] = new SharedCodeShard(((long) mib << 20 >> SHARD_BITS) / Long.BYTES);
        }
    }

    /** Bytes of memory in use. */
    public long bytes() {
        long sum = 0;
        for (SharedCodeShard shard : shards) {
            sum += shard.bytes();
        }
        return sum;
    }

    /** Number of a model: processors that decode alike have the same. -1: there are too many, this one shares nothing. */
    int model(CpuModel model) {
        synchronized (models) {
            int next = models.size() < 256 ? models.size() : -1;
            return models.computeIfAbsent(model.features(), _ -> next);
        }
    }

    /**
     * Looks a block up.
     *
     * @param host where its first byte is
     * @param origin its place and mode: {@link SharedCodeShard#origin}
     * @param into gets what is known
     * @return whether it is known
     */
    boolean find(long host, long origin, SharedBlock into) {
        long hash = hash(host, origin);
        return shard(hash).find(hash, host, origin, into);
    }

    /** Keeps what was decoded of some bytes. */
    void add(long host, long origin, int length, BlockBuilder code) {
        long hash = hash(host, origin);
        shard(hash).add(hash, host, origin, length, code);
    }

    /** Keeps the translation of a block that is known. */
    void add(long host, long origin, TranslatedBlock translation) {
        long hash = hash(host, origin);
        shard(hash).add(hash, host, origin, translation);
    }

    private SharedCodeShard shard(long hash) {
        return shards[(int) (hash >>> 64 - SHARD_BITS)];
    }

    /** The first eight bytes tell most blocks apart; how long they are isn't known before they are found. */
    private static long hash(long host, long origin) {
        int length = Math.min(Long.BYTES, InstructionReader.PAGE_SIZE - SharedCodeShard.offset(origin));
        long h = SharedCodeShard.bytes(host, length) * 0x9E37_79B9_7F4A_7C15L ^ origin * 0xC2B2_AE3D_27D4_EB4FL;
        h = (h ^ h >>> 32) * 0xD6E8_FEB8_6659_FD93L;
        return h ^ h >>> 29;
    }
}
