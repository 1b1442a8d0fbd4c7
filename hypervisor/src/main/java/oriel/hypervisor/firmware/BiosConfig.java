package oriel.hypervisor.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import oriel.hypervisor.device.chipset.FirmwareConfig;
import oriel.hypervisor.memory.GuestMemory;

/** What SeaBIOS is told by the firmware configuration device. */
public final class BiosConfig {
    private static final int E820_RAM = 1;

    private BiosConfig() {}

    /**
     * The device for a machine.
     *
     * @param processors 1–64
     * @param bootPaths what to boot from, first to last: device paths as SeaBIOS has them (docs: Runtime_config, "Boot
     *     order")
     * @param hpet whether there is a high precision event timer
     * @param videoAdapter PCI vendor and device ID of the adapter that the video BIOS is for
     */
    public static FirmwareConfig device(
            GuestMemory memory,
            Boot.Bios boot,
            int processors,
            boolean hpet,
            List<String> bootPaths,
            VideoAdapter videoAdapter) {
        Map<Integer, byte[]> numbers = Map.of(
                FirmwareConfig.PROCESSORS, FirmwareConfig.number(processors, 2),
                FirmwareConfig.MOST_PROCESSORS, FirmwareConfig.number(processors, 2),
                FirmwareConfig.BOOT_MENU, FirmwareConfig.number(boot.menu() ? 1 : 0, 2));
        Map<String, byte[]> files = new HashMap<>(AcpiTables.files(processors, hpet));
        files.put("etc/e820", memoryMap(memory.ramSize()));
        files.put("etc/show-boot-menu", FirmwareConfig.number(boot.menu() ? 1 : 0, 2));
        files.put(
                "pci%04x,%04x.rom".formatted(videoAdapter.vendor(), videoAdapter.device()),
                boot.image().video());
        files.put("bootorder", bootOrder(bootPaths));
        return new FirmwareConfig(memory, numbers, files);
    }

    /** The graphics adapter, by its PCI identity. */
    public record VideoAdapter(int vendor, int device) {}

    /** RAM only: SeaBIOS reserves what is its own. */
    private static byte[] memoryMap(long ramSize) {
        long low = Math.min(ramSize, GuestMemory.LOW_LIMIT);
        List<long[]> ranges = new ArrayList<>();
        ranges.add(new long[] {0, low});
        if (ramSize > low) {
            ranges.add(new long[] {GuestMemory.HIGH_BASE, ramSize - low});
        }
        ByteBuffer map = ByteBuffer.allocate(20 * ranges.size()).order(ByteOrder.LITTLE_ENDIAN);
        ranges.forEach(range -> map.putLong(range[0]).putLong(range[1]).putInt(E820_RAM));
        return map.array();
    }

    private static byte[] bootOrder(List<String> paths) {
        return (String.join("\n", paths) + "\0").getBytes(StandardCharsets.US_ASCII);
    }
}
