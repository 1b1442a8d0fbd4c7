package oriel.hypervisor.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Reference counts of a qcow2 image's clusters and, through them, allocation. Needs the image's write lock.
 *
 * <p>Increments reach the file before anything that refers to the cluster; decrements after nothing does any more:
 * {@link #release} only notes them, {@link #applyReleases} performs them. So an image whose writer was killed has leaked
 * clusters at worst, never a cluster used twice.
 */
final class Refcounts {
    private static final long OFFSET_MASK = 0x00FF_FFFF_FFFF_FE00L;

    private final ImageChannel file;
    private final DiskErrors errors;
    private final MetadataCache blocks;
    private final int clusterBits;
    private final int order;
    private final int blockBits;
    private long l1From;
    private long l1To;
    private final List<Long> released = new ArrayList<>();
    private long[] table;
    private long tableOffset;
    private int tableClusters;
    private long firstMaybeFree = 1;

    Refcounts(ImageChannel file, DiskErrors errors, Qcow2Header header) throws IOException {
        this.file = file;
        this.errors = errors;
        clusterBits = header.clusterBits();
        order = header.refcountOrder();
        blockBits = clusterBits + 3 - order;
        blocks = new MetadataCache(file, 1 << clusterBits);
        tableOffset = header.refcountTableOffset();
        tableClusters = header.refcountTableClusters();
        if (tableClusters == 0) {
            throw errors.corrupt("it has no refcount table");
        }
        l1From = header.l1Offset() >>> clusterBits;
        l1To = header.l1Offset() + 8L * header.l1Entries() + header.clusterSize() - 1 >>> clusterBits;
        ByteBuffer in = ByteBuffer.allocate(tableClusters << clusterBits);
        file.read(in, tableOffset);
        table = new long[in.capacity() / 8];
        in.flip().asLongBuffer().get(table);
        for (long entry : table) {
            checkBlockOffset(entry);
        }
    }

    private void checkBlockOffset(long entry) {
        if ((entry & ~OFFSET_MASK) != 0 || (entry & (1L << clusterBits) - 1) != 0) {
            throw errors.corrupt("refcount table entry 0x" + Long.toHexString(entry) + " isn't a cluster");
        }
    }

    private long block(long cluster) {
        long index = cluster >>> blockBits;
        return index < table.length ? table[(int) index] : 0;
    }

    /** How many references a cluster has. */
    long get(long cluster) throws IOException {
        long block = block(cluster);
        return block == 0 ? 0 : get(blocks.get(block).data, inBlock(cluster));
    }

    private int inBlock(long cluster) {
        return (int) (cluster & (1L << blockBits) - 1);
    }

    private long get(ByteBuffer data, int index) {
        return switch (order) {
            case 3 -> data.get(index) & 0xFF;
            case 4 -> data.getShort(index * 2) & 0xFFFF;
            case 5 -> data.getInt(index * 4) & 0xFFFF_FFFFL;
            case 6 -> data.getLong(index * 8);
            default -> {
                int perByte = 8 >> order;
                int shift = index % perByte << order;
                yield data.get(index / perByte) >> shift & (1 << (1 << order)) - 1;
            }
        };
    }

    private void set(MetadataTable block, int index, long count) {
        ByteBuffer data = block.data;
        switch (order) {
            case 3 -> data.put(index, (byte) count);
            case 4 -> data.putShort(index * 2, (short) count);
            case 5 -> data.putInt(index * 4, (int) count);
            case 6 -> data.putLong(index * 8, count);
            default -> {
                int perByte = 8 >> order;
                int shift = index % perByte << order;
                int mask = (1 << (1 << order)) - 1 << shift;
                data.put(index / perByte, (byte) (data.get(index / perByte) & ~mask | (int) count << shift));
            }
        }
        int bit = index << order;
        block.markDirty(bit >> 3, Math.max(1, 1 << order >> 3));
    }

    /** Takes a free cluster and gives its offset in the file. */
    long allocate() throws IOException {
        long cluster = firstMaybeFree;
        while (true) {
            if (cluster >>> blockBits >= table.length) {
                grow();
            }
            long block = block(cluster);
            if (block == 0) {
                addBlock((int) (cluster >>> blockBits));
            } else {
                MetadataTable counts = blocks.get(block);
                int last = 1 << blockBits;
                int index = inBlock(cluster);
                while (index < last && get(counts.data, index) != 0) {
                    index++;
                }
                cluster = (cluster >>> blockBits << blockBits) + index;
                if (index < last) {
                    checkUnused(cluster);
                    set(counts, index, 1);
                    firstMaybeFree = cluster + 1;
                    return cluster << clusterBits;
                }
            }
        }
    }

    /** Takes free clusters that follow each other, and gives the offset of the first. */
    long allocateRun(int clusters) throws IOException {
        List<Long> taken = new ArrayList<>();
        long first = allocate();
        taken.add(first);
        int run = 1;
        while (run < clusters) {
            long next = allocate();
            taken.add(next);
            if (next == first + ((long) run << clusterBits)) {
                run++;
            } else {
                first = next;
                run = 1;
            }
        }
        long end = first + ((long) clusters << clusterBits);
        for (long offset : taken) {
            if (offset < first || offset >= end) {
                cancel(offset);
            }
        }
        return first;
    }

    /** Where the L1 table is from now on. */
    void l1At(long offset, long clusters) {
        l1From = offset >>> clusterBits;
        l1To = l1From + clusters;
    }

    /** An image whose counts are wrong must not have its tables overwritten. */
    private void checkUnused(long cluster) {
        long offset = cluster << clusterBits;
        long tableEnd = tableOffset + ((long) tableClusters << clusterBits);
        boolean used = cluster == 0 || (cluster >= l1From && cluster < l1To);
        if (used || (offset >= tableOffset && offset < tableEnd) || block(cluster) == offset) {
            throw errors.corrupt(
                    "its refcounts say that a cluster of its tables, at 0x" + Long.toHexString(offset) + ", is free");
        }
    }

    /** A block in the first of the clusters that it counts, in the file before the table refers to it. */
    private void addBlock(int index) throws IOException {
        long cluster = (long) index << blockBits;
        long offset = cluster << clusterBits;
        checkUnused(cluster);
        MetadataTable block = blocks.create(offset, ByteBuffer.allocate(1 << clusterBits));
        set(block, 0, 1);
        file.write(block.data.duplicate().clear(), offset);
        block.markClean();
        file.force();
        file.write(ByteBuffer.allocate(8).putLong(offset).flip(), tableOffset + 8L * index);
        table[index] = offset;
    }

    /**
     * Moves the table to a larger one. All clusters it counts are taken, so the new one goes behind them, after the
     * blocks that count it. The header changes last.
     */
    private void grow() throws IOException {
        long start = (long) table.length << blockBits;
        long newEntries = Math.max(table.length * 2L, table.length + 8L);
        long newClusters = newEntries * 8 + (1L << clusterBits) - 1 >>> clusterBits;
        if (newClusters << clusterBits > Qcow2Header.MAX_REFCOUNT_TABLE_BYTES) {
            throw errors.unsupported("has grown to the most that its cluster size allows: convert it with"
                    + " 'qemu-img convert -O qcow2' to one with larger clusters");
        }
        long newBlocks = 1;
        while (newBlocks << blockBits < newBlocks + newClusters) {
            newBlocks++;
        }
        long[] next = new long[Math.toIntExact((newClusters << clusterBits) / 8)];
        System.arraycopy(table, 0, next, 0, table.length);
        long used = newBlocks + newClusters;
        for (int i = 0; i < newBlocks; i++) {
            long offset = start + i << clusterBits;
            next[table.length + i] = offset;
            MetadataTable block = blocks.create(offset, ByteBuffer.allocate(1 << clusterBits));
            long counted = Math.min(used - ((long) i << blockBits), 1L << blockBits);
            for (int entry = 0; entry < counted; entry++) {
                set(block, entry, 1);
            }
            file.write(block.data.duplicate().clear(), offset);
            block.markClean();
        }
        long newOffset = start + newBlocks << clusterBits;
        ByteBuffer out = ByteBuffer.allocate(next.length * 8);
        out.asLongBuffer().put(next);
        file.write(out, newOffset);
        blocks.writeBack();
        file.force();
        ByteBuffer field = ByteBuffer.allocate(12)
                .putLong(newOffset)
                .putInt((int) newClusters)
                .flip();
        file.write(field, Qcow2Header.REFCOUNT_TABLE_AT);
        for (int i = 0; i < tableClusters; i++) {
            release((tableOffset >>> clusterBits) + i);
        }
        table = next;
        tableOffset = newOffset;
        tableClusters = (int) newClusters;
    }

    /** Takes an allocation back that nothing refers to yet. */
    void cancel(long offset) throws IOException {
        decrement(offset >>> clusterBits);
    }

    /** Notes that one reference to a cluster goes away once the metadata written before is durable. */
    void release(long cluster) {
        released.add(cluster);
    }

    boolean hasReleases() {
        return !released.isEmpty();
    }

    void applyReleases() throws IOException {
        while (!released.isEmpty()) {
            decrement(released.getLast());
            released.removeLast(); // one by one: after an error the rest can be tried again
        }
    }

    private void decrement(long cluster) throws IOException {
        long block = block(cluster);
        long count = get(cluster);
        if (block == 0 || count == 0) {
            throw errors.corrupt("cluster %d is in use but its refcount is 0".formatted(cluster));
        }
        set(blocks.get(block), inBlock(cluster), count - 1);
        if (count == 1) {
            firstMaybeFree = Math.min(firstMaybeFree, cluster);
        }
    }

    boolean dirty() {
        return blocks.dirty();
    }

    boolean crowded() {
        return blocks.crowded() || released.size() > 1 << 16;
    }

    void writeBack() throws IOException {
        blocks.writeBack();
    }
}
