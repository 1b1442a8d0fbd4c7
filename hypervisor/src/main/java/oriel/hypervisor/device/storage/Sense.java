package oriel.hypervisor.device.storage;

/**
 * Why a packet command failed (SPC-3 §4.5.6): sense key, additional sense code and its qualifier.
 *
 * @param key 0–15; 0 is no failure
 * @param code 0–255
 * @param qualifier 0–255
 */
record Sense(int key, int code, int qualifier) {
    static final Sense NONE = new Sense(0, 0, 0);
    static final Sense NO_DISC = new Sense(2, 0x3A, 0);
    static final Sense READ_ERROR = new Sense(3, 0x11, 0);
    static final Sense UNKNOWN_COMMAND = new Sense(5, 0x20, 0);
    static final Sense OUT_OF_RANGE = new Sense(5, 0x21, 0);
    static final Sense BAD_FIELD = new Sense(5, 0x24, 0);
    static final Sense REMOVAL_PREVENTED = new Sense(5, 0x53, 2);
    static final Sense DISC_CHANGED = new Sense(6, 0x28, 0);
    static final Sense WAS_RESET = new Sense(6, 0x29, 0);

    /** Fixed format, current. */
    byte[] bytes() {
        byte[] bytes = new byte[18];
        bytes[0] = 0x70;
        bytes[2] = (byte) key;
        bytes[7] = 10;
        bytes[12] = (byte) code;
        bytes[13] = (byte) qualifier;
        return bytes;
    }
}
