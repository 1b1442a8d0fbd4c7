package oriel.hypervisor.device.input;

import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/** The bounded output buffer of a PS/2 device. */
final class ByteQueue {
    private final byte[] bytes;
    private int head;
    private int count;

    /** A queue of a capacity, a power of two. */
    ByteQueue(int capacity) {
        bytes = new byte[capacity];
    }

    int size() {
        return count;
    }

    int room() {
        return bytes.length - count;
    }

    /** Appends; what doesn't fit is dropped. */
    void add(int... values) {
        for (int value : values) {
            if (count < bytes.length) {
                bytes[head + count & bytes.length - 1] = (byte) value;
                count++;
            }
        }
    }

    /** Takes the oldest byte, or -1. */
    int take() {
        if (count == 0) {
            return -1;
        }
        int value = bytes[head] & 0xFF;
        head = head + 1 & bytes.length - 1;
        count--;
        return value;
    }

    void clear() {
        head = 0;
        count = 0;
    }

    void save(StateWriter out) {
        byte[] saved = new byte[count];
        for (int i = 0; i < count; i++) {
            saved[i] = bytes[head + i & bytes.length - 1];
        }
        out.blob(saved);
    }

    void load(StateReader in) {
        clear();
        for (byte value : in.blob()) {
            add(value & 0xFF);
        }
    }
}
