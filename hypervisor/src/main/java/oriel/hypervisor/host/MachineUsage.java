package oriel.hypervisor.host;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * What a machine has used since it was powered on.
 *
 * @param up how long it has run
 * @param cpu CPU time of the host
 * @param memory bytes of RAM that it was given
 * @param privateMemory bytes of the host's memory that are its alone; the rest it shares with other clones or has never
 *     touched
 * @param guestAvailable bytes that programs in the guest could still have; empty if the guest doesn't say
 */
public record MachineUsage(Duration up, Duration cpu, long memory, long privateMemory, OptionalLong guestAvailable) {}
