package oriel.hypervisor.host;

import java.nio.file.Path;
import java.util.Properties;
import oriel.hypervisor.display.DisplaySize;

/**
 * What a machine needs to run on, apart from its disk.
 *
 * @param memoryMib RAM in MiB
 * @param vcpus virtual CPUs
 * @param boot used when it is reset
 * @param display the screen's size at power-on
 */
record RunSpec(int memoryMib, int vcpus, BootSpec boot, DisplaySize display) {
    static RunSpec of(MachineSpec spec) {
        return new RunSpec(spec.memoryMib(), spec.vcpus(), spec.boot(), spec.display());
    }

    static RunSpec of(TemplateSpec spec) {
        return new RunSpec(spec.memoryMib(), spec.vcpus(), spec.boot(), spec.display());
    }

    void write(Properties properties) {
        properties.setProperty("memory", Integer.toString(memoryMib));
        properties.setProperty("vcpus", Integer.toString(vcpus));
        properties.setProperty("kernel", boot.kernel().toString());
        properties.setProperty("initrd", boot.initrd().toString());
        properties.setProperty("command-line", boot.commandLine());
        properties.setProperty("width", Integer.toString(display.width()));
        properties.setProperty("height", Integer.toString(display.height()));
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
                        PropertiesFile.number(properties, "height")));
    }
}
