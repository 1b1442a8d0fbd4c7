package oriel.hypervisor.host;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import oriel.hypervisor.display.DisplaySize;

/**
 * What a host needs to make and run one machine. Everything is here: a host keeps no other configuration.
 *
 * @param name unique on the host: a lower-case letter, then at most 39 lower-case letters, digits and dashes; names the
 *     machine's directory
 * @param owner label of whoever drives the machine, of the same form; a caller never touches machines of another owner
 * @param generation counts the disks this machine has had; a host keeps it with the machine, so that a refresh that was
 *     already done is not done again after a crash
 * @param memoryMib RAM in MiB
 * @param vcpus virtual CPUs
 * @param goldenDisk the qcow2 or raw disk that the machine's thin overlay is backed by; never written
 * @param boot how it boots
 * @param display the screen's size at power-on
 * @param cloning how a new machine comes by its disk and memory; counts at {@link HypervisorHost#create} and at the first
 *     start after it
 * @param network where its card's cable goes; empty: it has no card. A fork has a card if its template has one
 * @param resources what it may have of its host
 */
public record MachineSpec(
        String name,
        String owner,
        long generation,
        int memoryMib,
        int vcpus,
        Path goldenDisk,
        BootSpec boot,
        DisplaySize display,
        Cloning cloning,
        Optional<NetworkSpec> network,
        ResourcePolicy resources) {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,39}");

    /** Checks names and ranges. */
    public MachineSpec {
        if (!isName(name)) {
            throw new IllegalArgumentException("\"" + name + "\" is no machine name");
        }
        if (!isName(owner)) {
            throw new IllegalArgumentException("\"" + owner + "\" is no owner label");
        }
        if (generation < 1) {
            throw new IllegalArgumentException("generation " + generation + " is below 1");
        }
        if (memoryMib < 16) {
            throw new IllegalArgumentException("memory of " + memoryMib + " MiB is below 16 MiB");
        }
        if (vcpus < 1) {
            throw new IllegalArgumentException(vcpus + " virtual CPUs are too few");
        }
    }

    /** A machine without a network card. */
    public MachineSpec(
            String name,
            String owner,
            long generation,
            int memoryMib,
            int vcpus,
            Path goldenDisk,
            BootSpec boot,
            DisplaySize display,
            Cloning cloning) {
        this(
                name,
                owner,
                generation,
                memoryMib,
                vcpus,
                goldenDisk,
                boot,
                display,
                cloning,
                Optional.empty(),
                ResourcePolicy.NORMAL);
    }

    /** A linked clone without a network card. */
    public MachineSpec(
            String name,
            String owner,
            long generation,
            int memoryMib,
            int vcpus,
            Path goldenDisk,
            BootSpec boot,
            DisplaySize display) {
        this(name, owner, generation, memoryMib, vcpus, goldenDisk, boot, display, Cloning.linked());
    }

    /** The same with a network card. */
    public MachineSpec with(NetworkSpec card) {
        return new MachineSpec(
                name,
                owner,
                generation,
                memoryMib,
                vcpus,
                goldenDisk,
                boot,
                display,
                cloning,
                Optional.of(card),
                resources);
    }

    /** The same with another policy. */
    public MachineSpec with(ResourcePolicy policy) {
        return new MachineSpec(
                name, owner, generation, memoryMib, vcpus, goldenDisk, boot, display, cloning, network, policy);
    }

    /** Whether a text may name a machine or an owner. */
    public static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }
}
