package oriel.hypervisor.device.virtio;

import java.util.Arrays;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.GuestMemoryException;

/**
 * A request of the driver: buffers that the device reads, then buffers that it writes (virtio 1.2 §2.7.4.2). Addresses
 * and lengths are the guest's: {@link GuestMemory} checks each when it is used. Confined to the machine's thread.
 */
public final class DescriptorChain {
    private final GuestMemory memory;
    private final int head;
    private long[] addresses = new long[4];
    private int[] lengths = new int[4]; // unsigned
    private int count;
    private int readableCount;
    private long readableBytes;
    private long writableBytes;

    DescriptorChain(GuestMemory memory, int head) {
        this.memory = memory;
        this.head = head;
    }

    void add(long address, int length, boolean writable) {
        if (!writable && count > readableCount) {
            throw new VirtioException("a device-readable descriptor follows a device-writable one");
        }
        if (count == addresses.length) {
            addresses = Arrays.copyOf(addresses, 2 * count);
            lengths = Arrays.copyOf(lengths, 2 * count);
        }
        addresses[count] = address;
        lengths[count] = length;
        count++;
        if (writable) {
            writableBytes += Integer.toUnsignedLong(length);
        } else {
            readableCount++;
            readableBytes += Integer.toUnsignedLong(length);
        }
    }

    /** Index of its first descriptor: what the used ring names it by. */
    public int head() {
        return head;
    }

    /** Number of descriptors. */
    public int descriptors() {
        return count;
    }

    /** Bytes that the device may read. */
    public long readableBytes() {
        return readableBytes;
    }

    /** Bytes that the device may write. */
    public long writableBytes() {
        return writableBytes;
    }

    /**
     * Reads from the readable part.
     *
     * @param offset in bytes from its start
     * @throws IndexOutOfBoundsException if the part is shorter; check {@link #readableBytes} first
     * @throws GuestMemoryException if a buffer isn't in memory
     */
    public void read(long offset, byte[] to, int at, int length) {
        copy(0, readableCount, offset, to, at, length, false);
    }

    /**
     * Writes to the writable part.
     *
     * @param offset in bytes from its start
     * @throws IndexOutOfBoundsException if the part is shorter; check {@link #writableBytes} first
     * @throws GuestMemoryException if a buffer isn't in memory
     */
    public void write(long offset, byte[] from, int at, int length) {
        copy(readableCount, count, offset, from, at, length, true);
    }

    /** Takes a buffer as it is: guest physical address and length in bytes, neither of them checked. */
    @FunctionalInterface
    interface Range {
        void at(long address, long length);
    }

    /** Names each buffer of the writable part. */
    void forEachWritable(Range range) {
        for (int i = readableCount; i < count; i++) {
            range.at(addresses[i], Integer.toUnsignedLong(lengths[i]));
        }
    }

    private void copy(int first, int end, long offset, byte[] bytes, int at, int length, boolean toGuest) {
        for (int i = first; i < end && length > 0; i++) {
            long size = Integer.toUnsignedLong(lengths[i]);
            if (offset >= size) {
                offset -= size;
                continue;
            }
            int part = (int) Math.min(length, size - offset);
            if (toGuest) {
                memory.write(addresses[i] + offset, bytes, at, part);
            } else {
                memory.read(addresses[i] + offset, bytes, at, part);
            }
            offset = 0;
            at += part;
            length -= part;
        }
        if (length > 0) {
            throw new IndexOutOfBoundsException("descriptor chain is " + length + " bytes too short");
        }
    }
}
