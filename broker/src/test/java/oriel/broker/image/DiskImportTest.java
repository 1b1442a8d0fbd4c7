package oriel.broker.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;

/** Disks of other systems, made by QEMU's tool. */
class DiskImportTest {
    private static final Path QEMU_IMG = Path.of("/usr/bin/qemu-img");
    private static final int SIZE = 3 << 20;

    @TempDir
    private Path folder;

    private byte[] content;
    private Path raw;
    private Path imported;

    @BeforeEach
    void raw() throws IOException {
        content = new byte[SIZE];
        byte[] part = new byte[700_000];
        new Random(2).nextBytes(part);
        System.arraycopy(part, 0, content, 1 << 20, part.length);
        raw = Files.write(folder.resolve("disk.raw"), content);
        imported = folder.resolve("imported.qcow2");
    }

    private static void qemuImg(String... arguments) throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(QEMU_IMG), "qemu-img (Debian package qemu-utils) is not installed");
        List<String> command = new ArrayList<>(List.of(QEMU_IMG.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String says = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(says).isZero();
    }

    private void assertImported(Path from) throws Exception {
        List<Integer> progress = new ArrayList<>();
        DiskImport.convert(from, imported, (percent, _) -> progress.add(percent));
        assertThat(progress).isSorted().allMatch(percent -> percent <= 100);
        ByteBuffer found = ByteBuffer.allocate(SIZE);
        try (DiskImage disk = DiskImages.open(imported, Optional.of(DiskFormat.QCOW2), true, _ -> false)) {
            assertThat(disk.size()).isBetween((long) SIZE, SIZE + (4L << 20)); // some formats round up
            disk.read(0, found);
        }
        assertThat(found.array()).isEqualTo(content);
    }

    @ParameterizedTest
    @CsvSource({
        "vmdk, subformat=monolithicSparse",
        "vmdk, subformat=streamOptimized",
        "vhdx, subformat=dynamic",
        "vhdx, subformat=fixed",
        "vdi, static=off",
        "qcow2, compat=0.10"
    })
    void whatOtherSystemsMakeIsImported(String format, String option) throws Exception {
        Path disk = folder.resolve("disk." + format);
        qemuImg("convert", "-f", "raw", "-O", format, "-o", option, raw.toString(), disk.toString());
        assertImported(disk);
    }

    @Test
    void rawNeedsNoTool() throws Exception {
        assertImported(raw);
    }

    @Test
    void diskThatRefersToAnotherFileIsRefused() throws Exception {
        Path disk = folder.resolve("disk.qcow2");
        qemuImg("create", "-q", "-f", "qcow2", "-F", "raw", "-b", raw.toString(), disk.toString());
        assertThatThrownBy(() -> DiskImport.convert(disk, imported, (_, _) -> {}))
                .isInstanceOf(ImageBuildException.class)
                .hasMessageContaining("refers to other files");
        assertThat(imported).doesNotExist();
    }

    @Test
    void splitDiskIsRefused() throws Exception {
        Path disk = folder.resolve("disk.vmdk");
        qemuImg(
                "convert",
                "-f",
                "raw",
                "-O",
                "vmdk",
                "-o",
                "subformat=twoGbMaxExtentFlat",
                raw.toString(),
                disk.toString());
        assertThatThrownBy(() -> DiskImport.convert(disk, imported, (_, _) -> {}))
                .isInstanceOf(ImageBuildException.class)
                .hasMessageContaining("refers to other files");
    }

    @Test
    void namesThatLieAndNamesUnknownAreRefused() throws Exception {
        Path lying = Files.copy(raw, folder.resolve("lying.vmdk"));
        assumeTrue(Files.isExecutable(QEMU_IMG), "qemu-img (Debian package qemu-utils) is not installed");
        assertThatThrownBy(() -> DiskImport.convert(lying, imported, (_, _) -> {}))
                .isInstanceOf(ImageBuildException.class)
                .hasMessageContaining("can't read it as vmdk");
        assertThatThrownBy(() -> DiskImport.convert(folder.resolve("disk.ova"), imported, (_, _) -> {}))
                .isInstanceOf(ImageBuildException.class)
                .hasMessageContaining("none of");
    }
}
