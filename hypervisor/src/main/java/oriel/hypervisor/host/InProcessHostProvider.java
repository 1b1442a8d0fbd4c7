package oriel.hypervisor.host;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.machine.Accelerator;

/** Opens the host in this process: the integrated VMM. */
public final class InProcessHostProvider implements HostProvider {
    /** What is left to the host's own programs and to this process's heap. */
    private static final long RESERVED_MIB = 2048;

    @Override
    public String kind() {
        return "in-process";
    }

    @Override
    public HypervisorHost open(Path directory) throws HostException {
        try {
            return new InProcessHost(kind(), directory, Accelerator.AUTO, memoryLimitMib());
        } catch (IOException e) {
            throw new HostException(
                    Reason.FAILED, "the folder of machines %s can't be used: %s".formatted(directory, e), e);
        }
    }

    /** Guests may be promised twice the memory there is: most of each one's is never touched. */
    private static long memoryLimitMib() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system) {
            long total = system.getTotalMemorySize() >> 20;
            return Math.max(RESERVED_MIB, 2 * (total - RESERVED_MIB));
        }
        return 4 * RESERVED_MIB;
    }
}
