package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImages;
import oriel.it.guest.GoldenImage;

/** SeaBIOS as Debian packages it starts GRUB, as GRUB's own program for rescue images installs it, from disk and CD. */
@Tag("guest")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class VmFirmwareTest {
    private static final Duration FIRMWARE = Duration.ofMinutes(4);
    private static final Duration KERNEL = Duration.ofMinutes(15);
    private static final Pattern LATER_TEST = Pattern.compile("#(?:[4-9]|10) ");
    private static final Path MEMTEST = Path.of("/boot/memtest86+x64.bin");

    /** BIOS drive E0H, as SeaBIOS numbers CDs, in GRUB's words. */
    private static final String CD = "hd96";

    private static final String GRUB_START = """
            serial --unit=0 --speed=115200
            terminal_output serial
            echo "grub started from $root"
            """;

    @TempDir
    private Path folder;

    private Path tree;
    private Path image;

    @BeforeEach
    void prepare() throws IOException {
        requireFile("/usr/share/seabios/bios-256k.bin", "seabios");
        requireFile("/usr/lib/grub/i386-pc/boot.img", "grub-pc-bin");
        requireFile("/usr/bin/grub-mkrescue", "grub-common");
        requireFile("/usr/bin/xorriso", "xorriso");
        requireFile("/usr/bin/mformat", "mtools");
        tree = Files.createDirectories(folder.resolve("tree"));
        Files.createDirectories(tree.resolve("boot/grub"));
        image = folder.resolve("image.iso");
    }

    private static void requireFile(String file, String debianPackage) {
        assumeTrue(Files.exists(Path.of(file)), "there is no " + file + ": install Debian's package " + debianPackage);
    }

    /** An image that starts as a disk and as a CD. */
    private void build(String grubScript) throws IOException, InterruptedException {
        Files.writeString(tree.resolve("boot/grub/grub.cfg"), GRUB_START + grubScript);
        Path log = folder.resolve("grub-mkrescue.log");
        Process process = new ProcessBuilder(
                        "grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", image.toString(), tree.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(process.waitFor())
                .as(() -> {
                    try {
                        return Files.readString(log, StandardCharsets.UTF_8);
                    } catch (IOException e) {
                        return e.toString();
                    }
                })
                .isZero();
    }

    private VmProcess start(String... options) throws IOException {
        List<String> all = new ArrayList<>(List.of("--firmware", "seabios", "--memory", "256"));
        all.addAll(Arrays.asList(options));
        return VmProcess.start(folder, all);
    }

    @Test
    void diskStartsGrubAndTheStockKernel() throws Exception {
        GoldenImage golden = GoldenImage.get();
        Files.copy(golden.kernel(), tree.resolve("boot/vmlinuz"));
        SmallInitrd.write(golden.initrd(), """
                echo "the kernel was started by grub"
                /bin/busybox poweroff -f
                """, tree.resolve("boot/initrd.img"));
        build("""
                linux /boot/vmlinuz console=ttyS0 panic=-1
                initrd /boot/initrd.img
                boot
                """);
        try (VmProcess vm = start("--disk", image + ",format=raw")) {
            vm.awaitSerial("grub started from hd0", FIRMWARE);
            vm.awaitSerial("the kernel was started by grub", KERNEL);
            assertThat(vm.awaitExit(KERNEL)).as("ACPI power-off").isZero();
        }
    }

    @Test
    void ideDiskStartsGrubAndIsReadAndWrittenByTheStockKernel() throws Exception {
        GoldenImage golden = GoldenImage.get();
        Files.copy(golden.kernel(), tree.resolve("boot/vmlinuz"));
        SmallInitrd.write(golden.initrd(), """
                for module in crc16 crc32c_generic libcrc32c mbcache jbd2 ext4; do
                  /bin/busybox insmod /lib/$module.ko
                done
                until [ -b /dev/vda ]; do /bin/busybox usleep 50000; done
                /bin/busybox mount -o ro,noload -t ext4 /dev/vda /root
                for module in ata_piix sd_mod; do
                  /bin/busybox chroot /root /sbin/modprobe $module
                done
                until [ -b /dev/sda ]; do /bin/busybox usleep 50000; done
                /bin/busybox dd if=/dev/urandom of=/random bs=64k count=128 2>/dev/null
                /bin/busybox dd if=/random of=/dev/sda bs=1M seek=40 conv=fsync 2>/dev/null
                echo 3 >/proc/sys/vm/drop_caches
                /bin/busybox dd if=/dev/sda bs=1M skip=40 count=8 2>/dev/null | /bin/busybox cmp - /random && echo "written and read"
                echo "sum $(/bin/busybox sha256sum </random)"
                /bin/busybox dmesg | /bin/busybox grep -i 'ata1.00'
                /bin/busybox poweroff -f
                """, tree.resolve("boot/initrd.img"));
        build("""
                linux /boot/vmlinuz console=ttyS0 panic=-1
                initrd /boot/initrd.img
                boot
                """);
        Path overlay = folder.resolve("golden.qcow2");
        DiskImages.createOverlay(overlay, golden.disk(), DiskFormat.QCOW2);
        Path disk = folder.resolve("ide.raw");
        Files.copy(image, disk);
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(64 << 20);
        }
        try (VmProcess vm = start(
                "--ide-disk", disk + ",format=raw", "--disk", overlay + ",format=qcow2", "--cdrom", image.toString())) {
            vm.awaitSerial("grub started from hd", FIRMWARE);
            vm.awaitSerial("written and read", KERNEL);
            assertThat(vm.awaitExit(KERNEL)).as("ACPI power-off").isZero();
            assertThat(vm.serial()).contains("ORIEL DISK").containsPattern("UDMA/100|MWDMA|UDMA/33");
            byte[] written = new byte[8 << 20];
            try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "r")) {
                file.seek(40 << 20);
                file.readFully(written);
            }
            assertThat(vm.serial())
                    .contains("sum "
                            + HexFormat.of()
                                    .formatHex(
                                            MessageDigest.getInstance("SHA-256").digest(written)));
        }
    }

    @Test
    void bootOrderChoosesBetweenDiskAndCd() throws Exception {
        build("halt\n");
        Path disk = Files.copy(image, folder.resolve("disk.raw"));
        String[] both = {"--disk", disk + ",format=raw", "--cdrom", image.toString(), "--boot", ""};
        both[5] = "cdrom,disk";
        try (VmProcess vm = start(both)) {
            vm.awaitSerial("grub started from " + CD, FIRMWARE);
        }
        both[5] = "disk,cdrom";
        try (VmProcess vm = start(both)) {
            vm.awaitSerial("grub started from hd0", FIRMWARE);
        }
    }

    @Test
    void memtestFindsNoErrors() throws Exception {
        requireFile(MEMTEST.toString(), "memtest86+");
        Files.copy(MEMTEST, tree.resolve("boot/memtest"));
        build("linux16 /boot/memtest console=ttyS0\nboot\n");
        try (VmProcess vm = start("--cdrom", image.toString())) {
            vm.awaitSerial("grub started from " + CD, FIRMWARE);
            vm.awaitSerial("Memtest86+", FIRMWARE);
            // Three tests are over. The screen is told every two seconds: a quick test may never be on it.
            await("the fourth test, or a later one")
                    .atMost(KERNEL)
                    .until(() -> LATER_TEST.matcher(vm.serial()).find());
            assertThat(vm.serial()).doesNotContain("Failing Address", "FAIL");
        }
    }
}
