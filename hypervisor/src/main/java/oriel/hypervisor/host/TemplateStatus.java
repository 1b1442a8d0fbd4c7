package oriel.hypervisor.host;

import java.time.Instant;
import java.util.Optional;

/**
 * A warm template as its host sees it now.
 *
 * @param name its name
 * @param owner the label it was made with
 * @param memoryMib RAM of each clone, in MiB
 * @param vcpus virtual CPUs of each clone
 * @param sealed when it was frozen; empty while it boots
 * @param bytes space that its files take on the host's disk
 */
public record TemplateStatus(
        String name, String owner, int memoryMib, int vcpus, Optional<Instant> sealed, long bytes) {}
