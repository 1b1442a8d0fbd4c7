package oriel.hypervisor.host;

import java.nio.file.Path;

/** Makes hosts of one kind. Found by {@link java.util.ServiceLoader}. */
public interface HostProvider {
    /** What a configuration calls this kind, e.g. {@code in-process}. */
    String kind();

    /**
     * Opens a host, with the machines it had.
     *
     * @param directory where its machines' files are; made if missing
     * @param overcommit how much more than it has it may promise
     * @throws HostException if it cannot work here, with what to do
     */
    HypervisorHost open(Path directory, Overcommit overcommit) throws HostException;
}
