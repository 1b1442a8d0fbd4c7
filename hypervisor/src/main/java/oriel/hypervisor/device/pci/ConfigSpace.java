package oriel.hypervisor.device.pci;

/** The 256 bytes of a function's configuration space: what software may change is a mask. */
final class ConfigSpace {
    static final int SIZE = 256;

    static final int COMMAND = 0x04;
    static final int STATUS = 0x06;
    static final int BAR0 = 0x10;
    static final int CAPABILITIES = 0x34;
    static final int INTERRUPT_LINE = 0x3C;
    static final int INTERRUPT_PIN = 0x3D;
    static final int HEADER_END = 0x40;

    static final int COMMAND_IO = 1;
    static final int COMMAND_MEMORY = 1 << 1;
    static final int COMMAND_BUS_MASTER = 1 << 2;
    static final int COMMAND_INTX_DISABLE = 1 << 10;
    static final int STATUS_INTERRUPT = 1 << 3;
    static final int STATUS_CAPABILITIES = 1 << 4;

    private final byte[] bytes = new byte[SIZE];
    private final byte[] writable = new byte[SIZE];

    int get(int offset, int size) {
        int value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = value << 8 | (offset + i < SIZE ? bytes[offset + i] & 0xFF : 0xFF);
        }
        return value;
    }

    /** Sets bytes from inside, whatever the mask says. */
    void set(int offset, int size, int value) {
        for (int i = 0; i < size; i++) {
            bytes[offset + i] = (byte) (value >>> (8 * i));
        }
    }

    /** Lets software change the bits of {@code mask}. */
    void allow(int offset, int size, int mask) {
        for (int i = 0; i < size; i++) {
            writable[offset + i] = (byte) (mask >>> (8 * i));
        }
    }

    /** A write by software. */
    void write(int offset, int size, int value) {
        for (int i = 0; i < size && offset + i < SIZE; i++) {
            int mask = writable[offset + i];
            bytes[offset + i] = (byte) ((bytes[offset + i] & ~mask) | (value >>> (8 * i) & mask));
        }
    }

    byte[] copy() {
        return bytes.clone();
    }

    /** Takes the changeable bits of a saved copy. */
    void restore(byte[] saved) {
        for (int i = 0; i < SIZE; i++) {
            bytes[i] = (byte) ((bytes[i] & ~writable[i]) | (saved[i] & writable[i]));
        }
    }
}
