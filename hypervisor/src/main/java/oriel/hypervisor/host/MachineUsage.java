package oriel.hypervisor.host;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * What a machine has used since it was powered on.
 *
 * @param up how long it has run
 * @param cpu CPU time of the host
 * @param processors what became of the time that its processors wanted
 * @param memory bytes of RAM that it was given
 * @param privateMemory bytes of the host's memory that are its alone; the rest it shares with other clones or has never
 *     touched
 * @param sharedMemory bytes that it has touched and shares with its template and the other clones of it
 * @param balloonedMemory bytes that its guest has lent back
 * @param guestAvailable bytes that programs in the guest could still have; empty if the guest doesn't say
 * @param disk what its disks read and wrote
 * @param network what its cards received and sent
 */
public record MachineUsage(
        Duration up,
        Duration cpu,
        Waiting processors,
        long memory,
        long privateMemory,
        long sharedMemory,
        long balloonedMemory,
        OptionalLong guestAvailable,
        Traffic disk,
        Traffic network) {
    /**
     * Time in which its processors had something to do and didn't run.
     *
     * @param ready because other machines did
     * @param limited because of its limit
     */
    public record Waiting(Duration ready, Duration limited) {
        /** Never. */
        public static final Waiting NONE = new Waiting(Duration.ZERO, Duration.ZERO);
    }

    /**
     * Bytes by direction, as the machine sees them.
     *
     * @param in read, or received
     * @param out written, or sent
     */
    public record Traffic(long in, long out) {
        /** Nothing. */
        public static final Traffic NONE = new Traffic(0, 0);
    }

    /** Of a host that tells the essential only. */
    public MachineUsage(Duration up, Duration cpu, long memory, long privateMemory, OptionalLong guestAvailable) {
        this(up, cpu, Waiting.NONE, memory, privateMemory, 0, 0, guestAvailable, Traffic.NONE, Traffic.NONE);
    }
}
