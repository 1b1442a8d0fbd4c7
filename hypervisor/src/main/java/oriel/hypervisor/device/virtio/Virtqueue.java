package oriel.hypervisor.device.virtio;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.memory.GuestMemory;

/**
 * The device's side of a split virtqueue (virtio 1.2 §2.7), with indirect descriptors and event indexes. Everything in
 * guest memory may change or lie at any time: each value is read once and checked. Confined to the machine's thread.
 */
public final class Virtqueue {
    /** Bound on one chain, indirect descriptors included: more is a broken driver. */
    static final int MAX_CHAIN = 1024;

    private static final int DESCRIPTOR_SIZE = 16;
    private static final int FLAG_NEXT = 1;
    private static final int FLAG_WRITE = 2;
    private static final int FLAG_INDIRECT = 4;
    private static final int AVAIL_NO_INTERRUPT = 1;

    private final GuestMemory memory;
    private final int index;
    private final int maxSize;

    private int size;
    private boolean enabled;
    private long descriptorTable;
    private long availRing;
    private long usedRing;
    private int vector = 0xFFFF;
    private boolean indirect;
    private boolean eventIndex;
    private int nextAvail; // free-running, 16 bits
    private int nextUsed; // free-running, 16 bits
    private int signalledUsed; // nextUsed when the driver was last considered for an interrupt
    private int outstanding; // popped, not yet pushed

    Virtqueue(GuestMemory memory, int index, int maxSize) {
        this.memory = memory;
        this.index = index;
        this.maxSize = maxSize;
        reset();
    }

    void reset() {
        size = maxSize;
        enabled = false;
        descriptorTable = 0;
        availRing = 0;
        usedRing = 0;
        vector = 0xFFFF;
        nextAvail = 0;
        nextUsed = 0;
        signalledUsed = 0;
        outstanding = 0;
    }

    /** Which of the device's queues it is. */
    public int index() {
        return index;
    }

    /** Whether the driver set it up. */
    public boolean enabled() {
        return enabled;
    }

    /** Entries. */
    public int size() {
        return size;
    }

    int maxSize() {
        return maxSize;
    }

    int vector() {
        return vector;
    }

    void setVector(int vector) {
        this.vector = vector;
    }

    void setSize(int size) {
        if (!enabled) {
            this.size = size;
        }
    }

    long descriptorTable() {
        return descriptorTable;
    }

    long availRing() {
        return availRing;
    }

    long usedRing() {
        return usedRing;
    }

    void setDescriptorTable(long address) {
        if (!enabled) {
            descriptorTable = address;
        }
    }

    void setAvailRing(long address) {
        if (!enabled) {
            availRing = address;
        }
    }

    void setUsedRing(long address) {
        if (!enabled) {
            usedRing = address;
        }
    }

    /** The driver enables the queue, with the features it negotiated. */
    void enable(boolean withIndirect, boolean withEventIndex) {
        if (size < 1 || size > maxSize || Integer.bitCount(size) != 1) {
            throw new VirtioException(
                    "queue %d has size %d; a power of two up to %d is allowed".formatted(index, size, maxSize));
        }
        // virtio 1.2 §2.7: alignment of the three parts
        if ((descriptorTable & 15) != 0 || (availRing & 1) != 0 || (usedRing & 3) != 0) {
            throw new VirtioException("queue " + index + " has misaligned rings");
        }
        checkMemory(descriptorTable, (long) DESCRIPTOR_SIZE * size, "descriptor table");
        checkMemory(availRing, 6 + 2L * size, "available ring");
        checkMemory(usedRing, 6 + 8L * size, "used ring");
        indirect = withIndirect;
        eventIndex = withEventIndex;
        enabled = true;
    }

    private void checkMemory(long start, long length, String what) {
        for (long page = start & -4096L; page - (start + length) < 0; page += 4096) {
            if (!memory.isMemory(page)) {
                throw new VirtioException("the %s of queue %d at 0x%x isn't in memory".formatted(what, index, start));
            }
        }
    }

    /**
     * Takes the next request.
     *
     * @return null if the driver has made none available; it will then notify when it does
     * @throws VirtioException if the driver broke the protocol
     */
    public @Nullable DescriptorChain pop() {
        if (!enabled || !hasAvailable()) {
            return null;
        }
        VarHandle.acquireFence(); // the ring entry is valid only after the index was seen
        int head = u16(availRing + 4 + 2L * (nextAvail & (size - 1)));
        if (head >= size) {
            throw new VirtioException("queue %d: available descriptor %d of %d".formatted(index, head, size));
        }
        if (outstanding >= size) {
            throw new VirtioException("queue " + index + ": more requests in flight than descriptors");
        }
        DescriptorChain chain = new DescriptorChain(memory, head);
        walk(chain, descriptorTable, size, head, indirect);
        nextAvail = nextAvail + 1 & 0xFFFF;
        outstanding++;
        return chain;
    }

    /** Whether {@link #pop} would find a request; if not, asks the driver to notify. */
    private boolean hasAvailable() {
        int waiting = waiting();
        if (waiting == 0 && eventIndex) {
            memory.write(usedRing + 4 + 8L * size, 2, nextAvail); // avail_event (§2.7.10)
            VarHandle.fullFence(); // the driver may have added one before it saw the event index
            waiting = waiting();
        }
        return waiting != 0;
    }

    private int waiting() {
        int waiting = u16(availRing + 2) - nextAvail & 0xFFFF;
        if (waiting > size) {
            throw new VirtioException("queue %d: available index runs %d ahead".formatted(index, waiting));
        }
        return waiting;
    }

    private void walk(DescriptorChain chain, long table, int tableSize, int first, boolean mayBeIndirect) {
        int at = first;
        // A chain that is longer than its table has a loop.
        for (int seen = 0; ; seen++) {
            if (seen >= tableSize || chain.descriptors() >= MAX_CHAIN) {
                throw new VirtioException("queue " + index + ": descriptor chain has a loop or is too long");
            }
            long entry = table + (long) DESCRIPTOR_SIZE * at;
            long address = memory.read(entry, 8);
            long word = memory.read(entry + 8, 8);
            int length = (int) word;
            int flags = (int) (word >>> 32) & 0xFFFF;
            int next = (int) (word >>> 48);
            if ((flags & FLAG_INDIRECT) != 0) {
                if (!mayBeIndirect || (flags & FLAG_NEXT) != 0) { // §2.7.5.3.1
                    throw new VirtioException("queue " + index + ": indirect descriptor where none is allowed");
                }
                long entries = Integer.toUnsignedLong(length) / DESCRIPTOR_SIZE;
                if (length % DESCRIPTOR_SIZE != 0 || entries == 0 || entries > MAX_CHAIN) {
                    throw new VirtioException(
                            "queue %d: indirect table of %s bytes".formatted(index, Integer.toUnsignedString(length)));
                }
                walk(chain, address, (int) entries, 0, false);
                return;
            }
            chain.add(address, length, (flags & FLAG_WRITE) != 0);
            if ((flags & FLAG_NEXT) == 0) {
                return;
            }
            if (next >= tableSize) {
                throw new VirtioException("queue %d: next descriptor %d of %d".formatted(index, next, tableSize));
            }
            at = next;
        }
    }

    /**
     * Gives a request back.
     *
     * @param written bytes written to it
     */
    public void push(DescriptorChain chain, int written) {
        push(chain.head(), written);
    }

    private void push(int head, int written) {
        long entry = usedRing + 4 + 8L * (nextUsed & (size - 1));
        memory.write(entry, 8, Integer.toUnsignedLong(head) | (long) written << 32);
        VarHandle.releaseFence(); // the entry before the index
        nextUsed = nextUsed + 1 & 0xFFFF;
        memory.write(usedRing + 2, 2, nextUsed);
        outstanding--;
    }

    /** Whether the driver wants an interrupt for what was pushed since the last call (§2.7.7). */
    boolean takeInterruptNeeded() {
        if (!enabled || signalledUsed == nextUsed) {
            return false;
        }
        VarHandle.fullFence(); // the used index before the driver's wish
        int before = signalledUsed;
        signalledUsed = nextUsed;
        if (!eventIndex) {
            return (u16(availRing) & AVAIL_NO_INTERRUPT) == 0;
        }
        int usedEvent = u16(availRing + 4 + 2L * size);
        return (nextUsed - usedEvent - 1 & 0xFFFF) < (nextUsed - before & 0xFFFF);
    }

    private int u16(long address) {
        return (int) memory.read(address, 2);
    }

    void save(StateWriter out) {
        out.u16(size).bool(enabled).i64(descriptorTable).i64(availRing).i64(usedRing);
        out.u16(vector).bool(indirect).bool(eventIndex);
        out.u16(nextAvail).u16(nextUsed).u16(signalledUsed).u16(outstanding);
    }

    void load(StateReader in) {
        size = in.u16();
        enabled = in.bool();
        descriptorTable = in.i64();
        availRing = in.i64();
        usedRing = in.i64();
        vector = in.u16();
        indirect = in.bool();
        eventIndex = in.bool();
        nextAvail = in.u16();
        nextUsed = in.u16();
        signalledUsed = in.u16();
        outstanding = in.u16();
        if (enabled && (size < 1 || size > maxSize || Integer.bitCount(size) != 1 || outstanding > size)) {
            throw new StateException("saved virtqueue " + index + " has size " + size);
        }
    }
}
