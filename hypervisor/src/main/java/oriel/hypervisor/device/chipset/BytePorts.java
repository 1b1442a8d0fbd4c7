package oriel.hypervisor.device.chipset;

import oriel.hypervisor.bus.PortIo;

/**
 * Ports of an 8-bit chip. A wider access becomes one access per byte, lowest first, as the bus controller of a PC does
 * it.
 */
public interface BytePorts extends PortIo {
    /** Reads one port: 0–255; 255 for a port that isn't the chip's. */
    int readByte(int port);

    /** Writes 0–255 to one port; ignored for a port that isn't the chip's. */
    void writeByte(int port, int value);

    @Override
    default int readPort(int port, int size) {
        int value = 0;
        for (int i = 0; i < size; i++) {
            value |= (readByte(port + i) & 0xFF) << (8 * i);
        }
        return value;
    }

    @Override
    default void writePort(int port, int size, int value) {
        for (int i = 0; i < size; i++) {
            writeByte(port + i, value >>> (8 * i) & 0xFF);
        }
    }
}
