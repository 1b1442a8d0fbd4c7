package oriel.hypervisor.device.virtio;

import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/** Device status and feature negotiation (virtio 1.2 §2.1, §2.2). */
final class DeviceStatus {
    static final int F_INDIRECT_DESC = 28;
    static final int F_EVENT_IDX = 29;
    static final int F_VERSION_1 = 32;

    static final int DRIVER_OK = 4;
    static final int FEATURES_OK = 8;
    static final int NEEDS_RESET = 64;
    private static final int DRIVER_BITS = 1 | 2 | DRIVER_OK | FEATURES_OK | 128;

    private final long offered;
    private long accepted;
    private int status;

    DeviceStatus(long deviceFeatures) {
        offered = deviceFeatures | 1L << F_INDIRECT_DESC | 1L << F_EVENT_IDX | 1L << F_VERSION_1;
    }

    void reset() {
        accepted = 0;
        status = 0;
    }

    int read() {
        return status;
    }

    /** Status bits are only ever added; 0, a reset, is the transport's to handle. */
    void write(int value) {
        int added = value & DRIVER_BITS & ~status;
        if ((added & FEATURES_OK) != 0 && !acceptable()) {
            added &= ~FEATURES_OK; // the driver reads it back and gives up (§3.1.1 step 6)
        }
        if ((added & DRIVER_OK) != 0 && ((status | added) & FEATURES_OK) == 0) {
            added &= ~DRIVER_OK;
        }
        status |= added;
    }

    private boolean acceptable() {
        return (accepted & ~offered) == 0 && (accepted & 1L << F_VERSION_1) != 0;
    }

    boolean driverOk() {
        return (status & DRIVER_OK) != 0;
    }

    boolean needsReset() {
        return (status & NEEDS_RESET) != 0;
    }

    void setNeedsReset() {
        status |= NEEDS_RESET;
    }

    /** Whether the driver accepted a feature, final once FEATURES_OK is set. */
    boolean negotiated(int feature) {
        return (status & FEATURES_OK) != 0 && (accepted & 1L << feature) != 0;
    }

    int offered(int word) {
        return word < 2 && word >= 0 ? (int) (offered >>> (32 * word)) : 0;
    }

    int accepted(int word) {
        return word < 2 && word >= 0 ? (int) (accepted >>> (32 * word)) : 0;
    }

    void accept(int word, int bits) {
        if ((status & FEATURES_OK) != 0 || word < 0 || word > 1) {
            return;
        }
        int shift = 32 * word;
        accepted = (accepted & ~(0xFFFF_FFFFL << shift)) | Integer.toUnsignedLong(bits) << shift;
    }

    void save(StateWriter out) {
        out.u8(status).i64(accepted);
    }

    void load(StateReader in) {
        status = in.u8();
        accepted = in.i64();
    }
}
