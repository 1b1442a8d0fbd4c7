package oriel.hypervisor.host;

import java.util.OptionalInt;
import java.util.Properties;
import oriel.hypervisor.schedule.CpuPolicy;

/**
 * What a machine may have of its host, and what is kept for it.
 *
 * @param cpu processors
 * @param reservedMemoryMib of its RAM, never taken back by the balloon and never promised to another machine
 */
public record ResourcePolicy(CpuPolicy cpu, int reservedMemoryMib) {
    /** Nothing is kept, and everybody has the same shares. */
    public static final ResourcePolicy NORMAL = new ResourcePolicy(CpuPolicy.NORMAL, 0);

    /** CPU shares of most machines. */
    public static final int NORMAL_SHARES = CpuPolicy.NORMAL_SHARES;

    /** Checks the range. */
    public ResourcePolicy {
        if (reservedMemoryMib < 0) {
            throw new IllegalArgumentException("a reservation of " + reservedMemoryMib + " MiB is below 0");
        }
    }

    /** From numbers; see {@link CpuPolicy}. */
    public static ResourcePolicy of(
            int cpuShares, OptionalInt cpuLimitPercent, int cpuReservedPercent, int reservedMemoryMib) {
        return new ResourcePolicy(new CpuPolicy(cpuShares, cpuLimitPercent, cpuReservedPercent), reservedMemoryMib);
    }

    void write(Properties properties) {
        properties.setProperty("cpu.shares", Integer.toString(cpu.shares()));
        properties.setProperty("cpu.limit", Integer.toString(cpu.limitPercent().orElse(0)));
        properties.setProperty("cpu.reserved", Integer.toString(cpu.reservedPercent()));
        properties.setProperty("memory.reserved", Integer.toString(reservedMemoryMib));
    }

    static ResourcePolicy read(Properties properties) {
        if (properties.getProperty("cpu.shares") == null) {
            return NORMAL;
        }
        int limit = (int) PropertiesFile.number(properties, "cpu.limit");
        return new ResourcePolicy(
                new CpuPolicy(
                        (int) PropertiesFile.number(properties, "cpu.shares"),
                        limit == 0 ? OptionalInt.empty() : OptionalInt.of(limit),
                        (int) PropertiesFile.number(properties, "cpu.reserved")),
                (int) PropertiesFile.number(properties, "memory.reserved"));
    }
}
