package oriel.hypervisor.device.virtio;

import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/** The common configuration structure (virtio 1.2 §4.1.4.3). */
final class CommonConfig {
    private static final int DEVICE_FEATURE_SELECT = 0;
    private static final int DEVICE_FEATURE = 4;
    private static final int DRIVER_FEATURE_SELECT = 8;
    private static final int DRIVER_FEATURE = 12;
    private static final int CONFIG_VECTOR = 16;
    private static final int NUM_QUEUES = 18;
    private static final int STATUS = 20;
    private static final int GENERATION = 21;
    private static final int QUEUE_SELECT = 22;
    private static final int QUEUE_SIZE = 24;
    private static final int QUEUE_VECTOR = 26;
    private static final int QUEUE_ENABLE = 28;
    private static final int QUEUE_NOTIFY_OFF = 30;
    private static final int QUEUE_DESC = 32;
    private static final int QUEUE_DRIVER = 40;
    private static final int QUEUE_DEVICE = 48;

    private final VirtioPci transport;
    private final DeviceStatus status;
    private final Virtqueue[] queues;
    private int deviceFeatureSelect;
    private int driverFeatureSelect;
    private int queueSelect;

    CommonConfig(VirtioPci transport, DeviceStatus status, Virtqueue[] queues) {
        this.transport = transport;
        this.status = status;
        this.queues = queues;
    }

    void reset() {
        deviceFeatureSelect = 0;
        driverFeatureSelect = 0;
        queueSelect = 0;
    }

    private @Nullable Virtqueue selected() {
        return queueSelect < queues.length ? queues[queueSelect] : null;
    }

    long read(int offset, int size) {
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = value << 8 | readByte(offset + i);
        }
        return value;
    }

    /** Any access is allowed: the value of the field that a byte belongs to, shifted to that byte. */
    private long readByte(int offset) {
        int field = fieldAt(offset);
        return field < 0 ? 0 : field(field) >>> (8 * (offset - field)) & 0xFF;
    }

    private static int fieldAt(int offset) {
        if (offset < CONFIG_VECTOR) {
            return offset & ~3;
        } else if (offset == STATUS || offset == GENERATION) {
            return offset;
        } else if (offset < QUEUE_DESC) {
            return offset & ~1;
        }
        return offset < QUEUE_DEVICE + 8 ? offset & ~7 : -1;
    }

    private long field(int field) {
        Virtqueue queue = selected();
        return switch (field) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect;
            case DEVICE_FEATURE -> status.offered(deviceFeatureSelect);
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect;
            case DRIVER_FEATURE -> status.accepted(driverFeatureSelect);
            case CONFIG_VECTOR -> transport.configVector();
            case NUM_QUEUES -> queues.length;
            case STATUS -> status.read();
            case GENERATION -> transport.generation();
            case QUEUE_SELECT -> queueSelect;
            case QUEUE_SIZE -> queue == null ? 0 : queue.size();
            case QUEUE_VECTOR -> queue == null ? 0xFFFF : queue.vector();
            case QUEUE_ENABLE -> queue != null && queue.enabled() ? 1 : 0;
            case QUEUE_NOTIFY_OFF -> queueSelect;
            case QUEUE_DESC -> queue == null ? 0 : queue.descriptorTable();
            case QUEUE_DRIVER -> queue == null ? 0 : queue.availRing();
            case QUEUE_DEVICE -> queue == null ? 0 : queue.usedRing();
            default -> 0;
        };
    }

    /** Fields are written whole; the 64-bit ones also as two halves (§4.1.3.1). Anything else is ignored. */
    void write(int offset, int size, long value) {
        int field = fieldAt(offset);
        if (field >= QUEUE_DESC && offset + size <= field + 8 && (size == 8 || size == 4 && offset % 4 == 0)) {
            writeAddress(field, size, offset - field, value);
            return;
        }
        int width = field < CONFIG_VECTOR ? 4 : field == STATUS ? 1 : 2;
        if (field == offset && size == width) {
            writeField(field, (int) value);
        }
    }

    private void writeField(int field, int value) {
        Virtqueue queue = selected();
        switch (field) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = value;
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect = value;
            case DRIVER_FEATURE -> status.accept(driverFeatureSelect, value);
            case CONFIG_VECTOR -> transport.setConfigVector(value & 0xFFFF);
            case STATUS -> transport.writeStatus(value & 0xFF);
            case QUEUE_SELECT -> queueSelect = value & 0xFFFF;
            case QUEUE_SIZE -> {
                if (queue != null) {
                    queue.setSize(value & 0xFFFF);
                }
            }
            case QUEUE_VECTOR -> {
                if (queue != null) {
                    queue.setVector(transport.validVector(value & 0xFFFF));
                }
            }
            case QUEUE_ENABLE -> {
                if (queue != null && !queue.enabled() && (value & 0xFFFF) == 1) {
                    transport.enableQueue(queue);
                }
            }
            default -> {} // read-only
        }
    }

    private void writeAddress(int field, int size, int at, long value) {
        Virtqueue queue = selected();
        if (queue == null) {
            return;
        }
        long address = value;
        if (size == 4) {
            int shift = 8 * at;
            address = (field(field) & ~(0xFFFF_FFFFL << shift)) | (value & 0xFFFF_FFFFL) << shift;
        }
        switch (field) {
            case QUEUE_DESC -> queue.setDescriptorTable(address);
            case QUEUE_DRIVER -> queue.setAvailRing(address);
            default -> queue.setUsedRing(address);
        }
    }

    void save(StateWriter out) {
        out.i32(deviceFeatureSelect).i32(driverFeatureSelect).u16(queueSelect);
    }

    void load(StateReader in) {
        deviceFeatureSelect = in.i32();
        driverFeatureSelect = in.i32();
        queueSelect = in.u16();
    }
}
