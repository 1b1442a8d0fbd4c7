package oriel.displayd.rfb;

import java.util.Arrays;

/** Bytes on their way to a client: a growing array with big-endian writers. Not thread-safe; reused. */
public final class WireBuffer {
    private byte[] bytes;
    private int size;

    /** @param capacity first size of the array */
    public WireBuffer(int capacity) {
        bytes = new byte[capacity];
    }

    /** Bytes written since the last {@link #clear}. */
    public int size() {
        return size;
    }

    /** The array behind, valid up to {@link #size} and until the next write. */
    public byte[] array() {
        return bytes;
    }

    /** Forgets what was written; an array that had grown beyond {@code keep} is given back. */
    public void clear(int keep) {
        size = 0;
        if (bytes.length > keep) {
            bytes = new byte[keep];
        }
    }

    /** Forgets what was written. */
    public void clear() {
        size = 0;
    }

    /** A copy of what was written. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    /** Makes room for {@code more} bytes that are written straight into {@link #array} and confirmed by {@link #advance}. */
    public void reserve(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(size + more, bytes.length * 2));
        }
    }

    /** Confirms bytes written into the array. */
    public void advance(int count) {
        size += count;
    }

    /** An unsigned byte. */
    public WireBuffer u8(int value) {
        reserve(1);
        bytes[size++] = (byte) value;
        return this;
    }

    /** An unsigned 16-bit number. */
    public WireBuffer u16(int value) {
        reserve(2);
        bytes[size++] = (byte) (value >>> 8);
        bytes[size++] = (byte) value;
        return this;
    }

    /** A 32-bit number. */
    public WireBuffer u32(int value) {
        reserve(4);
        putU32(size, value);
        size += 4;
        return this;
    }

    /** Overwrites a 32-bit number written before. */
    public void putU32(int at, int value) {
        bytes[at] = (byte) (value >>> 24);
        bytes[at + 1] = (byte) (value >>> 16);
        bytes[at + 2] = (byte) (value >>> 8);
        bytes[at + 3] = (byte) value;
    }

    /** Overwrites a byte written before. */
    public void putU8(int at, int value) {
        bytes[at] = (byte) value;
    }

    /** Drops everything from {@code at} on. */
    public void truncate(int at) {
        size = at;
    }

    /** Zero bytes. */
    public WireBuffer zeros(int count) {
        reserve(count);
        Arrays.fill(bytes, size, size + count, (byte) 0);
        size += count;
        return this;
    }

    /** All bytes of an array. */
    public WireBuffer bytes(byte[] from) {
        return bytes(from, 0, from.length);
    }

    /** Some bytes of an array. */
    public WireBuffer bytes(byte[] from, int offset, int length) {
        reserve(length);
        System.arraycopy(from, offset, bytes, size, length);
        size += length;
        return this;
    }
}
