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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that somebody damaged, by accident or on purpose. */
class HostileQcow2Test {
    @TempDir
    Path directory;

    private Path path;
    private byte[] bytes;

    @BeforeEach
    void image() throws IOException {
        path = directory.resolve("disk.qcow2");
        DiskImages.createQcow2(path, 8 << 20);
        try (DiskImage image = DiskImages.open(path, Optional.empty(), false)) {
            image.write(0, ByteBuffer.wrap(new byte[200_000]));
        }
        bytes = Files.readAllBytes(path);
    }

    private DiskImage open(boolean readOnly) throws IOException {
        Files.write(path, bytes);
        return DiskImages.open(path, Optional.of(DiskFormat.QCOW2), readOnly);
    }

    /** Header field offset, its size in bytes, and a value that must be refused. */
    @ParameterizedTest
    @CsvSource({
        "0,4,0,signature",
        "4,4,4,version 4",
        "20,4,8,cluster_bits",
        "20,4,22,cluster_bits",
        "24,8,-1,disk size",
        "24,8,1152921504606846976,L1 table",
        "32,4,1,encrypted",
        "36,4,-1,L1 table",
        "36,4,0,L1 table",
        "36,4,2147483647,L1 table",
        "40,8,1,L1 table",
        "40,8,-65536,L1 table",
        "40,8,9223372036854710272,L1 table",
        "48,8,1152921504606846976,refcount table",
        "56,4,-1,refcount table",
        "72,8,4,external",
        "72,8,16,extended",
        "72,8,32,features",
        "96,4,7,refcount_order",
        "96,4,-1,refcount_order",
        "100,4,8,header_length"
    })
    void headerFieldsAreChecked(int at, int size, long value, String expected) {
        ByteBuffer data = ByteBuffer.wrap(bytes);
        if (size == 4) {
            data.putInt(at, (int) value);
        } else {
            data.putLong(at, value);
        }
        assertThatThrownBy(() -> open(false)).isInstanceOf(DiskException.class).hasMessageContaining(expected);
    }

    /** The image's L1 table lies at 192 KiB: read as empty, it would be a disk that has lost everything. */
    @ParameterizedTest
    @CsvSource({"3,signature", "7,header", "71,header", "65536,outside the file", "196608,L1 table is outside"})
    void truncatedImagesAreRefused(int length, String expected) {
        bytes = Arrays.copyOf(bytes, length);
        assertThatThrownBy(() -> open(false)).isInstanceOf(DiskException.class).hasMessageContaining(expected);
    }

    @ParameterizedTest
    @CsvSource({"1,qemu-img check -r all", "2,marked so"})
    void dirtyAndCorruptImagesOpenForReadingOnly(int feature, String expected) throws IOException {
        ByteBuffer.wrap(bytes).putLong(72, feature);
        open(true).close();
        assertThatThrownBy(() -> open(false)).hasMessageContaining(expected);
    }

    @Test
    void unknownAutoclearBitsAreCleared() throws IOException {
        ByteBuffer.wrap(bytes).putLong(88, 0x81);
        open(false).close();
        assertThat(ByteBuffer.wrap(Files.readAllBytes(path)).getLong(88)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"json:{\"driver\":\"raw\"}", "nbd://host/x", "http://host/x"})
    void onlyLocalBackingFiles(String name) throws IOException {
        withBacking(name, "raw");
        assertThatThrownBy(() -> open(true)).hasMessageContaining("isn't a local file");
    }

    private void withBacking(String name, String format) throws IOException {
        Files.delete(path);
        for (var part : Qcow2Layout.of(8 << 20, Optional.of(name), Optional.of(format))
                .parts()
                .entrySet()) {
            ByteBuffer.wrap(bytes)
                    .put(Math.toIntExact(part.getKey()), part.getValue().array());
        }
    }

    @Test
    void backingChainsThatLoopEnd() throws IOException {
        withBacking("disk.qcow2", "qcow2");
        assertThatThrownBy(() -> open(true)).hasMessageContaining("loop");
        assertThatThrownBy(() -> open(false)).hasMessageContaining("loop");
    }

    @Test
    void missingBackingFileIsNamed() throws IOException {
        withBacking("gone.raw", "raw");
        assertThatThrownBy(() -> open(true)).hasMessageContaining("gone.raw").hasMessageContaining("missing");
    }

    @Test
    void backingFormatMustBeKnown() throws IOException {
        withBacking("x", "vmdk");
        assertThatThrownBy(() -> open(true)).hasMessageContaining("vmdk");
    }

    @Test
    void untrustedImagesMayNotNameBackingFiles() throws IOException {
        Files.write(directory.resolve("secret"), new byte[512]);
        withBacking("secret", "raw");
        Files.write(path, bytes);
        assertThatThrownBy(() -> DiskImages.open(path, Optional.empty(), true, _ -> false))
                .hasMessageContaining("may not read");
        DiskImages.open(path, Optional.empty(), true).close();
    }

    /** Whatever the bytes are: a DiskException or an answer, and soon. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void randomDamageNeverEscapesAsAnythingButADiskException(int seed) throws IOException {
        Random random = new Random(seed);
        byte[] good = bytes.clone();
        for (int round = 0; round < 150; round++) {
            bytes = good.clone();
            int damage = 1 + random.nextInt(6);
            for (int i = 0; i < damage; i++) {
                int area = random.nextInt(4) << 16;
                int at = area + random.nextInt(random.nextBoolean() ? 112 : 1024);
                bytes[at] = (byte) random.nextInt();
            }
            try (DiskImage image = open(false)) {
                if (image.size() > 0) {
                    int length = (int) Math.min(300_000, image.size());
                    image.read(0, ByteBuffer.allocate(length));
                    image.write(0, ByteBuffer.wrap(new byte[length]));
                    image.writeZeroes(0, length);
                    image.flush();
                }
            } catch (DiskException e) {
                assertThat(e).hasMessageContaining("disk.qcow2");
            }
        }
    }
}
