package oriel.hypervisor.host;

/**
 * How much more than it has a host may promise: most of what machines are given they never use at the same time.
 *
 * @param vcpusPerCore virtual CPUs of running machines for each core
 * @param memoryPercent RAM of running machines, of what the host has for them
 */
public record Overcommit(int vcpusPerCore, int memoryPercent) {
    /** 64 virtual CPUs a core, and twice the memory. */
    public static final Overcommit DEFAULT = new Overcommit(64, 200);

    /** Checks the ranges. */
    public Overcommit {
        if (vcpusPerCore < 1 || vcpusPerCore > 1000) {
            throw new IllegalArgumentException("1 to 1000 virtual CPUs a core, not " + vcpusPerCore);
        }
        if (memoryPercent < 50 || memoryPercent > 1000) {
            throw new IllegalArgumentException("50 to 1000 % of the memory, not " + memoryPercent);
        }
    }
}
