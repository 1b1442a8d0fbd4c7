package oriel.hypervisor.machine;

import java.util.List;
import java.util.Optional;
import oriel.hypervisor.cpu.emulated.CpuModel;
import oriel.hypervisor.cpu.emulated.SharedCode;
import oriel.hypervisor.device.display.VideoMemory;
import oriel.hypervisor.device.serial.ByteSink;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.network.NetworkCard;

/**
 * What a machine is made of.
 *
 * @param name for people and thread names
 * @param memoryMib RAM, 16–65536 MiB
 * @param cpus virtual processors, 1–64
 * @param accelerator which back end runs them
 * @param boot how it starts
 * @param disks virtio-blk disks, in order vda, vdb, …, at most {@link #MAX_DISKS}; closed when the machine ends
 * @param ideDisk an IDE disk, for systems without virtio drivers; closed when the machine ends
 * @param cdDrive whether there is a CD drive, and what is in it
 * @param display size of the screen at power-on; it must fit video memory, 4 bytes a pixel
 * @param serial where COM1's output goes
 * @param networkCards its network cards, in order eth0, eth1, …; at most 4
 * @param instructionTime makes the machine reproducible; else its time is the host's
 * @param cpuModel which processor it has, of {@link CpuModel#all}
 * @param sharedCode where it shares decoded and translated code with other machines
 * @param equipment what not every machine has
 */
public record MachineConfig(
        String name,
        int memoryMib,
        int cpus,
        Accelerator accelerator,
        Boot boot,
        List<DiskImage> disks,
        Optional<DiskImage> ideDisk,
        CdDrive cdDrive,
        DisplaySize display,
        ByteSink serial,
        List<NetworkCard> networkCards,
        Optional<InstructionTime> instructionTime,
        CpuModel cpuModel,
        Optional<SharedCode> sharedCode,
        Equipment equipment) {
    /** How many virtio disks a machine can have. */
    public static final int MAX_DISKS = 18;

    /** How many network cards a machine can have. */
    public static final int MAX_NETWORK_CARDS = 4;

    /** Checks the ranges. */
    public MachineConfig {
        if (memoryMib < 16 || memoryMib > 65536) {
            throw new IllegalArgumentException("memory must be 16 to 65536 MiB, not " + memoryMib);
        }
        if (cpus < 1 || cpus > 64) {
            throw new IllegalArgumentException("a machine has 1 to 64 processors, not " + cpus);
        }
        if (4L * display.width() * display.height() > VideoMemory.DEFAULT_SIZE) {
            throw new IllegalArgumentException("a screen of %d×%d is larger than %d MiB of video memory"
                    .formatted(display.width(), display.height(), VideoMemory.DEFAULT_SIZE >> 20));
        }
        if (disks.size() > MAX_DISKS) {
            throw new IllegalArgumentException(
                    "a machine has at most %d disks, not %d".formatted(MAX_DISKS, disks.size()));
        }
        if (boot instanceof Boot.Bios && equipment.graphics() == Equipment.Graphics.VIRTIO) {
            throw new IllegalArgumentException("firmware needs a VGA: choose graphics vga, or boot a kernel directly");
        }
        if (networkCards.size() > MAX_NETWORK_CARDS) {
            throw new IllegalArgumentException(
                    "a machine has at most %d network cards, not %d".formatted(MAX_NETWORK_CARDS, networkCards.size()));
        }
        disks = List.copyOf(disks);
        networkCards = List.copyOf(networkCards);
    }

    /** The same machine in another time. */
    public MachineConfig with(InstructionTime time) {
        return with(ideDisk, Optional.of(time), cpuModel, sharedCode, equipment);
    }

    /** The same machine with an IDE disk. */
    public MachineConfig withIdeDisk(DiskImage disk) {
        return with(Optional.of(disk), instructionTime, cpuModel, sharedCode, equipment);
    }

    /** The same machine with another processor. */
    public MachineConfig with(CpuModel model) {
        return with(ideDisk, instructionTime, model, sharedCode, equipment);
    }

    /** The same machine, sharing code with others. */
    public MachineConfig with(SharedCode code) {
        return with(ideDisk, instructionTime, cpuModel, Optional.of(code), equipment);
    }

    /** The same machine with other equipment. */
    public MachineConfig with(Equipment other) {
        return with(ideDisk, instructionTime, cpuModel, sharedCode, other);
    }

    private MachineConfig with(
            Optional<DiskImage> ide,
            Optional<InstructionTime> time,
            CpuModel model,
            Optional<SharedCode> code,
            Equipment other) {
        return new MachineConfig(
                name,
                memoryMib,
                cpus,
                accelerator,
                boot,
                disks,
                ide,
                cdDrive,
                display,
                serial,
                networkCards,
                time,
                model,
                code,
                other);
    }

    /** A machine in the host's time, with the default processor. */
    public MachineConfig(
            String name,
            int memoryMib,
            int cpus,
            Accelerator accelerator,
            Boot boot,
            List<DiskImage> disks,
            CdDrive cdDrive,
            DisplaySize display,
            ByteSink serial,
            List<NetworkCard> networkCards) {
        this(
                name,
                memoryMib,
                cpus,
                accelerator,
                boot,
                disks,
                Optional.empty(),
                cdDrive,
                display,
                serial,
                networkCards,
                Optional.empty(),
                CpuModel.orielV2(),
                Optional.empty(),
                Equipment.STANDARD);
    }

    /** A machine without a network. */
    public MachineConfig(
            String name,
            int memoryMib,
            int cpus,
            Accelerator accelerator,
            Boot boot,
            List<DiskImage> disks,
            CdDrive cdDrive,
            DisplaySize display,
            ByteSink serial) {
        this(name, memoryMib, cpus, accelerator, boot, disks, cdDrive, display, serial, List.of());
    }

    /**
     * A CD drive.
     *
     * @param present whether the machine has one
     * @param disc what is in it at power-on; closed when it is ejected or the machine ends
     */
    public record CdDrive(boolean present, Optional<DiskImage> disc) {
        /** No drive. */
        public static final CdDrive NONE = new CdDrive(false, Optional.empty());

        /** A drive without a disc. */
        public static final CdDrive EMPTY = new CdDrive(true, Optional.empty());

        /** A drive with a disc. */
        public static CdDrive with(DiskImage disc) {
            return new CdDrive(true, Optional.of(disc));
        }
    }
}
