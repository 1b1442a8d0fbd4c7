package oriel.hypervisor.bus;

/** A device's registers in memory. Called on the machine's thread; must accept any access a guest makes. */
public interface Mmio {
    /**
     * Reads a register.
     *
     * @param offset from the start of the region, in bytes
     * @param size 1, 2, 4 or 8 bytes
     */
    long readMmio(long offset, int size);

    /** Writes a register: the value is in the low {@code size} bytes. */
    void writeMmio(long offset, int size, long value);
}
