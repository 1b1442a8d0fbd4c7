package oriel.hypervisor.device.virtio;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.memory.GuestMemory;

/**
 * The traditional memory balloon (virtio 1.2 §5.5) with statistics and free page reporting: memory that the guest gives up
 * or doesn't use goes back to the host at once. Confined to the machine's thread, but for what it says of itself.
 *
 * <p>A guest that lies about what it doesn't use harms itself: its memory there is zero, or as in the saved machine that it
 * was made from.
 */
public final class VirtioBalloon extends VirtioDevice {
    private static final int F_STATS_VQ = 1;
    private static final int F_DEFLATE_ON_OOM = 2;
    private static final int F_REPORTING = 5;

    private static final int INFLATE = 0;
    private static final int STATISTICS = 2;
    private static final int REPORTING = 3; // there is no queue for hints, and Linux numbers those that are
    private static final int QUEUE_SIZE = 128;

    private static final int PAGE_SHIFT = 12;
    private static final int ACTUAL = 4; // offset in the configuration
    private static final int CONFIG_LENGTH = 8;

    /** Taken of one buffer of page numbers: Linux fills 256, a broken driver isn't followed further. */
    private static final int MAX_PAGES = 1024;

    private static final int MAX_STATISTICS = 64 * 10;
    private static final int STATISTIC_BYTES = 10; // tag and value
    private static final int STATISTIC_COUNT = 16;

    private static final int STATE_VERSION = 1;

    private final byte[] config = new byte[CONFIG_LENGTH];
    private final long[] statistics = new long[STATISTIC_COUNT];
    private volatile long @Nullable [] published;
    private volatile long actualPages;
    private @Nullable DescriptorChain held; // the guest's buffer for its next statistics

    /** Statistics by tag (§5.5.6.3). */
    public enum Statistic {
        /** Major page faults. */
        MAJOR_FAULTS(2),
        /** Free memory, in bytes. */
        FREE(4),
        /** All memory, in bytes. */
        TOTAL(5),
        /** Memory that could be used without swapping, in bytes. */
        AVAILABLE(6);

        private final int tag;

        Statistic(int tag) {
            this.tag = tag;
        }
    }

    /** A balloon of no size. */
    public VirtioBalloon(String name) {
        super(name, Type.BALLOON);
    }

    @Override
    protected long features() {
        return 1L << F_STATS_VQ | 1L << F_DEFLATE_ON_OOM | 1L << F_REPORTING;
    }

    @Override
    protected int[] queueSizes() {
        return new int[] {QUEUE_SIZE, QUEUE_SIZE, QUEUE_SIZE, QUEUE_SIZE};
    }

    @Override
    protected byte[] config() {
        return config;
    }

    @Override
    protected void writeConfig(int offset, byte value) {
        if (offset >= ACTUAL && offset < CONFIG_LENGTH) {
            config[offset] = value;
            actualPages = Integer.toUnsignedLong(LittleEndian.get32(config, ACTUAL));
        }
    }

    /** Asks for a size. */
    public void target(long bytes) {
        LittleEndian.put32(config, 0, Math.clamp(bytes >> PAGE_SHIFT, 0, Integer.MAX_VALUE));
        transport().configChanged();
    }

    /** Bytes that the guest says it gave. On any thread. */
    public long ballooned() {
        return actualPages << PAGE_SHIFT;
    }

    /** What the guest said of its memory last, −1 if nothing. On any thread. */
    public long statistic(Statistic which) {
        long[] known = published;
        return known == null ? -1 : known[which.tag];
    }

    /** Asks for new statistics. */
    public void refreshStatistics() {
        transport().run(() -> {
            DescriptorChain chain = held;
            if (chain != null) {
                held = null;
                transport().queue(STATISTICS).push(chain, 0);
                transport().usedBuffers(transport().queue(STATISTICS));
            }
        });
    }

    @Override
    protected void notified(int index) {
        Virtqueue queue = transport().queue(index);
        for (DescriptorChain chain = queue.pop(); chain != null; chain = queue.pop()) {
            if (index == STATISTICS) {
                takeStatistics(queue, chain);
                continue; // the buffer stays here until somebody wants to know
            }
            if (index == INFLATE) {
                inflate(chain);
            } else if (index == REPORTING) {
                GuestMemory memory = transport().memory();
                chain.forEachWritable(memory::discard);
            }
            queue.push(chain, 0);
        }
        transport().usedBuffers(queue);
    }

    private void inflate(DescriptorChain chain) {
        int length = (int) Math.min(chain.readableBytes(), 4L * MAX_PAGES) & -4;
        byte[] numbers = new byte[length];
        chain.read(0, numbers, 0, length);
        for (int at = 0; at < length; at += 4) {
            long page = Integer.toUnsignedLong(LittleEndian.get32(numbers, at));
            transport().memory().discard(page << PAGE_SHIFT, 1L << PAGE_SHIFT);
        }
    }

    private void takeStatistics(Virtqueue queue, DescriptorChain chain) {
        int length = (int) Math.min(chain.readableBytes(), MAX_STATISTICS);
        byte[] values = new byte[length];
        chain.read(0, values, 0, length);
        for (int at = 0; at + STATISTIC_BYTES <= length; at += STATISTIC_BYTES) {
            int tag = LittleEndian.get16(values, at);
            if (tag < STATISTIC_COUNT) {
                statistics[tag] = Math.max(0, LittleEndian.get64(values, at + 2));
            }
        }
        published = statistics.clone();
        DescriptorChain before = held;
        if (before != null) {
            queue.push(before, 0); // two at once: none of a driver that we know
        }
        held = chain;
    }

    @Override
    protected void reset() {
        Arrays.fill(config, (byte) 0);
        Arrays.fill(statistics, 0);
        published = null;
        actualPages = 0;
        held = null;
    }

    @Override
    protected void quiesce() {
        refreshStatistics(); // a saved queue must have nothing under way
    }

    @Override
    protected void save(StateWriter out) {
        out.version(STATE_VERSION).blob(config);
    }

    @Override
    protected void load(StateReader in) {
        in.version(STATE_VERSION);
        byte[] saved = in.blob();
        System.arraycopy(saved, 0, config, 0, Math.min(saved.length, CONFIG_LENGTH));
        actualPages = Integer.toUnsignedLong(LittleEndian.get32(config, ACTUAL));
    }
}
