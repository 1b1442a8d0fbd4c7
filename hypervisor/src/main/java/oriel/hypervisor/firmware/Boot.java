package oriel.hypervisor.firmware;

import java.util.List;
import java.util.function.Supplier;

/** How a machine starts. */
public sealed interface Boot {
    /**
     * A Linux kernel is put into memory and entered; no firmware runs.
     *
     * @param kernel immutable, so machines share one
     * @param initrd its initial RAM disk
     * @param commandLine its command line
     */
    record Kernel(LinuxKernel kernel, Initrd initrd, String commandLine) implements Boot {}

    /**
     * A Multiboot kernel is put into memory and entered in 32-bit protected mode; no firmware runs.
     *
     * @param kernel immutable
     * @param module its only module, if it isn't empty
     * @param commandLine by convention beginning with the kernel's name
     * @param testDevice whether the machine has {@link oriel.hypervisor.device.testing.TestDevice}, by which a test
     *     kernel ends the run
     */
    record Multiboot(MultibootKernel kernel, Initrd module, String commandLine, boolean testDevice) implements Boot {}

    /**
     * A PC BIOS runs and starts what it finds on a disk or CD.
     *
     * @param image the BIOS
     * @param order what it tries, first to last; what isn't named comes behind what is
     * @param menu whether it offers a boot menu (F12, Escape), which makes it wait for a moment
     */
    record Bios(BiosImage image, List<Device> order, boolean menu) implements Boot {
        /** Copies the list. */
        public Bios {
            order = List.copyOf(order);
        }
    }

    /**
     * What is read when it is first needed: a machine that goes on from a saved one needs it only if it is reset.
     *
     * @param boot gives a {@link Kernel}; may throw {@link FirmwareException}
     */
    record Deferred(Supplier<Kernel> boot) implements Boot {}

    /** A kind of device to boot from. */
    enum Device {
        /** The disks, vda first. */
        DISK,
        /** The CD drive. */
        CDROM
    }
}
