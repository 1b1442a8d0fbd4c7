package oriel.hypervisor.disk;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where the parts of a new image lie: header, refcount table, refcount blocks, L1 table.
 *
 * @param parts what must be written, by place; zeroes at the ends of tables are left out, as a new file has them
 */
record Qcow2Layout(Map<Long, ByteBuffer> parts) {
    private static final int CLUSTER_BITS = 16;
    private static final long CLUSTER = 1L << CLUSTER_BITS;
    private static final long COUNTS_PER_BLOCK = CLUSTER / 2;
    private static final int MAX_NAME = 1023;

    private static long clusters(long bytes) {
        return bytes + CLUSTER - 1 >>> CLUSTER_BITS;
    }

    /** The parts in the order to write them: the header, which makes it an image, comes last. */
    static Qcow2Layout of(long size, Optional<String> backing, Optional<String> backingFormat) {
        if (backing.isPresent() && backing.get().getBytes(StandardCharsets.UTF_8).length > MAX_NAME) {
            throw new DiskException("the path of the backing file " + backing.get() + " is longer than " + MAX_NAME
                    + " bytes: place the images closer together");
        }
        int l1Entries = Math.toIntExact(Math.max(1, clusters(size) * 8 + CLUSTER - 1 >>> CLUSTER_BITS));
        long l1Clusters = clusters(8L * l1Entries);
        // Room for all data, its tables, and then some: such an image never has to move its refcount table.
        long counted = clusters(size) + clusters(size) / 1000 + 1024;
        long tableClusters = clusters(8 * (counted / COUNTS_PER_BLOCK + 1));
        long blocks = 1;
        while (blocks * COUNTS_PER_BLOCK < 1 + tableClusters + blocks + l1Clusters) {
            blocks++;
        }
        long used = 1 + tableClusters + blocks + l1Clusters;
        long blocksAt = 1 + tableClusters << CLUSTER_BITS;
        long l1At = 1 + tableClusters + blocks << CLUSTER_BITS;

        ByteBuffer counts = ByteBuffer.allocate((int) (2 * used));
        for (int i = 0; i < used; i++) {
            counts.putShort(2 * i, (short) 1);
        }
        ByteBuffer table = ByteBuffer.allocate((int) (8 * blocks));
        for (int i = 0; i < blocks; i++) {
            table.putLong(8 * i, blocksAt + ((long) i << CLUSTER_BITS));
        }
        Qcow2Header header = new Qcow2Header(
                3,
                CLUSTER_BITS,
                size,
                backing,
                backingFormat,
                l1At,
                l1Entries,
                CLUSTER,
                (int) tableClusters,
                0,
                0,
                4,
                false);
        Map<Long, ByteBuffer> parts = new LinkedHashMap<>();
        parts.put(blocksAt, counts);
        parts.put(CLUSTER, table);
        parts.put(
                l1At + (l1Clusters << CLUSTER_BITS) - 1,
                ByteBuffer.allocate(1)); // makes the file as long as it must be
        parts.put(0L, ByteBuffer.wrap(header.toBytes()));
        return new Qcow2Layout(parts);
    }
}
