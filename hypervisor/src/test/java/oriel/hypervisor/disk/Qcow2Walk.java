package oriel.hypervisor.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * An independent, simple consistency check of an image without snapshots: what is in use is counted, nothing is used
 * twice, no cluster is referred to without the "copied" flag. Leaks are fine.
 */
final class Qcow2Walk {
    private static final long OFFSET = 0x00FF_FFFF_FFFF_FE00L;

    private final ByteBuffer data;
    private final int bits;
    private final Map<Long, String> used = new HashMap<>();

    private Qcow2Walk(byte[] content) {
        data = ByteBuffer.wrap(content);
        bits = data.getInt(20);
    }

    static void check(byte[] content) {
        new Qcow2Walk(content).walk();
    }

    private long read(long at) {
        return at + 8 <= data.capacity() ? data.getLong((int) at) : 0;
    }

    private void use(long offset, String as) {
        assertThat(offset & (1L << bits) - 1).as(as).isZero();
        String other = used.put(offset >>> bits, as);
        assertThat(other).as("%s shares a cluster", as).isNull();
    }

    private void walk() {
        use(0, "header");
        long table = data.getLong(48);
        int tableClusters = data.getInt(56);
        for (int i = 0; i < tableClusters; i++) {
            use(table + ((long) i << bits), "refcount table");
        }
        for (long at = table; at < table + ((long) tableClusters << bits); at += 8) {
            if (read(at) != 0) {
                use(read(at), "refcount block");
            }
        }
        long l1 = data.getLong(40);
        int entries = data.getInt(36);
        for (long at = l1; at < l1 + 8L * entries; at += 1L << bits) {
            use(at, "L1 table");
        }
        for (int i = 0; i < entries; i++) {
            long l2 = read(l1 + 8L * i);
            if ((l2 & OFFSET) != 0) {
                assertThat(l2).as("copied flag of an L2 table").isNegative();
                use(l2 & OFFSET, "L2 table " + i);
                for (int j = 0; j < 1 << bits - 3; j++) {
                    long entry = read((l2 & OFFSET) + 8L * j);
                    if ((entry & OFFSET) != 0) {
                        assertThat(entry).as("copied flag of a cluster").isNegative();
                        use(entry & OFFSET, "data " + i + "/" + j);
                    }
                }
            }
        }
        used.forEach(
                (cluster, as) -> assertThat(refcount(table, cluster)).as(as).isPositive());
    }

    private int refcount(long table, long cluster) {
        int blockBits = bits - 1; // 16-bit counts
        long block = read(table + 8 * (cluster >>> blockBits));
        if (block == 0) {
            return 0;
        }
        long at = block + 2 * (cluster & (1L << blockBits) - 1);
        return at + 2 <= data.capacity() ? data.getShort((int) at) & 0xFFFF : 0;
    }
}
