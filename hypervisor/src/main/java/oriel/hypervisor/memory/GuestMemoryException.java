package oriel.hypervisor.memory;

/** A device was told to read or write where the guest has no memory. */
public final class GuestMemoryException extends RuntimeException {
    private final long address;

    /** At the first address that isn't memory. */
    public GuestMemoryException(long address) {
        super("no guest memory at physical address 0x" + Long.toHexString(address));
        this.address = address;
    }

    /** Guest physical address. */
    public long address() {
        return address;
    }
}
