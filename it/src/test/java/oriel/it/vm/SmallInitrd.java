package oriel.it.vm;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The golden image's initrd with another first program. The kernel unpacks archives that follow each other, and a later
 * file replaces an earlier one (Linux Documentation/driver-api/early-userspace/buffer-format.rst).
 */
final class SmallInitrd {
    private static final int EXECUTABLE = 0100755;

    private SmallInitrd() {}

    /** The drivers of virtio disks are loaded and /dev/vda is there when {@code script} runs. */
    static void write(Path golden, String script, Path to) throws IOException {
        String init = """
                #!/bin/busybox sh
                exec >/dev/console 2>&1
                /bin/busybox mount -t proc none /proc
                /bin/busybox mount -t devtmpfs none /dev
                for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
                  /bin/busybox insmod /lib/$module.ko
                done
                """ + script;
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        archive.writeBytes(Files.readAllBytes(golden));
        pad(archive);
        entry(archive, "init", EXECUTABLE, init.getBytes(StandardCharsets.UTF_8));
        entry(archive, "TRAILER!!!", 0, new byte[0]);
        Files.write(to, archive.toByteArray());
    }

    private static void entry(ByteArrayOutputStream archive, String name, int mode, byte[] content) {
        int[] fields = {0, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length() + 1, 0};
        StringBuilder header = new StringBuilder("070701");
        for (int field : fields) {
            header.append("%08X".formatted(field));
        }
        archive.writeBytes((header + name + "\0").getBytes(StandardCharsets.US_ASCII));
        pad(archive);
        archive.writeBytes(content);
        pad(archive);
    }

    private static void pad(ByteArrayOutputStream archive) {
        while (archive.size() % 4 != 0) {
            archive.write(0);
        }
    }
}
