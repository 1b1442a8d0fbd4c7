package oriel.it.vm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import oriel.it.guest.CpioArchive;

/**
 * The golden image's initrd with another first program. The kernel unpacks archives that follow each other, and a later
 * file replaces an earlier one (Linux Documentation/driver-api/early-userspace/buffer-format.rst).
 */
public final class SmallInitrd {
    private SmallInitrd() {}

    /** The drivers of virtio disks are loaded and /dev/vda is there when {@code script} runs. */
    public static void write(Path golden, String script, Path to) throws IOException {
        write(golden, script, Map.of(), to);
    }

    /** The same with further programs in /bin, by name. */
    public static void write(Path golden, String script, Map<String, Path> programs, Path to) throws IOException {
        String init = """
                #!/bin/busybox sh
                exec >/dev/console 2>&1
                /bin/busybox mount -t proc none /proc
                /bin/busybox mount -t devtmpfs none /dev
                for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
                  /bin/busybox insmod /lib/$module.ko
                done
                """ + script;
        CpioArchive archive = new CpioArchive().append(Files.readAllBytes(golden));
        for (Map.Entry<String, Path> program : programs.entrySet()) {
            archive.executable("bin/" + program.getKey(), Files.readAllBytes(program.getValue()));
        }
        Files.write(
                to,
                archive.executable("init", init.getBytes(StandardCharsets.UTF_8))
                        .finish());
    }
}
