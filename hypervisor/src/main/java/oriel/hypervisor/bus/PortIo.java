package oriel.hypervisor.bus;

/** A device's I/O ports. Called on the machine's thread; must accept any access a guest makes. */
public interface PortIo {
    /**
     * Reads a port.
     *
     * @param port absolute port number, 0–65535
     * @param size 1, 2 or 4 bytes
     * @return the value in the low {@code size} bytes
     */
    int readPort(int port, int size);

    /** Writes a port: the value is in the low {@code size} bytes. */
    void writePort(int port, int size, int value);
}
