package oriel.hypervisor.host;

import java.lang.management.ManagementFactory;
import oriel.hypervisor.host.HostException.Reason;

/**
 * What a host may promise to running machines.
 *
 * @param vcpus virtual CPUs, of all
 * @param cores that reservations are of
 * @param memoryMib RAM, of all
 */
record HostCapacity(long vcpus, int cores, long memoryMib) {
    /** What is left to the host's own programs and to this process's heap. */
    private static final long OWN_MIB = 2048;

    /** Of the cores, in percent: devices and displays need time, too. */
    private static final int MOST_RESERVED = 90;

    /** Of this computer. */
    static HostCapacity ofComputer(Overcommit overcommit) {
        int cores = Runtime.getRuntime().availableProcessors();
        long memory = 4 * OWN_MIB;
        if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system) {
            memory = system.getTotalMemorySize() >> 20;
        }
        return new HostCapacity(
                (long) cores * overcommit.vcpusPerCore(),
                cores,
                Math.max(OWN_MIB, (memory - OWN_MIB) * overcommit.memoryPercent() / 100));
    }

    /** Any number of processors. */
    static HostCapacity ofMemory(long memoryMib) {
        return new HostCapacity(Long.MAX_VALUE, Runtime.getRuntime().availableProcessors(), memoryMib);
    }

    /**
     * What machines are promised.
     *
     * @param reservedPercent of a core
     */
    record Promise(long vcpus, long reservedPercent, long memoryMib) {
        Promise plus(Promise other) {
            return new Promise(
                    vcpus + other.vcpus, reservedPercent + other.reservedPercent, memoryMib + other.memoryMib);
        }
    }

    /** Memory that is missing for one more; 0 if there is enough. */
    long missingMib(Promise needs, Promise given) {
        return Math.max(0, given.memoryMib() + needs.memoryMib() - memoryMib);
    }

    /**
     * Lets a machine in, or says why not, and what to do.
     *
     * @param needs what it is to be promised
     * @param given what the others are
     */
    void admit(String host, String machine, Promise needs, Promise given) throws HostException {
        if (missingMib(needs, given) > 0) {
            throw new HostException(
                    Reason.CAPACITY,
                    ("host %s has promised %d of %d MiB of memory, and idle machines have none to give back; machine %s needs %d"
                                    + " MiB: log sessions off, keep fewer machines warm, give them less memory, or raise"
                                    + " host.memory-overcommit-percent")
                            .formatted(host, given.memoryMib(), memoryMib, machine, needs.memoryMib()));
        }
        if (given.vcpus() + needs.vcpus() > vcpus) {
            throw new HostException(
                    Reason.CAPACITY,
                    "host %s has promised %d of %d virtual CPUs; machine %s needs %d: log sessions off, keep fewer machines warm, or raise host.vcpus-per-core"
                            .formatted(host, given.vcpus(), vcpus, machine, needs.vcpus()));
        }
        long reservable = (long) cores * MOST_RESERVED;
        if (needs.reservedPercent() > 0 && given.reservedPercent() + needs.reservedPercent() > reservable) {
            throw new HostException(
                    Reason.CAPACITY,
                    "host %s has reserved %d of %d %% of its cores; machine %s is to have %d %%: reserve less in its pool or in others"
                            .formatted(host, given.reservedPercent(), reservable, machine, needs.reservedPercent()));
        }
    }
}
