package oriel.hypervisor.host;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import oriel.hypervisor.display.DisplaySize;

/**
 * What a machine needs to run on, apart from its disk.
 *
 * @param memoryMib RAM in MiB
 * @param vcpus virtual CPUs
 * @param boot used when it is reset
 * @param display the screen's size at power-on
 * @param network where its card's cable goes, if it has one
 * @param resources what it may have of its host
 */
record RunSpec(
        int memoryMib,
        int vcpus,
        BootSpec boot,
        DisplaySize display,
        Optional<NetworkSpec> network,
        ResourcePolicy resources) {
    static RunSpec of(MachineSpec spec) {
        return new RunSpec(
                spec.memoryMib(), spec.vcpus(), spec.boot(), spec.display(), spec.network(), spec.resources());
    }

    static RunSpec of(TemplateSpec spec) {
        return new RunSpec(
                spec.memoryMib(),
                spec.vcpus(),
                spec.boot(),
                spec.display(),
                spec.networkCard() ? Optional.of(NetworkSpec.QUARANTINE) : Optional.empty(),
                ResourcePolicy.NORMAL);
    }

    /**
     * For a machine that goes on from where one with a given card, or none, was saved: another would not fit.
     *
     * @param saved how that one ran
     */
    RunSpec cardLike(RunSpec saved) {
        Optional<NetworkSpec> card = saved.network().isEmpty()
                ? Optional.empty()
                : Optional.of(network.orElse(NetworkSpec.QUARANTINE)); // plugged in, and reaches nobody
        return new RunSpec(memoryMib, vcpus, boot, display, card, resources);
    }

    /** The same with what holds for a machine now, not when it was saved. */
    RunSpec under(RunSpec current) {
        return new RunSpec(
                memoryMib, vcpus, boot, display, current.cardLike(this).network(), current.resources());
    }

    void write(Properties properties) {
        properties.setProperty("memory", Integer.toString(memoryMib));
        properties.setProperty("vcpus", Integer.toString(vcpus));
        properties.setProperty("kernel", boot.kernel().toString());
        properties.setProperty("initrd", boot.initrd().toString());
        properties.setProperty("command-line", boot.commandLine());
        properties.setProperty("width", Integer.toString(display.width()));
        properties.setProperty("height", Integer.toString(display.height()));
        network.ifPresent(card -> card.write(properties));
        resources.write(properties);
    }

    static RunSpec read(Properties properties) {
        return new RunSpec(
                (int) PropertiesFile.number(properties, "memory"),
                (int) PropertiesFile.number(properties, "vcpus"),
                new BootSpec(
                        Path.of(PropertiesFile.require(properties, "kernel")),
                        Path.of(PropertiesFile.require(properties, "initrd")),
                        PropertiesFile.require(properties, "command-line")),
                new DisplaySize((int) PropertiesFile.number(properties, "width"), (int)
                        PropertiesFile.number(properties, "height")),
                properties.getProperty("network.vlan") == null
                        ? Optional.empty()
                        : Optional.of(NetworkSpec.read(properties)),
                ResourcePolicy.read(properties));
    }
}
