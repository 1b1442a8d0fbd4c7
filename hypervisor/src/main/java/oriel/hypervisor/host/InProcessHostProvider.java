package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.file.Path;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.machine.Accelerator;

/** Opens the host in this process: the integrated VMM. */
public final class InProcessHostProvider implements HostProvider {
    @Override
    public String kind() {
        return "in-process";
    }

    @Override
    public HypervisorHost open(Path directory, Overcommit overcommit) throws HostException {
        try {
            return new InProcessHost(kind(), directory, Accelerator.AUTO, HostCapacity.ofComputer(overcommit));
        } catch (IOException e) {
            throw new HostException(
                    Reason.FAILED, "the folder of machines %s can't be used: %s".formatted(directory, e), e);
        }
    }
}
