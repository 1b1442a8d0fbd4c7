package oriel.hypervisor.machine;

import java.util.Optional;

/**
 * Memory that a running machine lends back to its host. Thread-safe. It needs a driver in the guest (Linux:
 * virtio_balloon); without one nothing happens.
 */
public interface MemoryBalloon {
    /**
     * Asks the guest to keep its hands off so much memory; it gives what it can spare, soon. Zero gives all back. Memory
     * that the guest has no use for goes back to the host by itself, and needs no request.
     *
     * @param bytes at least 0; rounded down to pages
     */
    void target(long bytes);

    /** How much the guest has given. */
    long ballooned();

    /** What the guest said of its memory last; asks it to say so again. Empty while it has said nothing. */
    Optional<Usage> usage();

    /**
     * A guest's memory, as the guest sees it.
     *
     * @param total bytes that it can use
     * @param free bytes that hold nothing
     * @param available bytes that it could use without swapping: the free ones and most of its caches
     * @param majorFaults pages that it had to read from a disk since it started
     */
    record Usage(long total, long free, long available, long majorFaults) {}
}
