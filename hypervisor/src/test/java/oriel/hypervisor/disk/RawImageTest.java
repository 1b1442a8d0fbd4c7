package oriel.hypervisor.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RawImageTest extends DiskImageContractTest {
    @Override
    DiskFormat format() {
        return DiskFormat.RAW;
    }

    @Override
    Path create(byte[] model) {
        return file(directory.resolve("disk.raw"), model, 7);
    }

    static Path file(Path path, byte[] model, long seed) {
        new Random(seed).nextBytes(model);
        java.util.Arrays.fill(model, 400_000, 900_000, (byte) 0);
        try {
            return Files.write(path, model);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void anOddLengthIsRoundedUpToSectors() throws IOException {
        Path path = Files.write(directory.resolve("odd.raw"), new byte[] {1, 2, 3});
        try (DiskImage image = DiskImages.open(path, Optional.empty(), false)) {
            assertThat(image.size()).isEqualTo(512);
            image.write(510, ByteBuffer.wrap(new byte[] {9}));
            assertThat(readAll(image)).startsWith(1, 2, 3, 0).endsWith(9, 0);
        }
    }
}
