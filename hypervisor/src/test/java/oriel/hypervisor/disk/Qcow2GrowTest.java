package oriel.hypervisor.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks that are made larger. */
class Qcow2GrowTest {
    private static final int SIZE = (1 << 20) + 512; // the last cluster is used in part

    @TempDir
    private Path folder;

    private final Random random = new Random(3);

    private Path file(String name) {
        return folder.resolve(name);
    }

    private static DiskImage open(Path file) {
        return DiskImages.open(file, Optional.of(DiskFormat.QCOW2), false);
    }

    private byte[] filled(Path file, int size) {
        byte[] data = new byte[size];
        random.nextBytes(data);
        try (DiskImage disk = open(file)) {
            disk.write(0, ByteBuffer.wrap(data));
        }
        return data;
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=512", "cluster_size=4k", "cluster_size=64k", "compat=0.10"})
    void theNewPartIsZeroAndCanBeWritten(String option) {
        QemuImg.assumeInstalled();
        Path file = file("disk.qcow2");
        QemuImg.succeed("create", "-q", "-f", "qcow2", "-o", option, file.toString(), Integer.toString(SIZE));
        byte[] model = Arrays.copyOf(filled(file, SIZE), 48 << 20);
        try (DiskImage disk = open(file)) {
            disk.grow(SIZE + 1024);
            disk.grow(48 << 20);
            assertThat(disk.size()).isEqualTo(48 << 20);
            assertThat(DiskImageContractTest.readAll(disk)).isEqualTo(model);
            byte[] more = new byte[100_000];
            random.nextBytes(more);
            disk.write(40 << 20, ByteBuffer.wrap(more));
            System.arraycopy(more, 0, model, 40 << 20, more.length);
        }
        try (DiskImage disk = open(file)) {
            assertThat(DiskImageContractTest.readAll(disk)).isEqualTo(model);
        }
        QemuImg.check(file, DiskFormat.QCOW2);
        QemuImg.compare(file, DiskFormat.QCOW2, model, folder);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.1", "0.10"})
    void whatALongerBackingFileHasDoesNotComeToLight(String compat) {
        QemuImg.assumeInstalled();
        Path base = file("base.qcow2");
        DiskImages.createQcow2(base, 4 << 20);
        byte[] below = filled(base, 4 << 20);
        Path file = file("overlay.qcow2");
        QemuImg.succeed(
                "create",
                "-q",
                "-f",
                "qcow2",
                "-o",
                "compat=" + compat,
                "-b",
                base.toString(),
                "-F",
                "qcow2",
                file.toString(),
                Integer.toString(SIZE));
        byte[] model = Arrays.copyOf(Arrays.copyOf(below, SIZE), 8 << 20);
        try (DiskImage disk = open(file)) {
            disk.grow(8 << 20);
            assertThat(DiskImageContractTest.readAll(disk)).isEqualTo(model);
        }
        QemuImg.check(file, DiskFormat.QCOW2);
        QemuImg.compare(file, DiskFormat.QCOW2, model, folder);
    }

    @Test
    void rawGrowsToo() {
        Path file = file("disk.raw");
        QemuImg.assumeInstalled();
        QemuImg.succeed("create", "-q", "-f", "raw", file.toString(), "1M");
        try (DiskImage disk = DiskImages.open(file, Optional.of(DiskFormat.RAW), false)) {
            disk.grow(2 << 20);
            assertThat(disk.size()).isEqualTo(2 << 20);
            assertThatThrownBy(() -> disk.grow(1 << 20)).hasMessageContaining("shrink");
        }
    }

    @Test
    void refusals() {
        Path file = file("disk.qcow2");
        DiskImages.createQcow2(file, SIZE);
        try (DiskImage disk = open(file)) {
            assertThatThrownBy(() -> disk.grow(512))
                    .isInstanceOf(DiskException.class)
                    .hasMessageContaining("shrink");
            assertThatThrownBy(() -> disk.grow(SIZE + 1)).isInstanceOf(IllegalArgumentException.class);
            disk.grow(SIZE);
        }
        QemuImg.assumeInstalled();
        QemuImg.succeed("snapshot", "-c", "inside", file.toString());
        try (DiskImage disk = open(file)) {
            assertThatThrownBy(() -> disk.grow(2 << 20))
                    .isInstanceOf(DiskException.class)
                    .hasMessageContaining("internal snapshots");
        }
    }
}
