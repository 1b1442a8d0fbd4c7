package oriel.hypervisor.host;

import oriel.hypervisor.host.HostException.Reason;

/**
 * How much memory running machines may be promised.
 *
 * @param host for messages
 * @param limitMib sum over all
 */
record MemoryBudget(String host, long limitMib) {
    /**
     * Lets a machine in, or says why not.
     *
     * @param needsMib what it counts for
     * @param usedMib what the others count for
     */
    void admit(String machine, long needsMib, long usedMib) throws HostException {
        if (usedMib + needsMib > limitMib) {
            throw new HostException(
                    Reason.CAPACITY,
                    "host %s has %d of %d MiB of memory in use; machine %s needs %d MiB"
                            .formatted(host, usedMib, limitMib, machine, needsMib));
        }
    }
}
