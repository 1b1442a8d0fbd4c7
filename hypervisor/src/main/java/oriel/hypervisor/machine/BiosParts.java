package oriel.hypervisor.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.device.chipset.FirmwareConfig;
import oriel.hypervisor.device.chipset.FirmwareLog;
import oriel.hypervisor.device.chipset.ShadowMemory;
import oriel.hypervisor.device.pci.HostBridge;
import oriel.hypervisor.device.pci.IsaBridge;
import oriel.hypervisor.firmware.BiosConfig;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.memory.GuestMemory;

/** What a board has only if a BIOS starts it: the BIOS itself, and the chips that it needs to find its way. */
final class BiosParts {
    final HostBridge hostBridge;
    final IsaBridge isaBridge;
    final FirmwareConfig config;
    final FirmwareLog log;
    private final ShadowMemory shadow;

    /**
     * Puts the BIOS into memory.
     *
     * @param isa a new line of an ISA interrupt
     * @param slots where what can be booted from is
     */
    BiosParts(
            MachineConfig machine,
            Boot.Bios boot,
            GuestMemory memory,
            IoBus bus,
            IntFunction<InterruptLine> isa,
            BootSlots slots) {
        shadow = new ShadowMemory(memory, boot.image().system());
        hostBridge = new HostBridge(shadow::set);
        isaBridge = new IsaBridge(isa);
        config = BiosConfig.device(
                memory,
                boot,
                machine.cpus(),
                machine.equipment().hpet(),
                slots.paths(boot.order()),
                new BiosConfig.VideoAdapter(0x1234, 0x1111));
        log = new FirmwareLog(machine.name());
        config.attach(bus);
        log.attach(bus);
    }

    /** Gives host memory back. */
    void close() {
        shadow.close();
    }

    /**
     * PCI slots of what can be booted from.
     *
     * @param firstDisk the first virtio disk's; the others follow
     * @param disks how many there are
     * @param ide the IDE controller's: the CD drive is the first drive of its second channel
     * @param ideDisk whether there is a disk, the first drive of its first channel
     */
    record BootSlots(int firstDisk, int disks, int ide, boolean ideDisk) {
        /** In the words of SeaBIOS. What isn't named in the order comes behind what is. */
        List<String> paths(List<Boot.Device> order) {
            List<Boot.Device> all = new ArrayList<>(order);
            for (Boot.Device device : Boot.Device.values()) {
                if (!all.contains(device)) {
                    all.add(device);
                }
            }
            List<String> paths = new ArrayList<>();
            for (Boot.Device device : all) {
                switch (device) {
                    case DISK -> {
                        for (int disk = 0; disk < disks; disk++) {
                            paths.add("/pci@i0cf8/scsi@%x/disk@0,0".formatted(firstDisk + disk));
                        }
                        if (ideDisk) {
                            paths.add("/pci@i0cf8/ide@%x/drive@0/disk@0".formatted(ide));
                        }
                    }
                    case CDROM -> paths.add("/pci@i0cf8/ide@%x/drive@1/disk@0".formatted(ide));
                }
            }
            return paths;
        }
    }
}
