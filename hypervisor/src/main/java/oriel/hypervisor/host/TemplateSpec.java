package oriel.hypervisor.host;

import java.nio.file.Path;
import oriel.hypervisor.display.DisplaySize;

/**
 * What a host needs to prepare a warm template: a golden image that was booted once and frozen, for {@linkplain
 * Cloning.Instant instant clones} to be forked from. A sealed template never changes: give another image, size or
 * kernel another name.
 *
 * @param name unique among the host's templates; of a machine name's form
 * @param owner label of whoever drives it, as of machines
 * @param memoryMib RAM in MiB, its clones' too
 * @param vcpus virtual CPUs, its clones' too
 * @param goldenDisk the qcow2 or raw disk that it boots from; never written
 * @param boot how it boots
 * @param display the screen's size
 * @param networkCard whether it has a network card, and its clones too
 */
public record TemplateSpec(
        String name,
        String owner,
        int memoryMib,
        int vcpus,
        Path goldenDisk,
        BootSpec boot,
        DisplaySize display,
        boolean networkCard) {
    /** Without a network card. */
    public TemplateSpec(
            String name, String owner, int memoryMib, int vcpus, Path goldenDisk, BootSpec boot, DisplaySize display) {
        this(name, owner, memoryMib, vcpus, goldenDisk, boot, display, false);
    }

    /** Checks names and ranges. */
    public TemplateSpec {
        if (!MachineSpec.isName(name)) {
            throw new IllegalArgumentException("\"" + name + "\" is no template name");
        }
        if (!MachineSpec.isName(owner)) {
            throw new IllegalArgumentException("\"" + owner + "\" is no owner label");
        }
        if (memoryMib < 16) {
            throw new IllegalArgumentException("memory of " + memoryMib + " MiB is below 16 MiB");
        }
        if (vcpus < 1) {
            throw new IllegalArgumentException(vcpus + " virtual CPUs are too few");
        }
    }
}
