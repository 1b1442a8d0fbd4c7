package oriel.hypervisor.device.virtio;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** A small modern virtio driver that sees only what a guest sees: configuration ports, MMIO and its memory. */
final class FakeDriver {
    private static final int QUEUE_AREA = 0x10_0000;
    private static final int QUEUE_STRIDE = 0x1_0000;
    private static final int BUFFERS = 0x40_0000;

    final TestMachine machine;
    private final Map<Integer, Long> structures = new HashMap<>();
    private final Map<Integer, Ring> rings = new HashMap<>();
    private int notifyMultiplier;
    private long nextBuffer = BUFFERS;
    long features;

    FakeDriver(TestMachine machine) {
        this.machine = machine;
        int capability = config(0x34, 1);
        while (capability != 0) {
            if (config(capability, 1) == 9) {
                int type = config(capability + 3, 1);
                int bar = config(capability + 4, 1);
                long base = config(0x10 + 4 * bar, 4) & 0xFFFF_FFF0L;
                structures.put(type, base + (config(capability + 8, 4) & 0xFFFF_FFFFL));
                if (type == 2) {
                    notifyMultiplier = config(capability + 16, 4);
                }
            }
            capability = config(capability + 1, 1);
        }
    }

    int config(int offset, int size) {
        return machine.ports.read(TestMachine.SLOT, offset, size);
    }

    void setConfig(int offset, int size, int value) {
        machine.ports.write(TestMachine.SLOT, offset, size, value);
    }

    long common(int offset, int size) {
        return machine.io.readMmio(structures.get(1) + offset, size);
    }

    void setCommon(int offset, int size, long value) {
        machine.io.writeMmio(structures.get(1) + offset, size, value);
    }

    long deviceConfig(int offset, int size) {
        return machine.io.readMmio(structures.get(4) + offset, size);
    }

    void setDeviceConfig(int offset, int value) {
        machine.io.writeMmio(structures.get(4) + offset, 1, value);
    }

    int status() {
        return (int) common(20, 1);
    }

    int isr() {
        return (int) machine.io.readMmio(structures.get(3), 1);
    }

    boolean needsReset() {
        return (status() & 64) != 0;
    }

    long offeredFeatures() {
        setCommon(0, 4, 0);
        long low = common(4, 4);
        setCommon(0, 4, 1);
        return low | common(4, 4) << 32;
    }

    /** Accepts all features but {@code without}. */
    FakeDriver start(long without) {
        negotiate(offeredFeatures() & ~without);
        int queues = (int) common(18, 2);
        for (int queue = 0; queue < queues; queue++) {
            enable(queue, 0);
        }
        setCommon(20, 1, 1 | 2 | 8 | 4);
        return this;
    }

    FakeDriver start() {
        return start(0);
    }

    void negotiate(long accept) {
        setCommon(20, 1, 0);
        setConfig(4, 2, 7);
        setCommon(20, 1, 1);
        setCommon(20, 1, 1 | 2);
        setCommon(8, 4, 0);
        setCommon(12, 4, accept & 0xFFFF_FFFFL);
        setCommon(8, 4, 1);
        setCommon(12, 4, accept >>> 32);
        features = accept;
        setCommon(20, 1, 1 | 2 | 8);
    }

    Ring enable(int queue, int size) {
        setCommon(22, 2, queue);
        if (size != 0) {
            setCommon(24, 2, size);
        }
        Ring ring = new Ring(queue, (int) common(24, 2));
        rings.put(queue, ring);
        setCommon(32, 4, ring.table);
        setCommon(36, 4, 0);
        setCommon(40, 8, ring.avail);
        setCommon(48, 4, ring.used);
        setCommon(26, 2, queue + 1);
        setCommon(28, 2, 1);
        return ring;
    }

    Ring ring(int queue) {
        return rings.get(queue);
    }

    void kick(int queue) {
        machine.io.writeMmio(structures.get(2) + (long) queue * notifyMultiplier, 2, queue);
    }

    /** Space for a buffer. */
    long buffer(int size) {
        long at = nextBuffer;
        nextBuffer += size + 63 & -64;
        return at;
    }

    long buffer(byte[] content) {
        long at = buffer(content.length);
        machine.memory.write(at, content, 0, content.length);
        return at;
    }

    byte[] bytes(long at, int length) {
        byte[] bytes = new byte[length];
        machine.memory.read(at, bytes, 0, length);
        return bytes;
    }

    /** A buffer of a request. */
    record Part(long address, int length, boolean writable) {}

    /** The driver's side of a split queue. */
    final class Ring {
        final int queue;
        final int size;
        final long table;
        final long avail;
        final long used;
        private int nextDescriptor;
        int availIndex;
        private int usedIndex;

        Ring(int queue, int size) {
            this.queue = queue;
            this.size = size;
            table = QUEUE_AREA + (long) queue * QUEUE_STRIDE;
            avail = table + 16L * size;
            used = avail + 6 + 2L * size + 4095 & -4096;
            machine.memory.write(avail, new byte[6 + 2 * size], 0, 6 + 2 * size);
            machine.memory.write(used, new byte[6 + 8 * size], 0, 6 + 8 * size);
        }

        void descriptor(long inTable, int index, long address, int length, int flags, int next) {
            machine.memory.write(inTable + 16L * index, 8, address);
            machine.memory.write(inTable + 16L * index + 8, 4, length);
            machine.memory.write(inTable + 16L * index + 12, 2, flags);
            machine.memory.write(inTable + 16L * index + 14, 2, next);
        }

        int add(Part... parts) {
            int head = nextDescriptor;
            for (int i = 0; i < parts.length; i++) {
                int at = nextDescriptor;
                nextDescriptor = (nextDescriptor + 1) % size;
                boolean last = i == parts.length - 1;
                int flags = (parts[i].writable ? 2 : 0) | (last ? 0 : 1);
                descriptor(table, at, parts[i].address, parts[i].length, flags, last ? 0 : nextDescriptor);
            }
            offer(head);
            return head;
        }

        int addIndirect(Part... parts) {
            long indirect = buffer(16 * parts.length);
            for (int i = 0; i < parts.length; i++) {
                boolean last = i == parts.length - 1;
                int flags = (parts[i].writable ? 2 : 0) | (last ? 0 : 1);
                descriptor(indirect, i, parts[i].address, parts[i].length, flags, last ? 0 : i + 1);
            }
            int head = nextDescriptor;
            nextDescriptor = (nextDescriptor + 1) % size;
            descriptor(table, head, indirect, 16 * parts.length, 4, 0);
            offer(head);
            return head;
        }

        void offer(int head) {
            machine.memory.write(avail + 4 + 2L * (availIndex % size), 2, head);
            availIndex = availIndex + 1 & 0xFFFF;
            machine.memory.write(avail + 2, 2, availIndex);
        }

        void setUsedEvent(int index) {
            machine.memory.write(avail + 4 + 2L * size, 2, index);
        }

        int availEvent() {
            return (int) machine.memory.read(used + 4 + 8L * size, 2);
        }

        /** Completed requests since the last call: head → bytes written. */
        Map<Integer, Integer> takeUsed() {
            Map<Integer, Integer> done = new LinkedHashMap<>();
            int now = (int) machine.memory.read(used + 2, 2);
            while (usedIndex != now) {
                long entry = used + 4 + 8L * (usedIndex % size);
                done.put((int) machine.memory.read(entry, 4), (int) machine.memory.read(entry + 4, 4));
                usedIndex = usedIndex + 1 & 0xFFFF;
            }
            return done;
        }
    }
}
