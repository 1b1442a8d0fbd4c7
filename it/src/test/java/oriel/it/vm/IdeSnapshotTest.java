package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImages;
import oriel.it.guest.GoldenImage;

/** A stock kernel that writes and reads its IDE disk all the time, by DMA, is saved at any moment and goes on. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class IdeSnapshotTest {
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private static final String SCRIPT = """
            b=/bin/busybox
            for module in crc16 crc32c_generic libcrc32c mbcache jbd2 ext4; do
              $b insmod /lib/$module.ko
            done
            until [ -b /dev/vda ]; do $b usleep 50000; done
            $b mount -o ro,noload -t ext4 /dev/vda /root
            for module in ata_piix sd_mod; do
              $b chroot /root /sbin/modprobe $module
            done
            until [ -b /dev/sda ]; do $b usleep 50000; done
            sum() { $b md5sum | $b cut -c1-32; }
            disk() {
              echo 3 >/proc/sys/vm/drop_caches
              $b dd if=/dev/sda bs=64k count=64 2>/dev/null | sum
            }
            n=0
            d=$(disk)
            while :; do
              [ "$(disk)" = "$d" ] || echo "BROKEN in round $n"
              n=$((n + 1))
              $b dd if=/dev/urandom of=/dev/sda bs=64k count=16 seek=$((n * 7 % 48)) conv=fsync,notrunc 2>/dev/null
              d=$(disk)
              echo "round $n."
            done
            """;

    @TempDir
    private Path folder;

    private VmProcess start(String name, String... options) throws Exception {
        return VmProcess.start(Files.createDirectory(folder.resolve(name)), List.of(options));
    }

    @Test
    void goesOnWithTheDiskThatItHad() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "needs qemu-img (Debian package qemu-utils)");
        GoldenImage golden = GoldenImage.get();
        Path initrd = folder.resolve("initrd");
        SmallInitrd.write(golden.initrd(), SCRIPT, initrd);
        Path overlay = folder.resolve("golden.qcow2");
        DiskImages.createOverlay(overlay, golden.disk(), DiskFormat.QCOW2);
        Path ide = folder.resolve("ide.qcow2");
        DiskImages.createQcow2(ide, 16 << 20);
        Path saved = folder.resolve("saved-0");
        try (VmProcess vm = start(
                "first",
                "--kernel",
                golden.kernel().toString(),
                "--initrd",
                initrd.toString(),
                "--append",
                golden.commandLine(),
                "--memory",
                "128",
                "--disk",
                overlay + ",format=qcow2",
                "--ide-disk",
                ide + ",format=qcow2",
                "--until",
                "round 3.",
                "--snapshot",
                saved.toString())) {
            vm.awaitMessage("saved in", LIMIT);
            assertThat(vm.awaitExit(LIMIT)).isZero();
            assertThat(vm.serial()).doesNotContain("BROKEN");
        }
        Path again = folder.resolve("saved-1");
        try (VmProcess vm = start(
                "restored", "--restore", saved.toString(), "--until", "round 7.", "--snapshot", again.toString())) {
            vm.awaitMessage("saved in", LIMIT);
            assertThat(vm.awaitExit(LIMIT)).isZero();
            assertThat(vm.serial()).contains("round 7.").doesNotContain("BROKEN");
        }
        try (VmProcess vm = start("forked", "--restore", again.toString(), "--fork", "2", "--until", "round 10.")) {
            assertThat(vm.awaitExit(LIMIT)).isZero();
            assertThat(vm.serial()).contains("round 10.").doesNotContain("BROKEN");
        }
        for (Path disk : List.of(ide, lastDisk())) {
            Process check = new ProcessBuilder("qemu-img", "check", disk.toString())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(check.waitFor()).as("%s: %s", disk, said).isZero();
        }
    }

    /** Where the machine that was saved last had its IDE disk. */
    private Path lastDisk() throws Exception {
        try (var folders = Files.newDirectoryStream(folder, "saved-1-disks*")) {
            return folders.iterator().next().resolve("vm").resolve("disk-ide.qcow2");
        }
    }
}
