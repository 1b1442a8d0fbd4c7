package oriel.hypervisor.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that QEMU's tool made, in all the variants it can make. */
class Qcow2InteroperabilityTest {
    private static final int SIZE = 4 << 20;

    @TempDir
    Path directory;

    @BeforeEach
    void needsQemuImg() {
        QemuImg.assumeInstalled();
    }

    private Path path(String name) {
        return directory.resolve(name);
    }

    private static DiskImage open(Path path, boolean readOnly) {
        return DiskImages.open(path, Optional.of(DiskFormat.QCOW2), readOnly);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compat=0.10",
                "compat=1.1",
                "cluster_size=512",
                "cluster_size=4k",
                "cluster_size=2M",
                "refcount_bits=1",
                "refcount_bits=2",
                "refcount_bits=8",
                "refcount_bits=32",
                "refcount_bits=64",
                "lazy_refcounts=on",
                "preallocation=metadata",
                "preallocation=falloc"
            })
    void writesEveryVariant(String option) {
        Path path = path("disk.qcow2");
        QemuImg.succeed("create", "-q", "-f", "qcow2", "-o", option, path.toString(), Integer.toString(SIZE));
        byte[] model = new byte[SIZE];
        Random random = new Random(option.hashCode());
        try (DiskImage image = open(path, false)) {
            for (int i = 0; i < 100; i++) {
                byte[] data = new byte[1 + random.nextInt(80_000)];
                random.nextBytes(data);
                int at = random.nextInt(SIZE - data.length);
                if (random.nextInt(4) == 0) {
                    image.writeZeroes(at, data.length);
                    data = new byte[data.length];
                } else {
                    image.write(at, ByteBuffer.wrap(data));
                }
                System.arraycopy(data, 0, model, at, data.length);
            }
        }
        QemuImg.check(path, DiskFormat.QCOW2);
        QemuImg.compare(path, DiskFormat.QCOW2, model, directory);
    }

    /** 512-byte clusters: the refcount table covers 8 MiB and must move. */
    @Test
    void growsTheRefcountTable() {
        Path path = path("disk.qcow2");
        int size = 40 << 20;
        QemuImg.succeed("create", "-q", "-f", "qcow2", "-o", "cluster_size=512", path.toString(), "40M");
        byte[] model = new byte[size];
        new Random(5).nextBytes(model);
        try (DiskImage image = open(path, false)) {
            image.write(0, ByteBuffer.wrap(model));
        }
        QemuImg.check(path, DiskFormat.QCOW2);
        QemuImg.compare(path, DiskFormat.QCOW2, model, directory);
    }

    private byte[] source() throws IOException {
        byte[] model = new byte[SIZE];
        Random random = new Random(3);
        for (int i = 0; i < SIZE; i++) {
            model[i] = (byte) random.nextInt(4); // compressible
        }
        Files.write(path("source.raw"), model);
        return model;
    }

    @Test
    void readsAndOverwritesCompressedClusters() throws IOException {
        byte[] model = source();
        Path path = path("disk.qcow2");
        QemuImg.succeed("convert", "-c", "-O", "qcow2", path("source.raw").toString(), path.toString());
        try (DiskImage image = open(path, false)) {
            assertThat(DiskImageContractTest.readAll(image)).isEqualTo(model);
            byte[] data = new byte[150_000];
            Arrays.fill(data, (byte) 9);
            image.write(1_000_001, ByteBuffer.wrap(data));
            System.arraycopy(data, 0, model, 1_000_001, data.length);
        }
        QemuImg.check(path, DiskFormat.QCOW2);
        QemuImg.compare(path, DiskFormat.QCOW2, model, directory);
    }

    @Test
    void namesZstdInTheErrorAndReadsTheRest() throws IOException {
        source();
        Path path = path("disk.qcow2");
        String raw = path("source.raw").toString();
        QemuImg.succeed("convert", "-c", "-O", "qcow2", "-o", "compression_type=zstd", raw, path.toString());
        try (DiskImage image = open(path, true)) {
            assertThatThrownBy(() -> DiskImageContractTest.readAll(image))
                    .isInstanceOf(DiskException.class)
                    .hasMessageContaining("zstd");
        }
    }

    @Test
    void internalSnapshotsKeepTheirContent() throws IOException {
        byte[] model = source();
        Path path = path("disk.qcow2");
        QemuImg.succeed("convert", "-O", "qcow2", path("source.raw").toString(), path.toString());
        QemuImg.succeed("snapshot", "-c", "before", path.toString());
        byte[] changed = model.clone();
        try (DiskImage image = open(path, false)) {
            byte[] data = new byte[100_000];
            image.write(70_000, ByteBuffer.wrap(data));
            Arrays.fill(changed, 70_000, 170_000, (byte) 0);
            image.writeZeroes(2 << 20, 1 << 20);
            Arrays.fill(changed, 2 << 20, 3 << 20, (byte) 0);
        }
        QemuImg.check(path, DiskFormat.QCOW2);
        QemuImg.compare(path, DiskFormat.QCOW2, changed, directory);
        QemuImg.succeed("snapshot", "-a", "before", path.toString());
        QemuImg.compare(path, DiskFormat.QCOW2, model, directory);
    }

    @Test
    void overlaysWorkInBothDirections() throws IOException {
        byte[] model = source();
        QemuImg.succeed(
                "convert",
                "-O",
                "qcow2",
                path("source.raw").toString(),
                path("base.qcow2").toString());
        Path ours = path("ours.qcow2");
        DiskImages.createOverlay(ours, path("base.qcow2"), DiskFormat.QCOW2);
        QemuImg.check(ours, DiskFormat.QCOW2);
        QemuImg.compare(ours, DiskFormat.QCOW2, model, directory);

        Path theirs = path("theirs.qcow2");
        QemuImg.succeed("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "ours.qcow2", theirs.toString());
        try (DiskImage image = open(theirs, false)) {
            assertThat(DiskImageContractTest.readAll(image)).isEqualTo(model);
        }
    }

    @Test
    void extendedEntriesAndExternalDataAreRefusedWithTheCommandToRun() {
        Path extended = path("extended.qcow2");
        QemuImg.succeed(
                "create", "-q", "-f", "qcow2", "-o", "extended_l2=on,cluster_size=128k", extended.toString(), "1M");
        assertThatThrownBy(() -> open(extended, true)).hasMessageContaining("qemu-img convert");
        Path external = path("external.qcow2");
        String data = path("external.raw").toString();
        QemuImg.succeed("create", "-q", "-f", "qcow2", "-o", "data_file=" + data, external.toString(), "1M");
        assertThatThrownBy(() -> open(external, true)).hasMessageContaining("external file");
    }

    @Test
    void conversionIsSparseAndStandalone() throws IOException {
        byte[] model = new byte[16 << 20];
        Arrays.fill(model, 1 << 20, (1 << 20) + 70_000, (byte) 5);
        Files.write(path("source.raw"), model);
        Path target = path("target.qcow2");
        Qcow2Converter.convertRaw(path("source.raw"), target);
        QemuImg.check(target, DiskFormat.QCOW2);
        QemuImg.compare(target, DiskFormat.QCOW2, model, directory);
        assertThat(Files.size(target)).isLessThan(1 << 20);
    }
}
