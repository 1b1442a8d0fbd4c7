package oriel.hypervisor.device.pci;

import java.util.Arrays;
import java.util.BitSet;
import oriel.hypervisor.bus.Mmio;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * MSI-X table and pending bits of a function (PCI Local Bus 3.0 §6.8.2), in one page: table at 0, pending bits at
 * {@link #PENDING_OFFSET}. A vector that fires while masked stays pending and is delivered when it is unmasked.
 */
final class MsixTable implements Mmio {
    static final int SIZE = 0x1000;
    static final int PENDING_OFFSET = 0x800;
    static final int MAX_VECTORS = PENDING_OFFSET / 16;

    private static final int DATA = 2;
    private static final int CONTROL = 3;

    /** Delivers a message, if the function may master the bus. */
    interface Sender {
        void send(long address, int data);
    }

    private final int[] words;
    private final BitSet pending = new BitSet();
    private final Sender sender;
    private boolean enabled;
    private boolean functionMasked;

    MsixTable(int vectors, Sender sender) {
        if (vectors < 1 || vectors > MAX_VECTORS) {
            throw new IllegalArgumentException(vectors + " MSI-X vectors");
        }
        this.words = new int[vectors * 4];
        this.sender = sender;
        reset();
    }

    int vectors() {
        return words.length / 4;
    }

    boolean enabled() {
        return enabled;
    }

    void reset() {
        enabled = false;
        functionMasked = false;
        pending.clear();
        Arrays.fill(words, 0);
        for (int vector = 0; vector < vectors(); vector++) {
            words[vector * 4 + CONTROL] = 1;
        }
    }

    /** The guest wrote Message Control. */
    void control(boolean enable, boolean mask) {
        enabled = enable;
        functionMasked = mask;
        deliverPending();
    }

    /** Fires a vector; out-of-range vectors (VIRTIO_MSI_NO_VECTOR) are silent. */
    void trigger(int vector) {
        if (!enabled || vector < 0 || vector >= vectors()) {
            return;
        }
        if (masked(vector)) {
            pending.set(vector);
        } else {
            send(vector);
        }
    }

    private boolean masked(int vector) {
        return functionMasked || (words[vector * 4 + CONTROL] & 1) != 0;
    }

    private void send(int vector) {
        long address = (words[vector * 4] & 0xFFFF_FFFCL) | (long) words[vector * 4 + 1] << 32;
        sender.send(address, words[vector * 4 + DATA]);
    }

    private void deliverPending() {
        if (!enabled) {
            return;
        }
        for (int vector = pending.nextSetBit(0); vector >= 0; vector = pending.nextSetBit(vector + 1)) {
            if (!masked(vector)) {
                pending.clear(vector);
                send(vector);
            }
        }
    }

    @Override
    public long readMmio(long offset, int size) {
        if (size == 8) {
            return (word(offset) & 0xFFFF_FFFFL) | (long) word(offset + 4) << 32;
        }
        return (word(offset & ~3L) >>> (8 * (offset & 3))) & 0xFFFF_FFFFL >>> (32 - 8 * size);
    }

    private int word(long offset) {
        if ((offset & 3) != 0) {
            return 0;
        }
        if (offset < words.length * 4L) {
            return words[(int) offset / 4];
        }
        if (offset >= PENDING_OFFSET && offset < PENDING_OFFSET + MAX_VECTORS / 8) {
            int first = (int) (offset - PENDING_OFFSET) * 8;
            int bits = 0;
            for (int i = 0; i < 32; i++) {
                bits |= pending.get(first + i) ? 1 << i : 0;
            }
            return bits;
        }
        return 0;
    }

    @Override
    public void writeMmio(long offset, int size, long value) {
        // PCI 3.0 §6.8.2: software accesses the table with aligned 32- and 64-bit operations only.
        if (size < 4 || (offset & (size - 1)) != 0 || offset + size > words.length * 4L) {
            return;
        }
        for (int part = 0; part < size / 4; part++) {
            int index = (int) offset / 4 + part;
            int word = (int) (value >>> (32 * part));
            words[index] = index % 4 == CONTROL ? word & 1 : word;
        }
        deliverPending();
    }

    void save(StateWriter out) {
        out.i32(words.length);
        for (int word : words) {
            out.i32(word);
        }
        out.blob(pending.toByteArray());
    }

    void load(StateReader in, boolean enable, boolean mask) {
        if (in.i32() != words.length) {
            throw new StateException("saved MSI-X table has another number of vectors");
        }
        for (int i = 0; i < words.length; i++) {
            words[i] = in.i32();
        }
        BitSet saved = BitSet.valueOf(in.blob());
        saved.clear(vectors(), Math.max(vectors(), saved.length()));
        pending.clear();
        pending.or(saved);
        enabled = enable;
        functionMasked = mask;
    }
}
